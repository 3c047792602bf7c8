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

  get total() { return Number(this.host.dataset.hunks ?? 0); }

  // a placeholder is as tall as its rows will be, so nothing jumps when they come
  watch() {
    for (const box of this.lazy()) {
      if (box.dataset.rows) box.style.minHeight = `${box.dataset.rows * ROW_PX}px`;
      this.watcher.observe(box);
    }
  }

  open() {
    this.watch();
    document.addEventListener('morphed', () => this.watch());
    this.host.addEventListener('click', event => {
      const link = event.target.closest('a[data-unfold]');
      if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      this.unfold(link);
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

  lazy() { return this.host.querySelectorAll('div[data-src]'); }

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
      const rows = await this.fetchRows(box.dataset.src);
      box.classList.remove('lazy');
      box.removeAttribute('data-src');
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

  step(by) {
    if (!this.total) return;
    const next = this.now + by;
    this.goTo(next > this.total ? 1 : next < 1 ? this.total : next);
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
