// How is a reader asked before something is posted? The dialog named by data-confirm opens as a modal one.
document.addEventListener('click', event => {
  const opener = event.target.closest?.('[data-confirm]');
  if (opener) {
    event.preventDefault(); // else the browser opens it as a popover, the way without scripts
    document.getElementById(opener.dataset.confirm).showModal();
    return;
  }
  const dialog = event.target.closest?.('dialog[open]');
  if (!dialog || dialog.matches(':popover-open')) return;
  if (event.target.closest('[data-dialog-close]') || event.target === dialog && isOutside(dialog, event)) {
    event.preventDefault();
    dialog.close();
  }
});

function isOutside(dialog, event) {
  const box = dialog.getBoundingClientRect();
  return event.clientX < box.left || event.clientX > box.right || event.clientY < box.top || event.clientY > box.bottom;
}
