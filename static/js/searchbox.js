// When does typing in a search field search? After a pause, or on Enter; Enter again goes on, Shift+Enter back. What stood in
// the field before the viewer was ready is searched for at once.
const PAUSE_MS = 250;

/** `run` searches for the text; `step` moves between hits; `current` answers the query searched for last, in lower case. */
export function onSearch(input, { run, step, current }) {
  let timer;
  if (input.value) run(input.value);
  input.addEventListener('input', () => {
    clearTimeout(timer);
    timer = setTimeout(() => run(input.value), PAUSE_MS);
  });
  input.addEventListener('keydown', event => {
    if (event.key !== 'Enter') return;
    event.preventDefault();
    clearTimeout(timer);
    if (input.value.toLowerCase() === current()) step(event.shiftKey ? -1 : 1); else run(input.value);
  });
}
