// Who holds a JSON document while it is read? This worker: it fetches, parses and searches; the page only gets the rows in view.
import { Tape } from './jsontape.js';
import { Tree } from './jsontree.js';

const MAX_BYTES = 64 * 1024 * 1024;
let tree, hits = [];

async function load({ url }) {
  const answer = await fetch(url, { headers: { Accept: 'application/json' } });
  if (!answer.ok) throw new Error(`The server answered ${answer.status}.`);
  if (Number(answer.headers.get('Content-Length')) > MAX_BYTES) throw new Error('It is larger than 64 MB; download it instead.');
  const text = await answer.text();
  tree = new Tree(new Tape(text));
  hits = [];
  return { rows: tree.rows.length, values: tree.tape.length, characters: text.length };
}

function search({ query }) {
  const { found, more } = query ? tree.search(query) : { found: [], more: false };
  hits = found;
  return { count: hits.length, more };
}

const OPERATIONS = {
  load,
  search,
  slice: ({ from, to }) => ({ from, views: [...tree.rows.subarray(from, to)].map(row => tree.view(row)) }),
  toggle: ({ row }) => ({ row: tree.toggle(row), rows: tree.rows.length }),
  openAll: ({ open }) => { tree.openAll(open); return { rows: tree.rows.length }; },
  hit: ({ at }) => ({ row: tree.reveal(hits[at]), rows: tree.rows.length }),
  parent: ({ row }) => ({ row: tree.rows.indexOf(Math.max(0, tree.tape.parent[idOf(row)])) }),
  path: ({ row }) => ({ path: tree.tape.path(idOf(row)), text: tree.whole(idOf(row)) }),
  value: ({ row }) => ({ text: tree.pretty(idOf(row)) }),
};

function idOf(row) {
  const id = tree.rows[row];
  return id < 0 ? ~id : id;
}

onmessage = async ({ data: { number, operation, ...details } }) => {
  try {
    postMessage({ number, result: await OPERATIONS[operation](details) });
  } catch (error) {
    postMessage({ number, fault: error.message });
  }
};
