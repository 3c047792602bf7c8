// How does a piece of the page become its newer self without losing focus, selection, open menus or scroll?
const KEPT = new Set(['aria-busy', 'open', 'aria-selected', 'data-ready', 'tabindex']); // set by scripts or by the reader, not by the server

function morphAttributes(live, fresh) {
  for (const { name } of [...live.attributes]) if (!fresh.hasAttribute(name) && !KEPT.has(name)) live.removeAttribute(name);
  for (const { name, value } of fresh.attributes) if (live.getAttribute(name) !== value && name !== 'open') live.setAttribute(name, value);
}

const sameTime = (live, fresh) => live.tagName === 'TIME' && live.dateTime === fresh.dateTime && live.dataset.time === fresh.dataset.time && live.dataset.time;

/** Turn `live` into `fresh`. Children with an id are matched by it, others by position and tag; `data-keep` stays untouched inside. */
export function morph(live, fresh) {
  if (live.isEqualNode(fresh) || sameTime(live, fresh)) return;
  if (live.tagName !== fresh.tagName) { live.replaceWith(fresh); return; }
  if (live.hasAttribute('data-keep') && fresh.hasAttribute('data-keep') && sameSource(live, fresh)) return;
  morphAttributes(live, fresh);
  if (live === document.activeElement && live.matches('input, textarea, select')) return;
  morphChildren(live, fresh);
}

// a viewer that now shows another document is a new one
function sameSource(live, fresh) {
  return live.dataset.json === fresh.dataset.json && live.dataset.log === fresh.dataset.log && live.dataset.src === fresh.dataset.src;
}

function morphChildren(live, fresh) {
  const keyed = new Map();
  for (const child of live.children) if (child.id) keyed.set(child.id, child);
  let at = live.firstChild;
  for (const next of [...fresh.childNodes]) {
    const same = at && !at.id && at.nodeType === next.nodeType && at.nodeName === next.nodeName;
    const match = next.id ? keyed.get(next.id) : same ? at : null;
    if (!match || isOtherViewer(match, next)) { live.insertBefore(next, at); continue; }
    if (match === at) at = at.nextSibling; else live.insertBefore(match, at);
    if (match.nodeType === Node.ELEMENT_NODE) morph(match, next);
    else if (match.data !== next.data) match.data = next.data;
  }
  while (at) { const gone = at; at = at.nextSibling; gone.remove(); }
}

const isOtherViewer = (live, fresh) => live.nodeType === Node.ELEMENT_NODE && live.hasAttribute('data-keep') && !(fresh.hasAttribute('data-keep') && sameSource(live, fresh));

/** Parse HTML of the server into a fragment. */
export function fragment(html) {
  const template = document.createElement('template');
  template.innerHTML = html;
  return template.content;
}

/** Bring the elements with these ids up to date from HTML; ids that the HTML does not hold stay. Answers how many were found. */
export function morphRegions(html, ids) {
  const fresh = fragment(html);
  let found = 0;
  for (const id of ids) {
    const live = document.getElementById(id), next = fresh.getElementById(id);
    if (live && next) { morph(live, next); found++; }
  }
  document.dispatchEvent(new CustomEvent('morphed', { detail: { ids } }));
  return found;
}
