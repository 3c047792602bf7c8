// When is a comparison ready? Asks from time to time, says how far it is, and shows the page again when it is there.
// Host: [data-waiting=url].
import { fragment } from './morph.js';

const PAUSE_MS = 1000;

/** Start the behaviour of one page that waits. */
export function mount(host) {
  const said = host.querySelector('[data-waiting-state]');
  const look = async () => {
    const answer = await fetch(host.dataset.waiting, { headers: { 'X-Partial': '1' } }).catch(() => null);
    if (answer?.status === 204) return location.reload();
    if (answer?.ok) said.replaceChildren(fragment(await answer.text()));
    setTimeout(look, PAUSE_MS);
  };
  setTimeout(look, PAUSE_MS);
}
