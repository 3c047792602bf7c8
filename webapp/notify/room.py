"""What of a message fits into a channel's limit: the most important is kept longest, and what is cut is counted."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from webapp.notify.digest import KEEP, Block, Line
from webapp.notify.wording import listed

# No part takes all: the next ones that outrank the rest keep this much room each, if that is not more than half of what
# is left; and the rest keeps a quarter.
SPARE = {"cases": 320, "error": 320, "link": 260}
SPARE_BEFORE = KEEP[: KEEP.index("link")]
SHARE = 0.75
NOTE = 200


class Style(Protocol):
    """How a channel writes."""

    def title(self, block: Block) -> str:
        """Return a block's heading as one line, without a line end."""

    def line(self, block: Block, line: Line) -> str:
        """Return one line of it."""

    def rest(self, block: Block, left: int) -> str:
        """Return the line that says how many are left out, and leads to them."""

    def frame(self, block: Block) -> tuple[str, str]:
        """Return what stands before and behind a block's lines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A block, what of its lines is kept, and how many are not."""

    block: Block
    lines: tuple[Line, ...]
    left: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """What fits, in the order it is read.

    Args:
        parts: what fits.
        cut: what doesn't, in words; empty when everything fits.
        note: the parts of which nothing fits, in words for the message's end; empty when there are none.
    """

    parts: tuple[Part, ...]
    cut: str = ""
    note: str = ""


def write(part: Part, style: Style) -> str:
    """Return a part as the channel writes it: heading, lines, and how many are left out."""
    before, behind = style.frame(part.block)
    lines = [style.line(part.block, line) for line in part.lines]
    body = before + "\n".join(lines) + behind if lines else ""
    title = style.title(part.block) if part.block.title else ""
    rest = style.rest(part.block, part.left) if part.left else ""
    return "\n".join(text for text in (title, body, rest) if text)


def fit_blocks(blocks: Sequence[Block], *, style: Style, room: int, longest: int = 0) -> Fitted:
    """Return what of the blocks fits into a room.

    Args:
        blocks: in the order they are read.
        style: how they are written, which is what is measured.
        room: how many characters they may take, with an empty line between two.
        longest: how many characters one part may take; 0 for as many as there are.
    """
    whole = [Part(block=block, lines=block.lines, left=max(block.total - len(block.lines), 0)) for block in blocks]
    sizes = [len(write(part, style)) + 2 for part in whole]
    if sum(sizes) <= room and max(sizes, default=0) <= (longest or room):
        return Fitted(parts=tuple(whole), cut=_say(whole, []))
    left = room - NOTE
    most = min(longest or room, int(left * SHARE))
    kept: dict[int, Part] = {}
    order = sorted(range(len(blocks)), key=lambda at: (_rank(blocks[at]), at))
    for position, at in enumerate(order):
        behind = (blocks[other].key for other in order[position + 1 :])
        wanted = 0 if _rank(blocks[at]) >= len(SPARE_BEFORE) else sum(SPARE.get(key, 0) for key in behind)
        part = _cut(whole[at], style, min(left - min(wanted, left // 2), most))
        if part is not None:
            kept[at] = part
            left -= len(write(part, style)) + 2
    dropped = [block.title or block.key for at, block in enumerate(blocks) if at not in kept]
    parts = [kept[at] for at in sorted(kept)]
    return Fitted(parts=tuple(parts), cut=_say(parts, dropped), note=_say([], dropped))


def _rank(block: Block) -> int:
    return KEEP.index(block.key) if block.key in KEEP else len(KEEP)


def _cut(part: Part, style: Style, room: int) -> Part | None:
    """Return as much of a part as fits; None when not one line does."""
    total = len(part.lines) + part.left
    fixed = len(write(Part(block=part.block, lines=(), left=total), style)) + sum(map(len, style.frame(part.block))) + 1
    used, lines = fixed, []
    for line in part.lines:
        used += len(style.line(part.block, line)) + 1
        if used > room:
            break
        lines.append(line)
    return Part(block=part.block, lines=tuple(lines), left=total - len(lines)) if lines else None


def _say(parts: Sequence[Part], dropped: Sequence[str]) -> str:
    counts = [f"{part.left:,} more of {part.block.title or part.block.key}" for part in parts if part.left]
    said = listed([*counts, *dropped], most=5)
    return f"Left out for want of room: {said}"[:NOTE] if said else ""
