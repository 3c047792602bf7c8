// How does the page talk to the worker that holds a JSON document? One promise a question.
/** Start a worker for a host; answers ask(operation, details). `onbroken` is called when it cannot run at all. */
export function connect(host, onbroken) {
  const worker = new Worker(new URL('./jsonworker.js', import.meta.url), { type: 'module' }), waiting = new Map();
  let last = 0;
  worker.onerror = onbroken;
  worker.onmessage = ({ data: { number, result, fault } }) => {
    const [done, failed] = waiting.get(number);
    waiting.delete(number);
    if (fault === undefined) done(result); else failed(new Error(fault));
  };
  const end = () => {
    if (host.isConnected) return;
    worker.terminate(); // the page shows another document now
    document.removeEventListener('morphed', end);
  };
  document.addEventListener('morphed', end);
  return (operation, details = {}) => new Promise((done, failed) => {
    waiting.set(++last, [done, failed]);
    worker.postMessage({ number: last, operation, ...details });
  });
}
