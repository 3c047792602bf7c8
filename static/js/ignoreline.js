// Which line of a difference is to be ignored, with its like? The one whose number was chosen (#B12), and the one beside it.
export function mount(form) {
  const fill = () => {
    const chosen = /^#([AB])\d+$/.exec(location.hash);
    const row = chosen && document.getElementById(location.hash.slice(1))?.closest('tr');
    if (!row) return;
    for (const letter of ['A', 'B']) {
      form.elements[`${letter.toLowerCase()}_line`].value = row.querySelector(`td[id^="${letter}"]`)?.id.slice(1) ?? '';
    }
  };
  addEventListener('hashchange', fill);
  fill();
}
