// Which lines of a log are here, and how are the others fetched? Chunks of 500 lines, the terminal state carried through each.
import { PLAIN, advance, apply } from './ansi.js';

const SIZE = 500, KEEP = 60, PAUSE_MS = 3000;

export class LogStore {
  constructor(base) {
    Object.assign(this, { base, count: 0, chunks: new Map(), pending: new Map(), failed: 0, onerror: null });
  }

  async ask(path, query = {}) {
    const text = new URLSearchParams(query).toString();
    const answer = await fetch(`${this.base}/${path}${text ? '?' + text : ''}`, { headers: { Accept: 'application/json' } });
    if (!answer.ok) throw new Error(answer.status === 410 ? 'This log has expired.' : `The server answered ${answer.status}.`);
    return answer.json();
  }

  async meta() {
    const meta = await this.ask('meta');
    this.count = meta.lines;
    return meta;
  }

  /** {text, level, state} of a line, or undefined while it is not here. */
  line(index) {
    const chunk = this.chunks.get(Math.floor(index / SIZE)), at = index % SIZE;
    return chunk && at < chunk.lines.length ? { text: chunk.lines[at], level: chunk.levels[at], state: chunk.states[at] } : undefined;
  }

  /** Fetch what is missing of [from, to); a promise, or null when all is here. */
  ensure(from, to) {
    const missing = [];
    for (let c = Math.floor(from / SIZE); c <= Math.floor((to - 1) / SIZE); c++) {
      const length = this.chunks.get(c)?.lines.length ?? -1;
      if (length < Math.min(SIZE, this.count - c * SIZE)) missing.push(c);
    }
    if (!missing.length || performance.now() < this.failed) return null;
    return Promise.all(missing.map(c => this.fetchChunk(c)));
  }

  fetchChunk(c) {
    if (!this.pending.has(c)) {
      this.pending.set(c, this.ask('lines', { from: c * SIZE, count: SIZE })
        .then(answer => this.keep(c, answer))
        .catch(error => { this.failed = performance.now() + PAUSE_MS; this.onerror?.(error); })
        .finally(() => this.pending.delete(c)));
    }
    return this.pending.get(c);
  }

  keep(c, { lines, levels, sgr }) {
    let state = sgr ? apply(PLAIN, sgr) : PLAIN;
    const states = lines.map(line => { const start = state; state = advance(state, line); return start; });
    this.chunks.delete(c);
    if (this.chunks.size >= KEEP) this.chunks.delete(this.chunks.keys().next().value);
    this.chunks.set(c, { lines, levels: levels ?? [], states });
    if (lines.length < Math.min(SIZE, this.count - c * SIZE)) this.failed = performance.now() + PAUSE_MS; // it promised more
    else this.onerror?.(null);
  }

  search(query, from) { return this.ask('search', { q: query, from }); }
  next(level, from, dir) { return this.ask('next', { level, from, dir }); }
}
