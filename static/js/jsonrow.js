// What does one row of the JSON tree look like, and what does a screen reader hear of it?
const CLASS_OF = { string: 's', number: 'num', boolean: 'lit', null: 'lit' };

function span(css, text) {
  return Object.assign(document.createElement('span'), { className: css, textContent: text });
}

/** The text with every occurrence of the query marked. */
export function marked(css, text, query) {
  const element = span(css, ''), lower = text.toLowerCase();
  let done = 0;
  for (let at = query ? lower.indexOf(query) : -1; at >= 0; at = lower.indexOf(query, done)) {
    const mark = document.createElement('mark');
    mark.textContent = text.slice(at, at + query.length);
    element.append(text.slice(done, at), mark);
    done = at + query.length;
  }
  element.append(text.slice(done));
  return element;
}

function pieces(view, query) {
  const comma = view.comma ? [span('p', ',')] : [];
  if (view.close) return [span('p', view.close), ...comma];
  const twist = span('twist', view.size ? (view.open ? '▾' : '▸') : ''), out = [twist];
  twist.setAttribute('aria-hidden', 'true');
  if (view.key !== null) out.push(marked('k', view.key, query), span('p', ': '));
  if (view.lines > 1) out.push(span('lines', `${view.lines.toLocaleString('en')} lines `));
  if (!view.size) return [...out, marked(CLASS_OF[view.type] ?? 'p', view.text, query), ...comma];
  const map = view.type === 'object', [open, close] = map ? '{}' : '[]';
  const size = `${view.size.toLocaleString('en')} ${map ? 'key' : 'item'}${view.size === 1 ? '' : 's'}`;
  return [...out, span('p', view.open ? open : `${open}…${close}${view.comma ? ',' : ''}`), span('size', size)];
}

/** Fill the element of a row; `view` is undefined while it is on its way. */
export function fillRow(element, view, { selected, hit, query }) {
  const isItem = view && !view.close;
  element.className = `ln${selected ? ' sel' : ''}${hit ? ' hit' : ''}`;
  element.style.setProperty('--depth', view?.depth ?? 0);
  element.setAttribute('role', isItem ? 'treeitem' : 'presentation');
  const states = isItem ? [view.depth + 1, view.setSize, view.position, selected, view.open] : [];
  ['aria-level', 'aria-setsize', 'aria-posinset', 'aria-selected', 'aria-expanded'].forEach((name, at) => {
    if (states[at] === undefined) element.removeAttribute(name); else element.setAttribute(name, String(states[at]));
  });
  element.replaceChildren(...(view ? pieces(view, query) : [' ']));
}
