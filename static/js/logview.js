// How is a log of any length read: numbered, coloured, searched, followed, selected by #L10-L20? Host: [data-log=base address].
import { nodes } from './ansi.js';
import { LogStore } from './logstore.js';
import { LogSearch } from './logsearch.js';
import { VList } from './vlist.js';

const STAMP = /^(?:\x1b\[[\d;]*m)*(\[?(?:\d{4}-\d\d-\d\d[T ])?\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?\]?\s+)/;
const HASH = /^#L(\d+)(?:-L(\d+))?$/;
const ASK_MS = 2000;

class LogView {
  constructor(host) {
    this.host = host;
    this.part = name => host.querySelector(`[data-log-${name}]`);
    this.rows = this.part('lines');
    this.store = new LogStore(host.dataset.log);
    this.store.onerror = error => this.fault(error);
    this.selected = [-1, -1];
    this.search = new LogSearch(this);
    this.isFirst = host === document.querySelector('[data-log]'); // the address names lines of the first log alone
  }

  async open() {
    let meta;
    try { meta = await this.store.meta(); } catch (error) { this.fault(error); return; }
    this.rows.hidden = false;
    this.part('plain').classList.add('replaced');
    this.list = new VList(this.rows, { row: 18, ensure: (from, to) => this.store.ensure(from, to), render: (index, row) => this.render(index, row) });
    this.listen();
    this.update(meta);
    if (!this.fromHash()) this.setFollow(meta.live);
    if (meta.live) this.watch();
  }

  fault(error) {
    const line = this.part('error');
    line.hidden = !error;
    line.textContent = error ? `The log cannot be read: ${error.message} It is tried again when you scroll.` : '';
  }

  update(meta) {
    this.live = meta.live;
    this.list.setCount(this.store.count);
    for (const [level, number] of Object.entries(meta.levels ?? {})) this.search.showLevel(level, number);
    this.showState();
    if (this.follow) this.list.toEnd();
  }

  showState() {
    const state = this.part('state'), word = this.follow && this.live ? 'Following' : this.live ? 'Running' : 'Ended';
    state.classList.toggle('off', !this.live);
    state.textContent = `${word} · ${this.store.count.toLocaleString('en')} line${this.store.count === 1 ? '' : 's'}`;
  }

  setFollow(on) {
    this.follow = Boolean(on);
    this.host.querySelector('[data-act=follow]').setAttribute('aria-pressed', String(this.follow));
    if (this.follow) this.list.toEnd();
    this.showState();
  }

  // new lines: at once when the page's stream says so, else every two seconds; never while the page is hidden
  watch() {
    let busy = false;
    const ask = async () => {
      if (busy || !this.live || document.hidden || !this.host.isConnected) return;
      busy = true;
      try { this.update(await this.store.meta()); } catch (error) { this.fault(error); } finally { busy = false; }
      if (!this.live) { clearInterval(timer); document.removeEventListener('live', ask); }
    };
    const timer = setInterval(ask, ASK_MS);
    document.addEventListener('live', ask);
    document.addEventListener('visibilitychange', ask);
  }

  render(index, row) {
    const line = this.store.line(index), [first, last] = this.selected, sel = index >= first && index <= last;
    const key = `${index} ${line ? line.text.length : '?'} ${sel} ${this.search.query} ${this.search.line === index}`;
    if (row.key === key && row.line?.text === line?.text) return;
    Object.assign(row, { key, line });
    row.className = `r ${line?.level ?? ''}${sel ? ' sel' : ''}`;
    // the number's element stays: a text that arrives between press and release would take the click away
    if (!row.firstChild) for (const className of ['n', 't']) row.append(Object.assign(document.createElement('span'), { className }));
    const [number, text] = row.children;
    number.textContent = index + 1;
    text.replaceChildren(...(line ? [nodes(line.text, line.state, { query: this.search.query, stamp: stampLength(line.text) })] : []));
    if (this.search.line === index) text.querySelector('mark')?.classList.add('now');
  }

  listen() {
    let top = 0;
    this.rows.addEventListener('scroll', () => {
      const up = this.rows.scrollTop < top - 1;
      top = this.rows.scrollTop;
      if (up && this.follow && !this.list.atEnd()) this.setFollow(false);
      else if (!up && !this.follow && this.live && this.list.atEnd() && this.list.room) this.setFollow(true);
    }, { passive: true });
    this.rows.addEventListener('click', event => {
      const number = event.target.closest('.n');
      if (number) this.select(Number(number.textContent) - 1, event.shiftKey);
    });
    this.host.addEventListener('click', event => this.act(event.target.closest('[data-act]')));
    if (this.isFirst) addEventListener('hashchange', () => this.host.isConnected && this.fromHash());
    this.search.listen();
  }

  act(button) {
    const pressed = button && button.getAttribute('aria-pressed') !== 'true';
    if (button?.hasAttribute('aria-pressed') && button.dataset.act !== 'follow') button.setAttribute('aria-pressed', String(pressed));
    switch (button?.dataset.act) {
      case 'follow': this.setFollow(pressed); break;
      case 'stamps': this.rows.classList.toggle('bare', !pressed); break;
      case 'wrap': this.rows.classList.toggle('wrapped', pressed); this.list.setWrap(pressed); break;
      default: if (button) this.search.act(button.dataset.act);
    }
  }

  select(index, extend) {
    const from = extend && this.selected[0] >= 0 ? Math.min(this.anchor, index) : index, to = extend && this.selected[0] >= 0 ? Math.max(this.anchor, index) : index;
    if (!extend || this.selected[0] < 0) this.anchor = index;
    this.selected = [from, to];
    if (this.isFirst) history.replaceState(history.state, '', `#L${from + 1}${to > from ? `-L${to + 1}` : ''}`);
    this.list.queue();
  }

  /** Show a line somewhere in the view and stop following. */
  goTo(index) {
    this.setFollow(false);
    this.list.scrollTo(index);
  }

  fromHash() {
    const found = this.isFirst && HASH.exec(location.hash);
    if (!found) return false;
    const one = Number(found[1]) - 1, other = Number(found[2] ?? found[1]) - 1;
    this.selected = [Math.min(one, other), Math.max(one, other)];
    this.anchor = one;
    this.goTo(Math.min(this.selected[0], this.store.count - 1));
    return true;
  }
}

const stampLength = text => STAMP.exec(text.slice(0, 80))?.[1].length ?? 0;

/** Start the log view in its host. */
export function mount(host) {
  const view = host.logView = new LogView(host);
  return view.open();
}
