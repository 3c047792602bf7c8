"""What changed between two texts, as pages show it: compared once, kept for a while, cut into rows on demand.

The texts are logs, or JSON results written out with one value a line.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from webapp.diff.fold import Fold
from webapp.diff.layout import View
from webapp.diff.lines import ENGINE_VERSION, LineDiff, diff_bytes
from webapp.diff.noise import Level, split_lines
from webapp.diff.pairing import Alignment, align
from webapp.errors import TooLargeError

MAX_BYTES = 32 * 1024 * 1024
MAX_LINES = 300_000
BUDGET_S = 10.0
CACHED_BYTES = 24 * 1024 * 1024

TextKey = tuple[str, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A text to compare: what identifies its content, what it is called, and how its bytes are read."""

    key: TextKey
    name: str
    size: int
    read: Callable[[], bytes]


@dataclass(slots=True, kw_only=True)
class ComparedTexts:
    """Two texts and what leads from one to the other; the lines keep their bytes and line ends."""

    a: Sequence[bytes]
    b: Sequence[bytes]
    diff: LineDiff
    alignment: Alignment
    size: int
    _folds: dict[tuple[View, int | None, bool], Fold] = field(default_factory=dict)

    def fold(self, *, view: View, context: int | None, shows_ignored: bool) -> Fold:
        """Return the rows of the page; the last way they were laid out is kept."""
        key = (view, context, shows_ignored)
        found = self._folds.get(key)
        if found is None:
            found = Fold(
                self.diff, self.alignment, self.a, self.b, view=view, context=context, unfold_ignored=shows_ignored
            )
            self._folds = {key: found}
        return found


class Cache:
    """The last comparisons of a process, by content and level, up to a number of bytes."""

    def __init__(self, limit: int = CACHED_BYTES) -> None:
        self._limit = limit
        self._kept: OrderedDict[tuple[TextKey, TextKey, str, int], ComparedTexts] = OrderedDict()
        self._lock = threading.Lock()

    def compare(self, a: Text, b: Text, *, level: Level) -> ComparedTexts:
        """Return the comparison of two texts.

        Raises:
            TooLargeError: a text is too long to be compared on a page.
        """
        key = (a.key, b.key, level, ENGINE_VERSION)
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
                return found
        made = compare_texts(a, b, level=level)
        with self._lock:
            self._kept[key] = made
            while len(self._kept) > 1 and sum(each.size for each in self._kept.values()) > self._limit:
                self._kept.popitem(last=False)
        return made


def compare_texts(a: Text, b: Text, *, level: Level) -> ComparedTexts:
    """Compare two texts line by line; see `Cache.compare`."""
    for text in (a, b):
        if text.size > MAX_BYTES:
            raise TooLargeError(
                f"{text.name} has {text.size:,} bytes; texts up to {MAX_BYTES:,} bytes are compared here"
            )
    raw_a, raw_b = a.read(), b.read()
    lines_a, lines_b = split_lines(raw_a), split_lines(raw_b)
    for text, lines in ((a, lines_a), (b, lines_b)):
        if len(lines) > MAX_LINES:
            raise TooLargeError(f"{text.name} has {len(lines):,} lines; up to {MAX_LINES:,} lines are compared here")
    diff = diff_bytes(raw_a, raw_b, level=level, budget_s=BUDGET_S)
    alignment = align(diff, lines_a, lines_b, budget_s=BUDGET_S)
    return ComparedTexts(a=lines_a, b=lines_b, diff=diff, alignment=alignment, size=len(raw_a) + len(raw_b))
