"""Which texts can be compared: logs, JSON results and texts that people sent, each known by its content.

Limits and levels: docs/comparing.md, section "Lines".
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from webapp.compare.making import MAX_LINES
from webapp.errors import TooLargeError

MAX_BYTES = 256 * 1024 * 1024
MAX_JSON = 50 * 1024 * 1024
# Up to here a comparison is made at once, by the server itself.
SMALL_LINES = 50_000
SMALL_BYTES = 8 * 1024 * 1024
SMALL_JSON = 256 * 1024
RANGE = 200_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A text to compare.

    Args:
        key: what identifies its content, a range of it included.
        name: what it is called.
        size: its bytes.
        lines: its lines, when that is known.
        pieces: yields its bytes; it opens what it needs itself, since it may be called later and elsewhere.
        is_json: it is JSON, to be written out with one value a line.
        first: the first line that is wanted, from 0.
        stop: the line behind the last one that is wanted; None is the end.
        is_cut: `pieces` yields the wanted lines alone.
    """

    key: tuple[str | int, ...]
    name: str
    size: int
    pieces: Callable[[], Iterator[bytes]]
    lines: int | None = None
    is_json: bool = False
    first: int = 0
    stop: int | None = None
    is_cut: bool = False

    @property
    def folder_name(self) -> str:
        """Return the name under which it is kept on disk."""
        return "text-" + hashlib.sha256(repr(self.key).encode()).hexdigest()[:40]

    @property
    def is_small(self) -> bool:
        """Say whether it is surely short enough to be compared at once."""
        if self.is_json:
            return self.size <= SMALL_JSON
        return self.size <= SMALL_BYTES and self.lines is not None and self.lines <= SMALL_LINES

    def check(self) -> None:
        """Refuse a text that is too large.

        Raises:
            TooLargeError: it says which limit, and of a JSON result what can be done instead.
        """
        if self.is_json and self.size > MAX_JSON:
            raise TooLargeError(
                f"{self.name} has {self.size:,} bytes; JSON results of up to {MAX_JSON:,} are compared. Read both at"
                " /api/v1/runs/<uid>/devices/<name>/result, and compare the parts that matter as two texts"
            )
        if self.size > MAX_BYTES:
            raise TooLargeError(f"{self.name} has {self.size:,} bytes; up to {MAX_BYTES:,} are compared at once")
        if self.lines is not None and self.lines > MAX_LINES:
            raise TooLargeError(f"{self.name} has {self.lines:,} lines; up to {MAX_LINES:,} lines are compared at once")
