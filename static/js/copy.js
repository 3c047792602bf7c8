// How does text get to the clipboard, also on a plain HTTP page? data-copy=text, data-copy-from=id, data-copy-address.
/** Copy, and say whether it worked. */
export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch { // only secure pages have a clipboard object
    const area = document.createElement('textarea');
    area.value = text;
    area.className = 'sr';
    (document.querySelector('dialog[open]') ?? document.body).append(area);
    area.select();
    const done = document.execCommand('copy');
    area.remove();
    return done;
  }
}

/** Show on the button for a moment that it worked. */
export function confirmCopy(button, done) {
  const label = button.querySelector('[data-copy-label]'), before = label?.textContent, word = done ? 'Copied' : 'Not copied';
  const said = document.createElement('span');
  said.setAttribute('role', 'status');
  said.className = 'sr';
  button.after(said);
  said.textContent = word;
  button.classList.toggle('done', done);
  if (label) label.textContent = word;
  setTimeout(() => { button.classList.remove('done'); said.remove(); if (label) label.textContent = before; }, 1400);
}

document.addEventListener('click', async event => {
  const button = event.target.closest?.('[data-copy], [data-copy-from], [data-copy-address]');
  if (!button || button.classList.contains('done')) return;
  const { copy, copyFrom } = button.dataset;
  const source = copyFrom && document.getElementById(copyFrom);
  const text = copy ?? (source ? source.value ?? source.innerText : location.href);
  const focused = document.activeElement;
  const done = await copyText(text);
  focused?.focus({ preventScroll: true });
  confirmCopy(button, done);
});
