// What time is that here? <time datetime data-time="ago|moment|clock|date|elapsed"> becomes local time; the exact time is its title.
const LANG = 'en-GB';
const CLOCK = new Intl.DateTimeFormat(LANG, { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const SHORT = new Intl.DateTimeFormat(LANG, { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' });
const LONG = new Intl.DateTimeFormat(LANG, { day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit' });
const DAY = new Intl.DateTimeFormat(LANG, { day: 'numeric', month: 'short', year: 'numeric' });
const two = number => String(number).padStart(2, '0');

/** "14m 31s" for a number of seconds. */
export function duration(seconds) {
  const s = Math.max(0, Math.floor(seconds));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)}m ${two(s % 60)}s`;
  if (s < 86400) return `${Math.floor(s / 3600)}h ${two(Math.floor(s % 3600 / 60))}m`;
  return `${Math.floor(s / 86400)}d ${Math.floor(s % 86400 / 3600)}h`;
}

/** "12 min ago", "in 4 min", or a date when it is more than a week away. */
export function ago(at, now) {
  const seconds = (now - at) / 1000, far = Math.abs(seconds);
  if (far < 45) return seconds >= -5 ? 'just now' : 'in a moment';
  if (far > 7 * 86400) return moment(at, now);
  const text = far < 3570 ? `${Math.round(far / 60) || 1} min` : far < 84600 ? `${Math.round(far / 3600)} h` : `${Math.round(far / 86400)} d`;
  return seconds > 0 ? `${text} ago` : `in ${text}`;
}

/** "22 Nov, 08:14", with the year when it is another one. */
export function moment(at, now) {
  return (at.getFullYear() === now.getFullYear() ? SHORT : LONG).format(at);
}

const STYLES = {
  ago, moment,
  clock: at => CLOCK.format(at),
  date: at => DAY.format(at),
  elapsed: (at, now) => duration((now - at) / 1000),
};

/** Write every time of the page, or only those of some styles. */
export function showTimes(selector = 'time[data-time]') {
  const now = new Date();
  for (const element of document.querySelectorAll(selector)) {
    const at = new Date(element.dateTime);
    if (Number.isNaN(at.getTime())) continue;
    const text = (STYLES[element.dataset.time] ?? moment)(at, now);
    if (element.textContent !== text) element.textContent = text;
  }
}

setInterval(() => document.hidden || showTimes('time[data-time=ago]'), 20000);
setInterval(() => document.hidden || showTimes('time[data-time=elapsed]'), 1000);
