// How does the theme change at once? The form posts to the server, which keeps it in a cookie; here the page already follows.
document.addEventListener('submit', event => {
  const form = event.target, choice = event.submitter?.value;
  if (!form.matches('[data-theme-form]') || !choice) return;
  event.preventDefault();
  const root = document.documentElement;
  if (choice === 'system') delete root.dataset.theme; else root.dataset.theme = choice;
  document.querySelector('meta[name=color-scheme]').content = choice === 'system' ? 'light dark' : choice;
  for (const button of form.querySelectorAll('button')) button.setAttribute('aria-pressed', String(button === event.submitter));
  fetch(form.action, { method: 'POST', body: new FormData(form, event.submitter), redirect: 'manual' }).catch(() => form.submit());
});

// menus close on Escape and on a click elsewhere
document.addEventListener('click', event => {
  for (const menu of document.querySelectorAll('details[data-menu][open]')) if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener('keydown', event => {
  const menu = event.key === 'Escape' && document.querySelector('details[data-menu][open]');
  if (!menu) return;
  menu.open = false;
  menu.querySelector('summary').focus();
});
