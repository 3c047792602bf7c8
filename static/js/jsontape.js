// What stands where in a JSON text? One pass notes the offsets of every value; nothing is converted, so every digit, the order of
// keys and doubled keys stay as they were sent, and 50 MB need no object tree.
const QUOTE = 34, COMMA = 44, COLON = 58, OPEN_LIST = 91, BACKSLASH = 92, CLOSE_LIST = 93, OPEN_MAP = 123, CLOSE_MAP = 125;
const SCALAR = /^(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)$/;
const COLUMNS = ['start', 'stop', 'next', 'parent', 'key', 'size'];

/**
 * The tape: columns by value number (0 = the document, in document order).
 * start, stop: its text; next: the first value after its insides; parent: -1 for the document; size: entries inside;
 * key: offset of its key's quote in an object, else -1 - its index in the list.
 */
export class Tape {
  constructor(text) {
    this.text = text;
    this.length = 0;
    this.capacity = 0;
    this.grow(Math.max(64, text.length >> 5));
    this.read();
  }

  grow(capacity) {
    for (const column of COLUMNS) {
      const bigger = new Int32Array(capacity);
      if (this[column]) bigger.set(this[column]);
      this[column] = bigger;
    }
    this.capacity = capacity;
  }

  fail(what, at) {
    throw new SyntaxError(`${what} at character ${at.toLocaleString('en')}`);
  }

  add(start, parent, key) {
    if (this.length === this.capacity) this.grow(Math.ceil(this.capacity * 1.7));
    const id = this.length++;
    this.start[id] = start;
    this.parent[id] = parent;
    this.key[id] = key;
    return id;
  }

  read() {
    const { text } = this, end = text.length;
    let at = this.skip(text.charCodeAt(0) === 0xfeff ? 1 : 0), up = -1, key = -1;
    for (;;) {
      const id = this.add(at, up, key), code = text.charCodeAt(at);
      if (code === OPEN_MAP || code === OPEN_LIST) {
        const inside = this.skip(at + 1);
        if (text.charCodeAt(inside) !== (code === OPEN_MAP ? CLOSE_MAP : CLOSE_LIST)) {
          up = id;
          key = code === OPEN_MAP ? inside : -1;
          at = code === OPEN_MAP ? this.afterKey(inside) : inside;
          continue;
        }
        at = inside + 1;
      } else at = code === QUOTE ? this.afterString(at) : this.afterScalar(at);
      this.stop[id] = at;
      this.next[id] = this.length;
      for (;;) { // a value has ended: what follows it?
        at = this.skip(at);
        if (up < 0) {
          if (at < end) this.fail('unexpected text after the document', at);
          return;
        }
        this.size[up]++;
        const list = text.charCodeAt(this.start[up]) === OPEN_LIST, after = text.charCodeAt(at);
        if (after === COMMA) {
          at = this.skip(at + 1);
          key = list ? -1 - this.size[up] : at;
          if (!list) at = this.afterKey(at);
          break;
        }
        if (after !== (list ? CLOSE_LIST : CLOSE_MAP)) this.fail(`expected a comma or ${list ? ']' : '}'}`, at);
        this.stop[up] = ++at;
        this.next[up] = this.length;
        up = this.parent[up];
      }
    }
  }

  skip(at) {
    const { text } = this;
    for (let code = text.charCodeAt(at); code === 32 || code === 10 || code === 13 || code === 9; code = text.charCodeAt(at)) at++;
    return at;
  }

  afterString(at) {
    const { text } = this;
    for (let end = text.indexOf('"', at + 1); end >= 0; end = text.indexOf('"', end + 1)) {
      let slashes = 0;
      while (text.charCodeAt(end - 1 - slashes) === BACKSLASH) slashes++;
      if (slashes % 2 === 0) return end + 1;
    }
    return this.fail('a string without end', at);
  }

  afterKey(at) {
    if (this.text.charCodeAt(at) !== QUOTE) this.fail('expected a key in quotes', at);
    const colon = this.skip(this.afterString(at));
    if (this.text.charCodeAt(colon) !== COLON) this.fail('expected a colon', colon);
    return this.skip(colon + 1);
  }

  afterScalar(at) {
    const { text } = this;
    let end = at;
    for (let code = text.charCodeAt(end); code > 32 && code !== COMMA && code !== CLOSE_LIST && code !== CLOSE_MAP; code = text.charCodeAt(end)) end++;
    if (!SCALAR.test(text.slice(at, end))) this.fail(at >= text.length ? 'the text ends too early' : 'not a JSON value', at);
    return end;
  }

  isBox(id) { return this.size[id] > 0; }
  /** The key as it was written, quotes included. */
  keyText(id) { return this.key[id] < 0 ? null : this.text.slice(this.key[id], this.afterString(this.key[id])); }
  source(id) { return this.text.slice(this.start[id], this.stop[id]); }

  /** $.interfaces["Te0/0"][3] */
  path(id) {
    let path = '';
    for (; id > 0; id = this.parent[id]) {
      if (this.key[id] < 0) { path = `[${-1 - this.key[id]}]${path}`; continue; }
      const key = JSON.parse(this.keyText(id));
      path = (/^[A-Za-z_$][\w$]*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`) + path;
    }
    return '$' + path;
  }
}
