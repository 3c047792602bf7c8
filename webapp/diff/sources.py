r"""Where do the lines of a text come from: from memory, or from anything that hands them over in blocks.

Lines end at ``\n`` alone and keep it.
"""

import io
from collections.abc import Iterator, Sequence
from typing import Protocol, overload


class Lines(Protocol):
    """A text that can be read through once more at any time, and any range of its lines without the rest."""

    def __len__(self) -> int:
        """Return how many lines there are, the last one too when it has no newline."""

    @overload
    def __getitem__(self, place: int, /) -> bytes: ...
    @overload
    def __getitem__(self, place: slice, /) -> Sequence[bytes]: ...

    def blocks(self) -> Iterator[bytes]:
        """Yield the text in pieces of whole lines."""


class HeldLines(Sequence[bytes]):
    """A text in memory, split when a line is first asked for."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._lines: list[bytes] | None = None

    def blocks(self) -> Iterator[bytes]:
        """Yield the whole text."""
        yield self._data

    def __len__(self) -> int:
        return len(self._split())

    @overload
    def __getitem__(self, place: int) -> bytes: ...
    @overload
    def __getitem__(self, place: slice) -> list[bytes]: ...
    def __getitem__(self, place: int | slice) -> bytes | list[bytes]:
        return self._split()[place]

    def _split(self) -> list[bytes]:
        if self._lines is None:
            self._lines = io.BytesIO(self._data).readlines()
        return self._lines
