// Which single keys do something? j k x Enter c in lists marked data-rows, / for the filter, n p e E for viewers, ? for help.
const STORE = 'afterrun.keys';
const help = () => document.getElementById('keys-help');
const rows = () => [...document.querySelectorAll('[data-rows] [data-row]')].filter(row => row.offsetParent);
const isOn = () => localStorage.getItem(STORE) !== 'off';

function current(all) {
  return all.indexOf(document.activeElement?.closest('[data-row]'));
}

function move(by) {
  const all = rows();
  if (!all.length) return false;
  const at = current(all);
  const row = all[at < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(all.length - 1, Math.max(0, at + by))];
  row.querySelector('a[data-open]')?.focus();
  row.scrollIntoView({ block: 'nearest' });
  return true;
}

function click(selector, within) {
  const target = within?.querySelector(selector);
  target?.click();
  return Boolean(target);
}

function search() {
  const boxes = [...document.querySelectorAll('[data-search]'), ...document.querySelectorAll('[data-search-all]')]; // the page's own first
  const box = boxes.find(input => input.offsetParent);
  box?.focus();
  box?.select();
  return Boolean(box);
}

// a viewer that can step takes the event and prevents its default
const step = (name, by) => !document.dispatchEvent(new CustomEvent(name, { detail: { by }, cancelable: true }));

const KEYS = {
  'j': () => move(1),
  'k': () => move(-1),
  'x': () => click('input[type=checkbox]', rows()[current(rows())]),
  'c': () => click('[data-tray]:not([hidden]) [type=submit]:not([disabled])', document),
  '/': search,
  'n': () => step('step', 1),
  'p': () => step('step', -1),
  'e': () => step('step-error', 1),
  'E': () => step('step-error', -1),
  '?': () => { help()?.showModal(); return Boolean(help()); },
};

/** Listen for the keys; the help dialog can turn them off. */
export function startKeys() {
  document.addEventListener('keydown', event => {
    const typing = event.target.closest?.('input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable], dialog');
    if (event.key === 'Escape' && event.target.matches?.('[data-search], [data-search-all]')) { // back to the rows, its text stays
      event.target.blur();
      event.preventDefault();
    }
    if (typing || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || !isOn()) return;
    if (Object.hasOwn(KEYS, event.key) && KEYS[event.key]()) event.preventDefault();
  });
  const box = document.querySelector('[data-keys-on]');
  if (!box) return;
  box.checked = isOn();
  box.addEventListener('change', () => localStorage.setItem(STORE, box.checked ? 'on' : 'off'));
}
