// What tests ask of the virtual list: rows of one line, every third one long.
import { VList } from '/static/js/vlist.js';

let host, list;
const settled = () => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
const drawn = () => [...host.querySelectorAll('.v-win > div:not([hidden])')];

function fill(index, element) {
  element.dataset.index = index;
  element.textContent = `row ${index}${index % 3 ? '' : ' long'.repeat(60)}`;
  Object.assign(element.style, { whiteSpace: list?.wrap ? 'pre-wrap' : 'pre', minHeight: '20px' });
}

export function make(count, wrap) {
  host = document.body.appendChild(document.createElement('div'));
  Object.assign(host.style, { height: '300px', width: '400px', overflow: 'auto', position: 'relative', font: '12px/20px monospace' });
  list = new VList(host, { row: 20, render: fill });
  list.setCount(count);
  if (wrap) list.setWrap(true);
  return shown();
}

export async function shown() {
  await settled();
  const box = host.getBoundingClientRect();
  const isIn = element => element.getBoundingClientRect().bottom > box.top + .5 && element.getBoundingClientRect().top < box.bottom - .5;
  return drawn().filter(isIn).map(element => Number(element.dataset.index));
}

export const toEnd = () => { list.toEnd(); return shown(); };
export const scrollTo = index => { list.scrollTo(index); return shown(); };
export const scrollBy = px => { host.scrollTop += px; return shown(); };
export const gapAtEnd = () => host.getBoundingClientRect().bottom - drawn().at(-1).getBoundingClientRect().bottom;
export const elements = () => host.querySelectorAll('.v-win > div').length;
