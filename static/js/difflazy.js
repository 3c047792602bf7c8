// How are hundreds of thousands of rows of a difference read? Placeholders fill themselves before they come into view, n and p
// walk the changes by number, and folded lines open in place. Host: [data-diff data-hunks=17].
import { fragment } from './morph.js';

const MARGIN = '2000px', ROW_PX = 19, SETTLE_MS = 80, SETTLE_TRIES = 12;
const HANDS = ['wheel', 'touchstart', 'pointerdown', 'keydown'];

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

  // a placeholder is as tall as its rows will be, so nothing jumps when they come
  watch() {
    for (const box of this.lazy()) {
      box.style.minHeight = `${(box.dataset.stop - box.dataset.start) * ROW_PX}px`;
      this.watcher.observe(box);
    }
  }

  open() {
    this.watch();
    document.addEventListener('morphed', () => this.watch());
    this.host.addEventListener('click', event => {
      const link = event.target.closest('a[data-unfold], a[data-whole]');
      if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      if ('whole' in link.dataset) this.showWhole(link); else this.unfold(link);
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
    if (!box) return false;
    box.scrollIntoView({ block: 'start' });
    await this.load(box);
    return true;
  }

  step(by) {
    if (!this.last) return;
    const next = this.now ? this.now + by : by > 0 ? this.first : this.last;
    this.goTo(next > this.last ? this.first : next < this.first ? this.last : next);
  }

  async goTo(number) {
    this.now = number;
    const box = [...this.lazy()].find(one => number >= Number(one.dataset.firstHunk) && number <= Number(one.dataset.lastHunk));
    if (box) await this.load(box);
    const row = document.getElementById(`h${number}`);
    if (!row || this.now !== number) return;
    this.host.querySelector('tr.now')?.classList.remove('now');
    row.classList.add('now');
    this.settle(row, number);
    history.replaceState(history.state, '', `#h${number}`);
    const said = document.querySelector('[data-hunk-now]');
    if (said) said.textContent = `Change ${number.toLocaleString('en')} of ${this.total.toLocaleString('en')}`;
  }

  // rows above may still arrive and move it: hold it in the middle for a moment, unless the reader takes over
  async settle(row, number) {
    let isTaken = false;
    const take = () => { isTaken = true; };
    for (const name of HANDS) addEventListener(name, take, { passive: true });
    for (let left = SETTLE_TRIES; left && !isTaken && this.now === number && row.isConnected; left--) {
      row.scrollIntoView({ block: 'center' });
      await new Promise(done => setTimeout(done, SETTLE_MS));
    }
    for (const name of HANDS) removeEventListener(name, take);
  }
}

/** Start the behaviour of one comparison. */
export function mount(host) {
  host.diffView = new DiffView(host);
  return host.diffView.open();
}
