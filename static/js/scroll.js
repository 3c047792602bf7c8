// Can a keyboard scroll what is wider or longer than its box? A box without anything to focus inside becomes a stop for Tab.
const FOCUSABLE = 'a[href], button, input, select, textarea, summary, [tabindex]';

/** Look at every scrolling box of the page. */
export function openScrollers() {
  for (const box of document.querySelectorAll('.scroll')) {
    const overflows = box.scrollWidth > box.clientWidth || box.scrollHeight > box.clientHeight;
    if (overflows && !box.querySelector(FOCUSABLE)) box.tabIndex = 0; else box.removeAttribute('tabindex');
  }
}

addEventListener('resize', openScrollers);
