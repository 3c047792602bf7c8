// How does a row stay in the middle while the rows above it may still arrive and move it? Only until the reader takes over.
const PAUSE_MS = 80, TRIES = 12;
const HANDS = ['wheel', 'touchstart', 'pointerdown', 'keydown'];

/** Hold an element in view for a moment, as long as `isWanted()`. */
export async function holdInView(element, isWanted) {
  let isTaken = false;
  const take = () => { isTaken = true; };
  for (const name of HANDS) addEventListener(name, take, { passive: true });
  for (let left = TRIES; left && !isTaken && isWanted() && element.isConnected; left--) {
    element.scrollIntoView({ block: 'center' });
    await new Promise(done => setTimeout(done, PAUSE_MS));
  }
  for (const name of HANDS) removeEventListener(name, take);
}
