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
    """Counts failures by key within a window that begins with the first of them.

    Args:
        limit: how many failures are allowed in a window.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._failures: OrderedDict[str, tuple[datetime, int]] = OrderedDict()
        self._lock = threading.Lock()

    def check(self, key: str, *, now: datetime) -> None:
        """Refuse a key that has used up its attempts."""
        with self._lock:
            began, count = self._failures.get(key, (now, 0))
        left = began + WINDOW - now
        if count >= self._limit and left > timedelta(0):
            raise TooManyTriesError(int(left.total_seconds()) + 1)

    def count_failure(self, key: str, *, now: datetime) -> None:
        """Remember a failure; the oldest keys make room."""
        with self._lock:
            began, count = self._failures.pop(key, (now, 0))
            self._failures[key] = (began, count + 1) if now < began + WINDOW else (now, 1)
            while len(self._failures) > MAX_KEYS:
                self._failures.popitem(last=False)

    def forget(self, key: str) -> None:
        """Forget the failures of somebody who succeeded."""
        with self._lock:
            self._failures.pop(key, None)
