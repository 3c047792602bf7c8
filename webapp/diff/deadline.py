"""How long may a comparison still work, and was anything cut short because of it?"""

import math
import time
from collections.abc import Callable


class Deadline:
    """A point in time that remembers whether somebody had to stop because of it."""

    __slots__ = ("_clock", "_end", "cut")

    def __init__(self, budget_s: float | None = None, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._end = math.inf if budget_s is None else clock() + budget_s
        self.cut = False

    def left_s(self) -> float:
        """Say how many seconds remain; negative when the time is over, infinite without a budget."""
        return self._end - self._clock() if self._end < math.inf else math.inf

    def is_over(self) -> bool:
        """Say whether the time is over, and remember that work was left undone because of it."""
        if self.left_s() > 0:
            return False
        self.cut = True
        return True
