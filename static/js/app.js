// Which behaviours does this page need? Starts them all by data-attributes, and again after every partial update.
import './live.js';
import './theme.js';
import './copy.js';
import './confirm.js';
import './trial.js';
import { showTimes } from './times.js';
import { startKeys } from './keys.js';
import { restoreSelection } from './select.js';
import { startRoving } from './roving.js';
import { openScrollers } from './scroll.js';
import { watchForms } from './unsaved.js';

const VIEWERS = [['[data-json]', './jsonview.js'], ['[data-log]', './logview.js'], ['[data-diff]', './difflazy.js'], ['[data-ignore-line]', './ignoreline.js'], ['[data-map]', './diffmap.js'], ['[data-waiting]', './waiting.js']];

async function mount() {
  showTimes();
  restoreSelection();
  startRoving();
  openScrollers();
  watchForms();
  for (const [selector, file] of VIEWERS) {
    for (const host of document.querySelectorAll(selector)) {
      if (host.mounted) continue;
      host.mounted = true;
      await (await import(file)).mount(host);
      host.dataset.ready = '';
    }
  }
}

startKeys();
mount();
document.addEventListener('morphed', mount);
