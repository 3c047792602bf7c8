// How is a JSON document of up to 50 MB walked through? A virtual tree over a worker. Host: [data-json=address].
import { confirmCopy, copyText } from './copy.js';
import { connect } from './jsonclient.js';
import { fillRow } from './jsonrow.js';
import { showSelected } from './jsontext.js';
import { onSearch } from './searchbox.js';
import { VList } from './vlist.js';

const ROW_PX = 20, AROUND = 100, KEEP = 5000;
let hosts = 0;

class JsonView {
  constructor(host) {
    this.part = name => host.querySelector(`[data-json-${name}]`);
    Object.assign(this, { host, box: this.part('tree'), views: new Map(), epoch: 0, selected: 0, query: '', hits: 0, at: -1, hitRow: -1 });
    this.box.id ||= `json-${++hosts}`;
    this.ask = connect(host, () => { this.part('state').textContent = 'The JSON viewer could not start; use Raw.'; });
  }

  async open() {
    const state = this.part('state');
    try {
      const { rows } = await this.ask('load', { url: new URL(this.host.dataset.json, location.href).href });
      this.box.hidden = this.part('bar').hidden = false;
      this.list = new VList(this.box, { row: ROW_PX, ensure: (from, to) => this.ensure(from, to), render: (row, element) => this.render(row, element) });
      this.setRows(rows);
      this.listen();
      this.select(0);
      state.hidden = true;
      this.part('text')?.classList.add('replaced');
    } catch (error) {
      state.textContent = `This JSON cannot be shown as a tree: ${error.message}`;
    }
  }

  setRows(rows) {
    this.views.clear();
    this.epoch++;
    this.loading = null;
    this.box.classList.toggle('short', rows * ROW_PX < 540);
    this.list.setCount(rows);
  }

  // the rows in view and some around them, in one question to the worker
  ensure(from, to) {
    let low = from;
    while (low < to && this.views.has(low)) low++;
    if (low === to || this.loading) return this.loading;
    const epoch = this.epoch;
    return this.loading = this.ask('slice', { from: Math.max(0, low - AROUND), to: to + AROUND }).then(({ from: first, views }) => {
      if (epoch !== this.epoch) return;
      this.loading = null;
      if (this.views.size > KEEP) this.views.clear();
      views.forEach((view, k) => this.views.set(first + k, view));
    });
  }

  render(row, element) {
    element.id = `${this.box.id}-${row}`;
    element.dataset.row = row;
    fillRow(element, this.views.get(row), { selected: row === this.selected, hit: row === this.hitRow, query: this.query });
  }

  listen() {
    this.box.addEventListener('click', event => {
      const element = event.target.closest('[data-row]');
      if (!element) return;
      this.select(Number(element.dataset.row));
      if (element.hasAttribute('aria-expanded')) this.toggle(this.selected);
    });
    this.box.addEventListener('keydown', event => this.key(event));
    this.host.addEventListener('click', event => this.act(event.target.closest('[data-act]')));
    onSearch(this.part('search'), { run: text => this.search(text), step: by => this.step(by), current: () => this.query });
    document.addEventListener('step', event => {
      if (event.defaultPrevented || !this.hits || !this.host.isConnected) return;
      event.preventDefault();
      this.step(event.detail.by);
    });
  }

  async select(row) {
    this.selected = Math.max(0, Math.min(this.list.count - 1, row));
    this.list.reveal(this.selected);
    this.box.setAttribute('aria-activedescendant', `${this.box.id}-${this.selected}`);
    showSelected(this.part, await this.ask('path', { row: this.selected }), this.query);
  }

  async toggle(row) {
    const { row: now, rows } = await this.ask('toggle', { row });
    this.hitRow = -1;
    this.setRows(rows);
    this.select(now);
  }

  async openAll() {
    this.isOpen = !this.isOpen;
    this.hitRow = -1;
    this.setRows((await this.ask('openAll', { open: this.isOpen })).rows);
    this.host.querySelector('[data-act=all]').lastChild.textContent = this.isOpen ? 'Collapse' : 'Expand';
    this.select(0);
  }

  async search(text) {
    const mine = this.query = text.toLowerCase(), { count, more } = await this.ask('search', { query: text });
    if (this.query !== mine) return;
    Object.assign(this, { hits: count, more, at: -1, hitRow: -1 });
    if (count) { this.step(1); return; }
    this.part('hits').textContent = text ? 'no hits' : '';
    this.list.queue();
  }

  async step(by) {
    if (!this.hits) return;
    this.at = (this.at + by + this.hits) % this.hits;
    const { row, rows } = await this.ask('hit', { at: this.at });
    this.hitRow = row;
    if (rows !== this.list.count) this.setRows(rows);
    this.part('hits').textContent = `${(this.at + 1).toLocaleString('en')} of ${this.hits.toLocaleString('en')}${this.more ? '+' : ''}`;
    this.select(row);
  }

  async act(button) {
    const name = button?.dataset.act;
    if (name === 'next' || name === 'prev') this.step(name === 'next' ? 1 : -1);
    else if (name === 'all') this.openAll();
    else if (name === 'copy-path') confirmCopy(button, await copyText(this.part('path').textContent));
    else if (name === 'copy-value') confirmCopy(button, await copyText((await this.ask('value', { row: this.selected })).text));
  }

  key(event) {
    const view = this.views.get(this.selected), page = Math.floor(this.box.clientHeight / ROW_PX) - 1;
    const moves = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity };
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key in moves) this.select(this.selected + moves[event.key]);
    else if (event.key === 'Enter' || event.key === ' ') { if (view?.size) this.toggle(this.selected); }
    else if (event.key === 'ArrowRight') { if (view?.size && !view.open) this.toggle(this.selected); else this.select(this.selected + 1); }
    else if (event.key === 'ArrowLeft') { if (view?.open) this.toggle(this.selected); else this.toParent(view); }
    else return;
    event.preventDefault();
  }

  async toParent(view) {
    if (view) this.select((await this.ask('parent', { row: this.selected })).row);
  }
}

/** Start the JSON tree in its host. */
export function mount(host) {
  return (host.jsonView = new JsonView(host)).open();
}
