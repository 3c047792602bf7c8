"""Where does a line of a text on disk begin, so that a few lines of a huge text are read and the rest is not?

A folder holds the text and, in `lines`, the offset of every line as 64-bit numbers, and at its end the size.
"""

import io
import os
from array import array
from collections.abc import Iterator, Sequence
from itertools import accumulate
from pathlib import Path
from types import TracebackType
from typing import Self, overload

from webapp.compare.drafts import draft

TEXT = "text"
INDEX = "lines"
BLOCK = 4 * 1024 * 1024
_WIDTH = 8
_TOGETHER = 512


def write_index(folder: Path) -> None:
    """Write where the lines of a folder's text begin; the index is there whole or not at all."""
    with (folder / TEXT).open("rb") as text, draft(folder / INDEX) as made, made.open("wb") as index:
        array("q", accumulate(map(len, text), initial=0)).tofile(index)


def count_lines(folder: Path) -> int:
    """Return how many lines the text of a folder has, by its index."""
    return (folder / INDEX).stat().st_size // _WIDTH - 1


class FileLines(Sequence[bytes]):
    """The lines of a text on disk; nothing of it stays in memory. Close it, or use it as a context."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / TEXT
        self._text = self._path.open("rb", buffering=0)
        self._index = (folder / INDEX).open("rb", buffering=0)
        self._count = count_lines(folder)
        self._first = 0
        self._offsets_read = array("q")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the files."""
        self._text.close()
        self._index.close()

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, place: int) -> bytes: ...
    @overload
    def __getitem__(self, place: slice) -> list[bytes]: ...
    def __getitem__(self, place: int | slice) -> bytes | list[bytes]:
        if isinstance(place, slice):
            start, stop, _ = place.indices(self._count)
            return io.BytesIO(self._read(start, stop)).readlines() if start < stop else []
        if not 0 <= place < self._count:
            raise IndexError(place)
        return self._read(place, place + 1)

    def head(self, place: int, most: int) -> tuple[bytes, int]:
        """Return the first bytes of a line, at most so many, and how many it has."""
        start, stop = self._offsets(place, place + 1)
        return os.pread(self._text.fileno(), min(stop - start, most), start), stop - start

    def blocks(self) -> Iterator[bytes]:
        """Yield the text in pieces of whole lines, some MiB each."""
        with self._path.open("rb") as text:
            while block := text.read(BLOCK):
                yield block if block.endswith(b"\n") else block + text.readline()

    def _read(self, start: int, stop: int) -> bytes:
        first, end = self._offsets(start, stop)
        return os.pread(self._text.fileno(), end - first, first)

    def _offsets(self, start: int, stop: int) -> tuple[int, int]:
        """Return where a line begins and where one behind it does."""
        return self._offset(start), self._offset(stop)

    def _offset(self, line: int) -> int:
        """Look up where a line begins; those behind it are looked up too, for they are mostly asked for next."""
        place = line - self._first
        if not 0 <= place < len(self._offsets_read):
            self._first, place = line, 0
            self._offsets_read = array("q", os.pread(self._index.fileno(), _WIDTH * _TOGETHER, line * _WIDTH))
        return self._offsets_read[place]
