"""Which job is due, and what was kicked lately? Kept in memory: after a start everything is due at once."""

import threading
from collections.abc import Iterable, Mapping

# Whoever asks every five seconds asks a moment too early at times, and would come five seconds late the next time.
EARLY_S = 0.5


class Schedule:
    """Says what is due, and never lets one kind of job run twice at the same moment.

    Args:
        every_s: the seconds between two runs, by kind.
    """

    def __init__(self, every_s: Mapping[str, float]) -> None:
        self._every_s = dict(every_s)
        self._next_at = dict.fromkeys(every_s, float("-inf"))
        self._busy: set[str] = set()
        self._lock = threading.Lock()

    def take_due(self, at: float) -> list[str]:
        """Return the kinds that are due at a moment of the monotonic clock, and set the time of their next run."""
        with self._lock:
            near = at + EARLY_S
            due = [kind for kind, moment in self._next_at.items() if moment <= near and kind not in self._busy]
            for kind in due:
                self._next_at[kind] = at + self._every_s[kind]
            return due

    def begin(self, kind: str) -> bool:
        """Say whether a kind may run now; it then has to be ended."""
        with self._lock:
            if kind in self._busy:
                return False
            self._busy.add(kind)
            return True

    def end(self, kind: str) -> None:
        """Say that a kind has run."""
        with self._lock:
            self._busy.discard(kind)


class Recently:
    """Remembers what was done lately, so that it isn't done again and again while it waits for its turn.

    Args:
        span_s: for how long it is remembered.
    """

    def __init__(self, span_s: float) -> None:
        self._span_s = span_s
        self._until: dict[str, float] = {}
        self._lock = threading.Lock()

    def take(self, keys: Iterable[str], at: float) -> list[str]:
        """Return those of the keys that were not taken lately, each once, and remember them."""
        with self._lock:
            self._until = {key: until for key, until in self._until.items() if until > at}
            fresh = [key for key in dict.fromkeys(keys) if key not in self._until]
            self._until |= dict.fromkeys(fresh, at + self._span_s)
            return fresh
