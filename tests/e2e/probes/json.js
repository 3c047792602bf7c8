// What tests ask of the JSON modules without a page around them.
import { Tape } from '/static/js/jsontape.js';
import { Tree } from '/static/js/jsontree.js';

const treeOf = text => new Tree(new Tape(text));

export function rows(text) {
  const tree = treeOf(text);
  return [...tree.rows].map(row => tree.view(row)).map(view => view.close ?? `${view.key ?? ''}=${view.text ?? view.type}`);
}

export function fault(text) {
  try { treeOf(text); } catch (error) { return error.message; }
  return null;
}

export const pretty = text => treeOf(text).pretty(0);

export function search(text, query) {
  const tree = treeOf(text);
  return tree.search(query).found.map(id => tree.tape.path(id));
}
