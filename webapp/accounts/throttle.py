"""Who has guessed too often? Failures are counted in memory, for one process and a few minutes."""

import threading
from collections import OrderedDict
from datetime import datetime, timedelta

from webapp.errors import AfterrunError

WINDOW = timedelta(minutes=5)
MAX_KEYS = 10_000


class TooManyTriesError(AfterrunError):
    """Somebody failed too often.

    Args:
        retry_after_s: when to try again.
    """

    def __init__(self, retry_after_s: int) -> None:
        self.retry_after_s = retry_after_s
        super().__init__(f"Too many failed attempts. Try again in {retry_after_s} seconds.")


class Throttle:
    """Counts failed attempts by key within a window that begins with the first of them.

    Args:
        limit: how many failures are allowed in a window.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._failures: OrderedDict[str, tuple[datetime, int]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, key: str, *, now: datetime) -> None:
        """Count an attempt as failed before it is made, so that many at once are no more than many in turn.

        Raises:
            TooManyTriesError: the key has used up its attempts.
        """
        with self._lock:
            began, count = self._failures.pop(key, (now, 0))
            # A clock that was set back begins a new window.
            if not began <= now < began + WINDOW:
                began, count = now, 0
            is_spent = count >= self._limit
            self._failures[key] = (began, count if is_spent else count + 1)
            while len(self._failures) > MAX_KEYS:
                self._failures.popitem(last=False)
        if is_spent:
            raise TooManyTriesError(int((began + WINDOW - now).total_seconds()) + 1)

    def give_back(self, key: str) -> None:
        """Take one attempt back: it did not fail."""
        with self._lock:
            if key in self._failures:
                began, count = self._failures[key]
                self._failures[key] = (began, max(count - 1, 0))

    def forget(self, key: str) -> None:
        """Forget the failures of somebody who succeeded."""
        with self._lock:
            self._failures.pop(key, None)
