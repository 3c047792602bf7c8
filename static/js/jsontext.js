// How is the selected value of a JSON document read? By its path, and a long text whole and line by line, its hits marked.
import { marked } from './jsonrow.js';

/** Show where the selected value stands and, if it is a text that a row cannot hold, all of it from its first hit on. */
export function showSelected(part, { path, text }, query) {
  part('path').textContent = path;
  const box = part('whole');
  box.hidden = !text;
  box.replaceChildren(...(text ? [marked('s', text, query)] : []));
  const hit = box.querySelector('mark');
  box.scrollTop = hit ? hit.offsetTop - box.clientHeight / 3 : 0;
}
