// How does the page talk to the worker that holds a JSON document? One promise a question.
/** Start a worker; answers ask(operation, details). `onbroken` is called when it cannot run at all. */
export function connect(onbroken) {
  const worker = new Worker(new URL('./jsonworker.js', import.meta.url), { type: 'module' }), waiting = new Map();
  let last = 0;
  worker.onerror = onbroken;
  worker.onmessage = ({ data: { number, result, fault } }) => {
    const [done, failed] = waiting.get(number);
    waiting.delete(number);
    if (fault === undefined) done(result); else failed(new Error(fault));
  };
  return (operation, details = {}) => new Promise((done, failed) => {
    waiting.set(++last, [done, failed]);
    worker.postMessage({ number: last, operation, ...details });
  });
}
