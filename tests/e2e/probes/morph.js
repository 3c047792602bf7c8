// What tests ask of the morph: put a page in, let the reader act, bring a newer one, look what is left.
import { fragment, morph, morphRegions } from '/static/js/morph.js';

const ACTS = {
  focus: () => document.getElementById('q').focus(),
  open: () => { document.querySelector('details').open = true; },
  tick: () => document.querySelector('input').click(),
};

export function change(before, after, act) {
  document.body.innerHTML = before;
  const old = new Map([...document.querySelectorAll('[id]')].map(element => [element.id, element]));
  ACTS[act]?.();
  morphRegions(after, [document.body.firstElementChild.id]);
  const input = document.querySelector('input');
  return {
    html: document.body.innerHTML,
    kept: [...old.keys()].filter(id => document.getElementById(id) === old.get(id)),
    focus: document.activeElement.id,
    open: document.querySelector('details')?.open,
    ticked: input?.checked,
    value: input?.value,
  };
}

export function changedText(before, after) {
  const live = fragment(before).firstChild;
  morph(live, fragment(after).firstChild);
  return live.textContent;
}

export function replace(id, html) {
  morphRegions(html, [id]);
}

const row = (k, marked) => `<tr id="r${k}"><td>${k}</td><td>${marked ? 'x' : 'y'}</td></tr>`;
const table = (rows, rest) => `<table><tbody id="t">${[...Array(rows).keys()].map(k => row(k, k % 7 === rest)).join('')}</tbody></table>`;

export function timeOf(rows) {
  document.body.innerHTML = table(rows, 1);
  const start = performance.now();
  morphRegions(table(rows, 2), ['t']);
  return performance.now() - start;
}
