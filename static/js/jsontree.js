// Which rows of a JSON document are visible, given what is open? Rows are value numbers; ~number is the closing bracket of one.
const MAX_TEXT = 600, MAX_WHOLE = 200_000, LONG = 100, MAX_HITS = 5000, FIRST_ROWS = 200, SMALL = 20;
const LITERALS = { t: 'boolean', f: 'boolean', n: 'null' };

export class Tree {
  constructor(tape) {
    this.tape = tape;
    this.opened = new Uint8Array(tape.length);
    this.rows = Int32Array.of(0);
    this.openSmall();
  }

  // the document, and small values inside it, begin open
  openSmall() {
    this.toggle(0);
    for (let at = 1; at < this.rows.length && this.rows.length < FIRST_ROWS; at++) {
      const id = this.rows[at];
      if (id > 0 && this.tape.isBox(id) && this.tape.size[id] <= SMALL) this.toggle(at);
    }
  }

  /** The rows under an open value, its closing bracket included. */
  inside(id) {
    const { next, size } = this.tape, out = [], stack = [id];
    for (let at = id + 1; stack.length;) {
      const box = stack.at(-1);
      if (at >= next[box]) { out.push(~box); stack.pop(); continue; }
      out.push(at);
      if (size[at] && this.opened[at]) { stack.push(at); at++; } else at = next[at];
    }
    return out;
  }

  splice(at, gone, added) {
    const rows = new Int32Array(this.rows.length - gone + added.length);
    rows.set(this.rows.subarray(0, at));
    rows.set(added, at);
    rows.set(this.rows.subarray(at + gone), at + added.length);
    this.rows = rows;
  }

  toggle(at) {
    const id = this.rows[at] < 0 ? ~this.rows[at] : this.rows[at];
    if (!this.tape.isBox(id)) return at;
    const row = this.rows[at] < 0 ? this.rows.indexOf(id) : at;
    this.opened[id] ^= 1;
    if (this.opened[id]) this.splice(row + 1, 0, this.inside(id));
    else this.splice(row + 1, this.rows.indexOf(~id, row + 1) - row, []);
    return row;
  }

  /** Open everything, or close all but the first level. */
  openAll(open) {
    this.opened.fill(open ? 1 : 0);
    this.opened[0] = 1;
    this.rows = this.tape.isBox(0) ? Int32Array.from([0].concat(this.inside(0))) : Int32Array.of(0);
  }

  /** Open what hides a value and answer its row. */
  reveal(id) {
    let closed = -1;
    for (let up = this.tape.parent[id]; up >= 0; up = this.tape.parent[up]) {
      if (!this.opened[up]) closed = up;
    }
    if (closed >= 0) {
      for (let up = this.tape.parent[id]; up >= closed; up = this.tape.parent[up]) this.opened[up] = 1;
      this.splice(this.rows.indexOf(closed) + 1, 0, this.inside(closed));
    }
    return this.rows.indexOf(id);
  }

  /** What the page draws of one row. */
  view(row) {
    const id = row < 0 ? ~row : row, { tape } = this, up = tape.parent[id], first = tape.text[tape.start[id]];
    let depth = 0;
    for (let box = up; box >= 0; box = tape.parent[box]) depth++;
    const ordinal = up < 0 ? 0 : tape.key[id] < 0 ? -1 - tape.key[id] : -1;
    const comma = up >= 0 && tape.next[id] < tape.next[up];
    if (row < 0) return { depth, comma, close: first === '{' ? '}' : ']' };
    const key = up < 0 ? null : tape.key[id] < 0 ? String(ordinal) : readable(tape.keyText(id));
    const base = { id, depth, comma, key, size: tape.size[id], setSize: up < 0 ? 1 : tape.size[up], position: up < 0 ? 1 : ordinal < 0 ? undefined : ordinal + 1 };
    if (tape.isBox(id)) return { ...base, type: first === '{' ? 'object' : 'array', open: Boolean(this.opened[id]) };
    return { ...base, type: typeOf(first), text: readable(cut(tape, id)), lines: first === '"' ? this.textOf(id).split('\n').length : 1 };
  }

  /** A text as it was meant, its beginning when it is very long. */
  textOf(id) {
    const from = this.tape.start[id] + 1, to = this.tape.stop[id] - 1, part = this.tape.text.slice(from, Math.min(to, from + MAX_WHOLE));
    return JSON.parse(`"${to - from <= MAX_WHOLE ? part : part.replace(/\\+[^\\]{0,5}$/, '')}"`) + (to - from <= MAX_WHOLE ? '' : '…');
  }

  /** What cannot be read in one row: a text of several lines, or a long one; else nothing. */
  whole(id) {
    if (id === undefined || this.tape.text[this.tape.start[id]] !== '"') return '';
    const text = this.textOf(id);
    return text.length > LONG || text.includes('\n') ? text : '';
  }

  /** Values whose key or text holds the query, without regard to case. */
  search(query) {
    const { tape } = this, found = [], spellings = new Set([query, JSON.stringify(query).slice(1, -1), ascii(query)]);
    const pattern = new RegExp([...spellings].map(text => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|'), 'gi');
    for (const hit of tape.text.matchAll(pattern)) {
      const id = this.valueAt(hit.index, hit.index + hit[0].length);
      if (id < 0 || id === found.at(-1)) continue;
      if (found.length === MAX_HITS) return { found, more: true };
      found.push(id);
    }
    return { found, more: false };
  }

  // the value whose key or scalar covers these characters, or -1
  valueAt(from, to) {
    const { start, stop, key, size, length } = this.tape;
    let low = 0, high = length;
    while (low < high) { const middle = (low + high) >> 1; if (start[middle] > from) high = middle; else low = middle + 1; }
    if (low < length && key[low] >= 0 && key[low] <= from && to <= this.tape.afterString(key[low])) return low;
    return low > 0 && !size[low - 1] && to <= stop[low - 1] ? low - 1 : -1;
  }

  /** A value as indented text, digits and spellings as sent. */
  pretty(id, indent = '') {
    const { tape } = this;
    if (!tape.isBox(id)) return tape.source(id);
    const deeper = indent + '  ', lines = [], map = tape.text[tape.start[id]] === '{';
    for (let at = id + 1; at < tape.next[id]; at = tape.next[at]) lines.push(deeper + (map ? tape.keyText(at) + ': ' : '') + this.pretty(at, deeper));
    return `${map ? '{' : '['}\n${lines.join(',\n')}\n${indent}${map ? '}' : ']'}`;
  }
}

const typeOf = first => (first === '"' ? 'string' : first === '{' ? 'object' : first === '[' ? 'array' : LITERALS[first] ?? 'number');
const ascii = text => [...text].map(char => (char > '~' ? [...Array(char.length).keys()].map(k => '\\u' + char.charCodeAt(k).toString(16).padStart(4, '0')).join('') : char)).join('');

function cut(tape, id) {
  const from = tape.start[id], to = tape.stop[id];
  return to - from <= MAX_TEXT ? tape.text.slice(from, to) : `${tape.text.slice(from, from + MAX_TEXT)}…`;
}

// é instead of \u00e9, where that can be read
function readable(text) {
  return text.replace(/\\u([0-9a-fA-F]{4})/g, (whole, hex) => (parseInt(hex, 16) < 0xa0 ? whole : String.fromCharCode(parseInt(hex, 16))));
}
