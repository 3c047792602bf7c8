"""Which texts does a name with `*` and `?` stand for: escaping resolved, ready to be translated."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum


class Wildcard(Enum):
    """A part of a glob that stands for characters it does not name."""

    ANY = "*"
    ONE = "?"


@dataclass(frozen=True, slots=True, kw_only=True)
class Glob:
    """Literal texts and wildcards in order; no part is empty, no two texts and no two `*` stand side by side."""

    parts: tuple[str | Wildcard, ...]

    @property
    def literal(self) -> str | None:
        """Return the one text this glob stands for, or None if it has a wildcard."""
        if not self.parts:
            return ""
        head = self.parts[0]
        return head if len(self.parts) == 1 and isinstance(head, str) else None

    @property
    def stars(self) -> int:
        """Count the `*` parts, which make a match costly."""
        return self.parts.count(Wildcard.ANY)


def glob_of(parts: Iterable[str | Wildcard]) -> Glob:
    """Return the glob of these parts, merged to its one normal form."""
    merged: list[str | Wildcard] = []
    for part in parts:
        last = merged[-1] if merged else None
        if part == "" or (part is Wildcard.ANY and last is Wildcard.ANY):
            continue
        if isinstance(part, str) and isinstance(last, str):
            merged[-1] = last + part
        else:
            merged.append(part)
    return Glob(parts=tuple(merged))


def exactly(text: str) -> Glob:
    """Return the glob that stands for this text alone."""
    return glob_of([text])
