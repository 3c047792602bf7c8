// How does one pass a chart of sixty links by keyboard? data-roving: one stop for Tab, arrows move between its links.
/** Prepare every such chart of the page; the newest link is the stop. */
export function startRoving() {
  for (const group of document.querySelectorAll('[data-roving]')) {
    const links = [...group.querySelectorAll('a')];
    if (links.includes(document.activeElement)) continue;
    links.forEach((link, at) => link.setAttribute('tabindex', at === links.length - 1 ? '0' : '-1'));
  }
}

document.addEventListener('keydown', event => {
  const group = event.target.closest?.('[data-roving]');
  const by = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity }[event.key];
  if (!group || !by) return;
  const links = [...group.querySelectorAll('a')], at = links.indexOf(event.target.closest('a'));
  const next = links[Math.min(links.length - 1, Math.max(0, at + by))];
  links[at].setAttribute('tabindex', '-1');
  next.setAttribute('tabindex', '0');
  next.focus();
  event.preventDefault();
});
