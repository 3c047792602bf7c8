// What tests do to a page that a reader cannot do by hand.
let last = performance.now();
const gaps = [];

export function watchPauses() {
  setInterval(() => {
    const now = performance.now();
    gaps.push(now - last);
    last = now;
  }, 20);
}

export const longestPause = () => Math.max(...gaps);

export function pretendHidden(isHidden) {
  Object.defineProperty(document, 'hidden', { value: Boolean(isHidden), configurable: true });
  document.dispatchEvent(new Event('visibilitychange'));
}

export const goToLine = index => document.querySelector('[data-log]').logView.goTo(index);
