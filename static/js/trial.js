// How is something tried without losing what was typed? A submit button with data-trial="id" posts its form to its own
// formaction and brings that region up to date; without scripts the answer is a page.
import { morphRegions } from './morph.js';

addEventListener('submit', async event => {
  const button = event.submitter, region = document.getElementById(button?.dataset.trial ?? '');
  if (!region) return;
  event.preventDefault();
  if (button.ariaBusy === 'true') return;
  button.ariaBusy = region.ariaBusy = 'true';
  try {
    const answer = await fetch(button.formAction, { method: 'POST', body: new FormData(event.target, button), headers: { 'X-Partial': '1' } });
    if (answer.status === 401) { location.reload(); return; }
    morphRegions(await answer.text(), [region.id]);
    region.querySelector('.note')?.scrollIntoView({ block: 'nearest' });
  } finally {
    button.ariaBusy = region.ariaBusy = null;
  }
}, true);
