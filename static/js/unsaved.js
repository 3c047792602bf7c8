// What would be lost by leaving? Forms marked data-unsaved count their changed fields and warn before the page goes.
// Fields that stand outside of the form, such as those of a test, are not kept by it and do not count.
const forms = new Map();

const snapshot = form => {
  const fields = new Map(), others = new Set([...form.elements].filter(field => !form.contains(field)).map(field => field.name));
  for (const [name, value] of new FormData(form)) {
    if (name !== 'csrf_token' && !others.has(name)) fields.set(name, [...(fields.get(name) ?? []), value instanceof File ? value.name : value]);
  }
  return fields;
};

/** How many fields differ between two snapshots. */
export function changes(before, after) {
  return [...new Set([...before.keys(), ...after.keys()])].filter(name => String(before.get(name)) !== String(after.get(name))).length;
}

function show(form) {
  const count = changes(forms.get(form), snapshot(form)), bar = form.querySelector('[data-savebar]');
  form.dataset.changed = count;
  bar.querySelector('[data-unsaved-dot]').hidden = !count;
  bar.querySelector('[data-unsaved-count]').textContent = count ? `${count} unsaved change${count === 1 ? '' : 's'}` : '';
  bar.querySelector('[type=reset]').disabled = !count;
}

/** Begin to watch every such form of the page. */
export function watchForms() {
  for (const form of document.querySelectorAll('form[data-unsaved]')) {
    if (forms.has(form)) continue;
    forms.set(form, snapshot(form));
    form.addEventListener('input', () => show(form));
    form.addEventListener('change', () => show(form));
    form.addEventListener('reset', () => setTimeout(() => show(form)));
    form.addEventListener('submit', event => { if (!event.defaultPrevented) form.dataset.changed = 0; });
    show(form);
  }
}

addEventListener('beforeunload', event => {
  if ([...forms.keys()].some(form => form.isConnected && Number(form.dataset.changed))) event.preventDefault();
});
