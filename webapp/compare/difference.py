"""What differs between two texts: asked for once, made when it isn't there, and read a few rows at a time."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from webapp.compare.columns import read_columns
from webapp.compare.linefile import FileLines
from webapp.compare.making import Order, ShownMessages, ShownValues
from webapp.compare.saved import Hunks, Summary, load_hunks, load_layout, load_summary
from webapp.compare.texts import Text
from webapp.diff.fold import Fold


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A comparison that is there.

    Args:
        order: what was wanted.
        texts: A and B.
        summary: what it came to.
    """

    order: Order
    texts: tuple[Text, Text]
    summary: Summary

    @contextmanager
    def lines(self) -> Iterator[tuple[FileLines, FileLines]]:
        """Open both texts."""
        with FileLines(Path(self.order.a.folder)) as a, FileLines(Path(self.order.b.folder)) as b:
            yield a, b

    def fold(self) -> Fold:
        """Return the rows of the page."""
        return Fold(load_layout(self.order.layout_path))

    def hunks(self) -> Hunks:
        """Return the ranges of lines that changed, counted from the first lines of the texts or their ranges."""
        return load_hunks(self.order.diff_path)

    def hits(self) -> Sequence[int]:
        """Return the rows in which what was searched for is found."""
        return read_columns(self.order.hits_path)[0]["rows"] if self.order.find else ()

    def messages(self) -> ShownMessages | None:
        """Return the new and gone kinds of messages, or None while they are still being told apart."""
        path = self.order.messages_path
        return msgspec.json.decode(path.read_bytes(), type=ShownMessages) if path.exists() else None

    def values(self) -> ShownValues | None:
        """Return the changed JSON values, if they were wanted."""
        return msgspec.json.decode(self.order.values_path.read_bytes(), type=ShownValues) if self.order.values else None


def open_difference(order: Order, texts: tuple[Text, Text]) -> Difference:
    """Return a comparison all of which is there."""
    return Difference(order=order, texts=texts, summary=load_summary(order.diff_path))
