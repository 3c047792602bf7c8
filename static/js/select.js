// Which two runs are to be compared? Two ticked boxes of form #compare-tray, remembered over pages; the older one becomes A.
const STORE = 'afterrun.compare';
const tray = () => document.querySelector('[data-tray]');
const read = () => { try { return JSON.parse(sessionStorage.getItem(STORE)) ?? []; } catch { return []; } };
const write = picked => sessionStorage.setItem(STORE, JSON.stringify(picked));
const boxes = () => document.querySelectorAll('input[type=checkbox][form=compare-tray]');

function show(picked) {
  const bar = tray(), pair = [...picked].sort((one, other) => one.order - other.order), two = pair.length === 2;
  bar.hidden = !pair.length;
  bar.querySelector('[data-tray-pair]').hidden = !two;
  bar.querySelector('[data-tray-a]').textContent = pair[0]?.number ?? '';
  bar.querySelector('[data-tray-b]').textContent = pair[1]?.number ?? '';
  bar.querySelector('[data-tray-hint]').textContent = two ? '' : `${pair[0]?.number ?? ''} selected. Tick a second run.`;
  for (const button of bar.querySelectorAll('[type=submit]')) button.disabled = !two;
  for (const box of boxes()) {
    box.checked = picked.some(run => run.uid === box.value);
    box.closest('tr')?.classList.toggle('on', box.checked);
  }
}

/** Tick again what was ticked, after a page or a part of it was loaded. */
export function restoreSelection() {
  if (tray()) show(read());
}

document.addEventListener('change', event => {
  const box = event.target;
  if (!tray() || !box.matches?.('input[type=checkbox][form=compare-tray]')) return;
  const others = read().filter(run => run.uid !== box.value);
  const run = { uid: box.value, number: box.dataset.number, order: Number(box.dataset.order) };
  const picked = box.checked ? [...others.slice(-1), run] : others; // a third one replaces the first
  write(picked);
  show(picked);
});

document.addEventListener('click', event => {
  if (!event.target.closest?.('[data-tray-clear]')) return;
  write([]);
  show([]);
});

document.addEventListener('submit', event => {
  const form = event.target;
  if (!form.matches('[data-tray]')) return;
  event.preventDefault();
  const [a, b] = read().sort((one, other) => one.order - other.order);
  const url = new URL(form.action);
  for (const [name, value] of new FormData(form, event.submitter)) if (name !== 'run') url.searchParams.set(name, value);
  url.searchParams.set('a', a.uid);
  url.searchParams.set('b', b.uid);
  location.assign(url);
});
