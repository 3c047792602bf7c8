// Which colours does a terminal line have? SGR codes become classes (a31, f208, g17); every other escape is dropped.
// The state at the start of a line is carried by the caller, so a colour may span lines and chunks.
const ESCAPE = /\x1b\[([0-9;:]*)m|\x1b\[[0-?]*[ -/]*[@-~]|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[ -/]*[0-~]?|[\x00-\x08\x0b-\x1f\x7f-\x9f]/g;
const FLAGS = { 1: 1, 2: 2, 3: 4, 4: 8, 7: 16, 9: 32, 21: 8 };
const CLEAR = { 22: 1 | 2, 23: 4, 24: 8, 27: 16, 29: 32 };
const FLAG_CLASSES = ['a1', 'a2', 'a3', 'a4', 'a7', 'a9'];

/** A state without colours; states are never changed, `apply` answers a new one. */
export const PLAIN = Object.freeze({ text: '', back: '', flags: 0 });

const between = (low, code, high) => code >= low && code <= high;

const isByte = number => number >= 0 && number <= 255;

// 38;5;n and 38;2;r;g;b: answers [number of the palette or null when it is broken, codes used]
function palette(codes, at) {
  if (codes[at + 1] === 5) return [isByte(codes[at + 2]) ? codes[at + 2] : null, 2];
  if (codes[at + 1] !== 2) return [null, 0];
  const channels = codes.slice(at + 2, at + 5);
  if (channels.length < 3 || !channels.every(isByte)) return [null, 4];
  const [red, green, blue] = channels.map(channel => Math.round(channel / 51));
  return [16 + 36 * red + 6 * green + blue, 4];
}

// parts of one code may be joined by colons: 38:2::255:0:0 with its colour space, 4:3 for a curly line
function fields(item) {
  const [code, kind, ...rest] = item.split(':').map(Number);
  if (kind === undefined) return [code];
  if (code !== 38 && code !== 48) return [code === 4 && kind === 0 ? 24 : code];
  return [code, kind, ...(kind === 2 ? rest.slice(-3) : rest)];
}

/** The state after an SGR sequence, for instance "1;31". */
export function apply(state, sequence) {
  const codes = sequence.split(';').flatMap(fields), next = { ...state };
  for (let at = 0; at < codes.length; at++) {
    const code = codes[at];
    if (code === 0) Object.assign(next, PLAIN);
    else if (FLAGS[code]) next.flags |= FLAGS[code];
    else if (CLEAR[code]) next.flags &= ~CLEAR[code];
    else if (between(30, code, 37) || between(90, code, 97)) next.text = 'a' + code;
    else if (between(40, code, 47) || between(100, code, 107)) next.back = 'a' + code;
    else if (code === 39) next.text = '';
    else if (code === 49) next.back = '';
    else if (code === 38 || code === 48) {
      const [number, used] = palette(codes, at);
      at += used;
      if (number !== null) next[code === 38 ? 'text' : 'back'] = (code === 38 ? 'f' : 'g') + number;
    }
  }
  return next;
}

/** Class names of a state, '' for plain text. */
export function classesOf({ text, back, flags }) {
  return [text, back, ...FLAG_CLASSES.filter((_, bit) => flags >> bit & 1)].filter(Boolean).join(' ');
}

/** The state at the end of a line. */
export function advance(state, line) {
  if (!line.includes('\x1b')) return state;
  for (const found of line.matchAll(ESCAPE)) if (found[1] !== undefined) state = apply(state, found[1]);
  return state;
}

/** A line as [text, classes] pieces. */
export function pieces(line, state = PLAIN) {
  const out = [];
  let at = 0;
  const put = text => { if (text) out.push([text, classesOf(state)]); };
  for (const found of line.matchAll(ESCAPE)) {
    put(line.slice(at, found.index));
    at = found.index + found[0].length;
    if (found[1] !== undefined) state = apply(state, found[1]);
  }
  put(line.slice(at));
  return out;
}

/** A line as nodes. Occurrences of `query` (lower case) are marked, also across colours; `stamp` = length of a leading timestamp. */
export function nodes(line, state, { query = '', stamp = 0 } = {}) {
  const parts = pieces(line, state), whole = parts.map(([text]) => text).join(''), cuts = marks(whole, query);
  const out = document.createDocumentFragment();
  let at = 0;
  for (const [text, classes] of parts) {
    const edges = [at, at + text.length, stamp, ...cuts.flat()].filter(edge => edge >= at && edge <= at + text.length);
    const sorted = [...new Set(edges)].sort((one, other) => one - other);
    for (let k = 0; k + 1 < sorted.length; k++) {
      const [from, to] = [sorted[k], sorted[k + 1]];
      const hit = cuts.some(([start, end]) => from >= start && to <= end);
      out.append(piece(whole.slice(from, to), `${classes}${to <= stamp ? ' stamp' : ''}`.trim(), hit));
    }
    at += text.length;
  }
  return out;
}

function piece(text, classes, hit) {
  if (!classes && !hit) return text;
  const element = document.createElement(hit ? 'mark' : 'span');
  if (classes) element.className = hit ? classes.replace(/\b[afg]\d+\b/g, '').trim() : classes;
  element.textContent = text;
  return element;
}

function marks(text, query) {
  const found = [], lower = query ? text.toLowerCase() : '';
  if (!query || lower.length !== text.length) return found;
  for (let at = lower.indexOf(query); at >= 0; at = lower.indexOf(query, at + query.length)) found.push([at, at + query.length]);
  return found;
}
