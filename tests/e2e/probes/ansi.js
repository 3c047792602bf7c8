// What tests ask of the terminal colours.
import { PLAIN, advance, apply, classesOf, nodes, pieces } from '/static/js/ansi.js';

export const piecesOf = (line, start) => pieces(line, start ? apply(PLAIN, start) : PLAIN);
export const classesAfter = line => classesOf(advance(PLAIN, line));

export function marked(line, query, stamp) {
  const box = document.createElement('div');
  box.append(nodes(line, PLAIN, { query, stamp }));
  return box.innerHTML;
}
