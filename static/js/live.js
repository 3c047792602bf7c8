// How does an open page stay true while things happen? <body data-events=URL> is a stream of `changed` events; every element
// with an id and data-live is fetched again then, at most once a second. Without a stream it asks every five seconds.
import './swap.js';
import { morphRegions } from './morph.js';

const EVENTS = document.body.dataset.events;
const EVERY_MS = 1000, POLL_MS = 5000, PATIENCE_MS = 10000, RETRY_MS = 60000;
const lamp = document.querySelector('[data-live-state]');
const etags = new Map();
let stream, polling, patience, retry, waiting, missed = false, paused = false, last = -Infinity;

function show(state) {
  if (!lamp) return;
  lamp.hidden = false;
  lamp.dataset.state = state;
  lamp.querySelector('[role=status]').textContent = state;
}

/** Fetch every live region again; one request per address. */
export async function refetch() {
  last = performance.now();
  const groups = new Map();
  for (const region of document.querySelectorAll('[data-live][id]')) {
    const url = new URL(region.dataset.live, location.href).href.split('#')[0];
    groups.set(url, [...(groups.get(url) ?? []), region.id]);
  }
  const here = location.href;
  await Promise.all([...groups].map(([url, regions]) => refetchRegions(url, regions, here)));
  document.dispatchEvent(new CustomEvent('live'));
}

async function refetchRegions(url, regions, here) {
  const headers = { 'X-Partial': '1' };
  if (etags.has(url)) headers['If-None-Match'] = etags.get(url);
  try {
    const answer = await fetch(url, { headers, cache: 'no-store' });
    if (answer.status === 401) { location.reload(); return; }
    if (!answer.ok) return;
    const html = await answer.text();
    if (location.href !== here) return; // the reader has moved on meanwhile
    if (answer.headers.get('ETag')) etags.set(url, answer.headers.get('ETag'));
    morphRegions(html, regions);
  } catch { /* the server is away; the stream or the next poll says when it is back */ }
}

function soon() {
  if (waiting) return;
  waiting = setTimeout(() => { waiting = null; refetch(); }, Math.max(0, last + EVERY_MS - performance.now()));
}

function poll() {
  show('Polling');
  polling ??= setInterval(refetch, POLL_MS);
}

function open() {
  if (stream || paused || document.hidden) return;
  stream = new EventSource(EVENTS);
  stream.onopen = () => {
    clearTimeout(patience); clearInterval(polling); polling = null;
    show('Live');
    if (missed) soon();
    missed = false;
  };
  stream.addEventListener('changed', soon);
  stream.onerror = () => {
    missed = true;
    clearTimeout(patience);
    if (stream?.readyState === EventSource.CLOSED) { // refused, for instance 503: all streams are taken
      stream = null;
      poll();
      retry = setTimeout(open, RETRY_MS);
    } else if (!polling) {
      show('Reconnecting');
      patience = setTimeout(poll, PATIENCE_MS);
    }
  };
}

function close() {
  stream?.close();
  stream = null;
  missed = true;
  for (const timer of [patience, retry, waiting]) clearTimeout(timer);
  clearInterval(polling);
  polling = waiting = null;
  show('Paused');
}

if (EVENTS) {
  // browsers allow six connections to a host over HTTP/1.1: a hidden tab gives its stream back
  document.addEventListener('visibilitychange', () => (document.hidden ? close() : open()));
  addEventListener('pagehide', close);
  addEventListener('pageshow', event => event.persisted && open());
  lamp?.addEventListener('click', () => { paused = !paused; paused ? close() : open(); });
  show('Reconnecting');
  open();
}
