// How do millions of rows scroll? Only the rows in view exist. The list stays under the browsers' limit of element height by
// scaling, and rows may be taller than `row` (wrapped text): the scroll position p in 0..1 names the row p * count, which is
// drawn at p * height of the view, so the first row meets the top, the last one the bottom, and every row is reachable.
const MAX_PX = 8_000_000; // Firefox clips near 17.9 million, Chrome near 33.5 million

export class VList {
  /**
   * @param host the scrolling element
   * @param row height of a row that is not wrapped, in px
   * @param render (index, element) fills a row; called for every row in view
   * @param ensure (from, to) loads what is missing and answers a promise, or nothing when all is there
   */
  constructor(host, { row, render, ensure = () => null, over = 10 }) {
    Object.assign(this, { host, row, over, render, ensure, count: 0, wrap: false, height: 0, pool: [], frame: 0 });
    this.pad = Object.assign(document.createElement('div'), { className: 'v-pad' });
    this.win = Object.assign(document.createElement('div'), { className: 'v-win' });
    for (const box of [this.pad, this.win]) box.setAttribute('role', 'presentation');
    host.append(this.pad);
    this.pad.append(this.win);
    host.addEventListener('scroll', () => this.queue(), { passive: true });
    new ResizeObserver(() => { this.measured = false; this.queue(); }).observe(host);
  }

  queue() { this.frame ||= requestAnimationFrame(() => { this.frame = 0; this.draw(); }); }

  setCount(count) {
    this.count = count;
    this.measured = false;
    if (!this.wrap) this.setHeight(count * this.row);
    this.queue();
  }

  setWrap(wrap) {
    const at = this.middle();
    this.wrap = wrap;
    this.measured = false;
    this.setHeight(this.count * this.row);
    this.draw();
    this.scrollTo(at, .5);
  }

  setHeight(px) {
    const height = Math.min(px, MAX_PX);
    if (height === this.height) return;
    this.height = height;
    this.pad.style.height = height + 'px';
  }

  get room() { return Math.max(0, this.height - this.host.clientHeight); }
  get position() { return this.room ? Math.min(1, Math.max(0, this.host.scrollTop / this.room)) : 0; }
  /** The row drawn at the scroll position. */
  middle() { return Math.min(this.count - 1, Math.floor(this.position * this.count)); }
  atEnd() { return this.host.scrollTop >= this.room - 2 * this.row; }
  toEnd() { this.host.scrollTop = this.room + 1; this.draw(); }

  /** Bring a row into view, at the part `where` of the height unless wrapped. */
  scrollTo(index, where = .3) {
    const view = this.host.clientHeight, hidden = this.count * this.row - view;
    const position = this.wrap ? index / Math.max(1, this.count - 1) : (index * this.row - view * where) / Math.max(1, hidden);
    this.host.scrollTop = Math.min(1, Math.max(0, position)) * this.room;
    this.draw();
  }

  /** Scroll only if the row is out of view. */
  reveal(index) {
    const element = this.pool[index - this.first], box = this.host.getBoundingClientRect(), row = element?.getBoundingClientRect();
    if (!row || element.hidden || row.top < box.top || row.bottom > box.bottom) this.scrollTo(index, .5); else this.draw();
  }

  draw() {
    const view = this.host.clientHeight;
    if (!view) return;
    const position = this.position, anchor = position * this.count, y = position * view;
    const from = Math.max(0, Math.floor(anchor - y / this.row) - this.over);
    const to = Math.min(this.count, Math.ceil(anchor + (view - y) / this.row) + this.over);
    this.ensure(from, to)?.then(() => this.queue());
    while (this.pool.length < to - from) this.pool.push(this.win.appendChild(document.createElement('div')));
    this.pool.forEach((element, k) => {
      element.hidden = k >= to - from;
      if (!element.hidden) this.render(from + k, element);
    });
    this.first = from;
    if (this.wrap && !this.measured && this.guessHeight(from, to)) return;
    this.win.style.transform = `translateY(${this.host.scrollTop + y - this.offset(anchor)}px)`;
  }

  // distance from the top of the drawn window to the row `anchor`, which may be a fraction
  offset(anchor) {
    if (!this.wrap) return (anchor - this.first) * this.row;
    const whole = Math.min(Math.floor(anchor), this.count - 1), element = this.pool[whole - this.first];
    return element ? element.offsetTop + (anchor - whole) * element.offsetHeight : 0;
  }

  // wrapped rows: the height of all is known when all are drawn, else guessed once from those in view; true = drawn anew
  guessHeight(from, to) {
    this.measured = true;
    const drawn = this.win.offsetHeight, position = this.position, before = this.height;
    this.setHeight(to - from === this.count ? drawn : Math.max(this.count * this.row, drawn / Math.max(1, to - from) * this.count));
    if (this.height === before) return false;
    this.host.scrollTop = position * this.room;
    this.draw();
    return true;
  }
}
