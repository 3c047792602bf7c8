// Where in the whole log does a text or a level occur? The server searches; hits beyond its first answer are asked for on the way.
import { onSearch } from './searchbox.js';

export class LogSearch {
  constructor(view) {
    Object.assign(this, { view, query: '', hits: [], more: false, total: 0, at: -1, line: -1 });
  }

  listen() {
    const { view } = this;
    onSearch(view.part('search'), { run: text => this.run(text), step: by => this.step(by), current: () => this.query });
    const on = (name, go) => document.addEventListener(name, event => {
      if (event.defaultPrevented || !view.host.isConnected) return;
      if (go(event.detail.by)) event.preventDefault();
    });
    on('step', by => this.hits.length && (this.step(by), true));
    on('step-error', by => (this.stepLevel('error', by), true));
  }

  async run(text) {
    const mine = this.query = text.toLowerCase();
    Object.assign(this, { hits: [], more: false, total: 0, at: -1, line: -1 });
    if (!mine) { this.show(''); return; }
    this.show('searching…');
    try {
      const answer = await this.view.store.search(text, 0);
      if (this.query !== mine) return;
      Object.assign(this, { text, hits: answer.lines, more: answer.more, total: answer.total });
    } catch (error) {
      if (this.query === mine) this.show(error.message);
      return;
    }
    if (!this.hits.length) { this.show('no hits'); return; }
    const middle = this.view.follow ? 0 : this.view.list.middle();
    const next = this.hits.findIndex(line => line >= middle);
    this.goTo(Math.max(0, next));
  }

  async step(by) {
    const next = this.at + by;
    if (next >= this.hits.length && this.more) await this.fetchMore();
    if (this.hits.length) this.goTo((next + this.hits.length) % this.hits.length);
  }

  async fetchMore() {
    const mine = this.query, answer = await this.view.store.search(this.text, this.hits.at(-1) + 1);
    if (this.query !== mine) return;
    this.hits.push(...answer.lines);
    this.more = answer.more;
  }

  goTo(at) {
    this.at = at;
    this.line = this.hits[at];
    this.view.goTo(this.line);
    this.show(`${(at + 1).toLocaleString('en')} of ${Math.max(this.total, this.hits.length).toLocaleString('en')}${this.more && this.total <= this.hits.length ? '+' : ''}`);
  }

  show(text) {
    this.view.part('hits').textContent = text;
    this.view.list.queue();
  }

  /** The chip of a level shows how many such lines there are. */
  showLevel(level, number) {
    const box = this.view.host.querySelector(`[data-level="${CSS.escape(level)}"]`);
    if (!box) return;
    box.hidden = !number;
    box.querySelector('[data-level-count]').textContent = number.toLocaleString('en');
  }

  // from the line last found, or from the middle of the view
  async stepLevel(level, by) {
    const { view } = this, start = this.levelLine >= 0 && this.levelLine === view.selected[0] ? this.levelLine : view.list.middle() - by;
    const { line } = await view.store.next(level, Math.max(0, start + by), by);
    if (line === null) { view.part('hits').textContent = `no ${by > 0 ? 'later' : 'earlier'} ${level}`; return; }
    this.levelLine = line;
    view.goTo(line);
    view.select(line, false);
  }

  act(name) {
    const [step, level] = name.split('-'), by = step === 'prev' ? -1 : 1;
    if (level) this.stepLevel(level, by); else this.step(by);
  }
}
