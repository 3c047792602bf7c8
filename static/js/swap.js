// How do filters, tabs and pages change without loading the page? data-swap="#list #chips" on GET forms and links names the
// regions; the address keeps step, the back button works, and without scripts the same links and forms load the page.
import { morphRegions } from './morph.js';

const ids = text => text.split(/[\s,]+/).filter(Boolean).map(id => id.replace(/^#/, ''));
const swapped = new Set();
let running, typing, shown = location.pathname + location.search;

/** Fetch `url` and bring the regions up to date from it. */
export async function swap(url, regions, { push = true } = {}) {
  running?.abort();
  const mine = running = new AbortController();
  const boxes = regions.map(id => document.getElementById(id)).filter(Boolean);
  for (const id of regions) swapped.add(id);
  for (const box of boxes) box.setAttribute('aria-busy', 'true');
  try {
    const answer = await fetch(url, { headers: { 'X-Partial': '1' }, signal: mine.signal });
    const moved = answer.redirected && new URL(answer.url).pathname !== new URL(url, location.href).pathname;
    // 400 and 422 bring the same regions with the fault marked in them
    if (moved || !(answer.ok || answer.status === 400 || answer.status === 422)) { location.assign(url); return; }
    const html = await answer.text();
    if (push) history.pushState({ regions }, '', url);
    shown = location.pathname + location.search;
    if (!morphRegions(html, regions)) location.assign(url);
  } catch (error) {
    if (error.name !== 'AbortError') location.assign(url);
  } finally {
    if (running === mine) for (const box of boxes) box.removeAttribute('aria-busy');
  }
}

function addressOf(form) {
  const query = new URLSearchParams();
  for (const [name, value] of new FormData(form)) if (value !== '') query.append(name, value);
  const text = query.toString();
  return (form.getAttribute('action') || location.pathname) + (text ? '?' + text : '');
}

document.addEventListener('input', event => {
  const form = event.target.form;
  if (!form?.dataset.swap) return;
  clearTimeout(typing);
  const typed = /^(search|text)$/.test(event.target.type);
  typing = setTimeout(() => swap(addressOf(form), ids(form.dataset.swap)), typed ? 250 : 0);
});

document.addEventListener('submit', event => {
  const form = event.target;
  if (event.defaultPrevented || !form.dataset?.swap || form.method !== 'get') return;
  event.preventDefault();
  clearTimeout(typing);
  swap(addressOf(form), ids(form.dataset.swap));
});

document.addEventListener('click', event => {
  const link = event.target.closest?.('a[data-swap]');
  if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  swap(link.getAttribute('href'), ids(link.dataset.swap));
});

addEventListener('popstate', () => {
  const moved = location.pathname + location.search !== shown; // a mere #L10 changes nothing
  if (moved && swapped.size) swap(location.href, [...swapped], { push: false });
});
