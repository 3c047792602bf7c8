// How are hundreds of thousands of rows of a difference read? Placeholders fill themselves before they come into view, n and p
// walk the changes by number, and folded lines open in place. Host: [data-diff data-hunks=17].
import { fragment } from './morph.js';
import { holdInView } from './hold.js';

const MARGIN = '2000px', ROW_PX = 19, ROWS_AT_ONCE = 300;

class DiffView {
  constructor(host) {
    this.host = host;
    this.now = Number(/^#h(\d+)$/.exec(location.hash)?.[1] ?? 0); // hunks are counted from 1; 0 = none yet
    this.loads = new Map();
    this.watcher = new IntersectionObserver(seen => seen.filter(one => one.isIntersecting).forEach(one => this.load(one.target)), { rootMargin: MARGIN });
  }

  get total() { return Number(this.host.dataset.total ?? 0); }
  get first() { return Number(this.host.dataset.firstHunk ?? 0); } // of this page
  get last() { return Number(this.host.dataset.lastHunk ?? 0); }

  // a placeholder is as tall as its rows will be, so nothing jumps when they come; a long one becomes several
  watch() {
    for (const box of this.lazy()) if (box.dataset.stop - box.dataset.start > ROWS_AT_ONCE) this.split(box);
    for (const box of this.lazy()) {
      box.style.minHeight = `${(box.dataset.stop - box.dataset.start) * ROW_PX}px`;
      this.watcher.observe(box);
    }
  }

  split(box) {
    const stop = Number(box.dataset.stop);
    const parts = [];
    for (let start = Number(box.dataset.start); start < stop; start += ROWS_AT_ONCE) {
      const part = document.createElement('div');
      part.className = 'rows lazy';
      Object.assign(part.dataset, { start, stop: Math.min(start + ROWS_AT_ONCE, stop) });
      parts.push(part);
    }
    box.className = '';
    box.removeAttribute('data-start');
    box.replaceChildren(...parts);
  }

  open() {
    this.watch();
    document.addEventListener('morphed', () => this.watch());
    this.host.addEventListener('click', event => {
      const link = event.target.closest('a[data-unfold], a[data-whole]');
      if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      ('whole' in link.dataset ? this.showWhole : this.unfold).call(this, link);
    });
    document.addEventListener('click', event => {
      const button = event.target.closest?.('[data-hunk]');
      if (button && this.host.isConnected) this.step(Number(button.dataset.hunk));
    });
    document.addEventListener('step', event => {
      if (event.defaultPrevented || !this.total || !this.host.isConnected) return;
      event.preventDefault();
      this.step(event.detail.by);
    });
    return this.now ? this.goTo(this.now) : null;
  }

  lazy() { return this.host.querySelectorAll('div[data-start]'); }

  async fetchRows(url) {
    const answer = await fetch(url, { headers: { 'X-Partial': '1' } });
    if (!answer.ok) throw new Error(`The server answered ${answer.status}.`);
    return fragment(await answer.text());
  }

  load(box) {
    if (!this.loads.has(box)) this.loads.set(box, this.fill(box));
    return this.loads.get(box);
  }

  async fill(box) {
    this.watcher.unobserve(box);
    box.setAttribute('aria-busy', 'true');
    try {
      const rows = await this.fetchRows(`${this.host.dataset.rows}&start=${box.dataset.start}&stop=${box.dataset.stop}`);
      box.classList.remove('lazy');
      box.removeAttribute('data-start');
      box.replaceChildren(rows);
      box.style.minHeight = '';
    } catch { // the link inside stays, and the next look tries again
      this.loads.delete(box);
      setTimeout(() => this.watcher.observe(box), 3000);
    }
    box.removeAttribute('aria-busy');
  }

  async unfold(link) {
    const fold = link.closest('tr');
    link.setAttribute('aria-busy', 'true');
    try {
      const rows = (await this.fetchRows(link.dataset.unfold)).querySelectorAll('tr');
      const first = rows[0];
      fold.replaceWith(...rows);
      const target = first?.querySelector('a') ?? this.host;
      target.focus({ preventScroll: true });
    } catch {
      location.assign(link.href);
    }
  }

  async showWhole(link) {
    link.setAttribute('aria-busy', 'true');
    const answer = await fetch(link.href);
    if (answer.ok) link.closest('td').textContent = await answer.text(); else location.assign(link.href);
  }

  /** Bring a row into view, by its number. */
  async showRow(number) {
    const box = [...this.lazy()].find(one => number >= Number(one.dataset.start) && number < Number(one.dataset.stop));
    box?.scrollIntoView({ block: 'start' });
    await (box && this.load(box));
    return Boolean(box);
  }

  step(by) {
    if (!this.last) return;
    const next = this.now ? this.now + by : by > 0 ? this.first : this.last;
    this.goTo(next > this.last ? this.first : next < this.first ? this.last : next);
  }

  async goTo(number) {
    this.now = number;
    const block = [...this.host.querySelectorAll('div[data-first-hunk]')].find(one => number >= Number(one.dataset.firstHunk) && number <= Number(one.dataset.lastHunk));
    const parts = block?.matches('[data-start]') ? [block] : block?.querySelectorAll('div[data-start]') ?? [];
    for (const part of parts) {
      if (document.getElementById(`h${number}`) || this.now !== number) break;
      await this.load(part);
    }
    const row = document.getElementById(`h${number}`);
    if (!row || this.now !== number) return;
    this.host.querySelector('tr.now')?.classList.remove('now');
    row.classList.add('now');
    holdInView(row, () => this.now === number);
    history.replaceState(history.state, '', `#h${number}`);
    const said = document.querySelector('[data-hunk-now]');
    if (said) said.textContent = `Change ${number.toLocaleString('en')} of ${this.total.toLocaleString('en')}`;
  }
}

/** Start the behaviour of one comparison. */
export function mount(host) {
  host.diffView = new DiffView(host);
  return host.diffView.open();
}
