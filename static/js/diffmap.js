// Where do the changes lie, and where is the reader? A mark of the map brings its row into view without a reload.
// Host: [data-map], inside [data-diff].

/** Start the behaviour of one map. */
export function mount(host) {
  host.addEventListener('click', async event => {
    const mark = event.target.closest('a[data-row]');
    const view = host.closest('[data-diff]')?.diffView;
    if (!mark || !view || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    if (!await view.showRow(Number(mark.dataset.row))) location.assign(mark.href.baseVal);
  });
}
