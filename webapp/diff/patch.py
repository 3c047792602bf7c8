r"""How is a comparison handed on: a unified patch in bytes that `git apply` and `patch` take.

Context lines are those of the older text, so a patch made at any level applies to it; only at `exact` it leads to the
newer text byte by byte.
"""

from collections.abc import Iterable, Iterator, Sequence

from webapp.diff.hunks import Hunk

_AT_ONCE = 1_000  # lines
_NO_NEWLINE = b"\n\\ No newline at end of file\n"
_PLAIN = frozenset(range(0x21, 0x7F)) - {ord('"'), ord("\\")} | {ord(" ")}
_SHORT = {7: "a", 8: "b", 9: "t", 10: "n", 11: "v", 12: "f", 13: "r", 34: '"', 92: "\\"}


def unified_patch(
    hunks: Iterable[Hunk],
    a: Sequence[bytes],
    b: Sequence[bytes],
    *,
    a_name: str = "a.log",
    b_name: str = "b.log",
    context: int | None = 3,
) -> Iterator[bytes]:
    """Write the patch piece by piece; nothing at all when nothing changed.

    Args:
        hunks: The changes, in order.
        a: The lines of the older text, as they are.
        b: The lines of the newer text.
        a_name: What to call the older text; any name is written so that it stays on its line.
        b_name: What to call the newer text.
        context: Equal lines around every change; None for all.
    """
    head = b"--- " + _quoted("a/" + a_name) + b"\n+++ " + _quoted("b/" + b_name) + b"\n"
    around = len(a) if context is None else context
    grown = 0  # lines by which what is patched so far has grown
    for group in _groups(hunks, around):
        yield head
        head = b""
        yield from _written(group, a, b, around, grown)
        grown += sum(b_end - b_start - (a_end - a_start) for a_start, a_end, b_start, b_end in group)


def _groups(hunks: Iterable[Hunk], context: int) -> Iterator[list[Hunk]]:
    """Put hunks together whose contexts touch."""
    group: list[Hunk] = []
    for hunk in hunks:
        if group and hunk[0] - group[-1][1] > 2 * context:
            yield group
            group = []
        group.append(hunk)
    if group:
        yield group


def _written(group: list[Hunk], a: Sequence[bytes], b: Sequence[bytes], context: int, grown: int) -> Iterator[bytes]:
    """Write one group of hunks with its header and context."""
    start, end = max(0, group[0][0] - context), min(len(a), group[-1][1] + context)
    growth = sum(b_end - b_start - (a_end - a_start) for a_start, a_end, b_start, b_end in group)
    yield b"@@ -%s +%s @@\n" % (_range(start, end - start), _range(start + grown, end - start + growth))
    place = start
    for a_from, a_to, b_from, b_to in group:
        yield from _marked(b" ", a, place, a_from)
        yield from _marked(b"-", a, a_from, a_to)
        yield from _marked(b"+", b, b_from, b_to)
        place = a_to
    yield from _marked(b" ", a, place, end)


def _marked(mark: bytes, lines: Sequence[bytes], start: int, stop: int) -> Iterator[bytes]:
    """Write lines with their mark, some at a time, and the remark that the last one has no newline."""
    for place in range(start, stop, _AT_ONCE):
        part = lines[place : min(place + _AT_ONCE, stop)]
        text = mark + mark.join(part)
        yield text if text.endswith(b"\n") else text + _NO_NEWLINE


def _range(start: int, size: int) -> bytes:
    """Write a range of lines as the format wants it: an empty one names the line before it."""
    if size == 0:
        return b"%d,0" % start
    return b"%d" % (start + 1) if size == 1 else b"%d,%d" % (start + 1, size)


def _quoted(name: str) -> bytes:
    """Write a name as Git does: plain, or in quotes with escapes when anything in it could be misread."""
    raw = name.encode("utf-8", "surrogateescape")
    if all(byte in _PLAIN for byte in raw):
        return raw + (b"\t" if b" " in raw else b"")
    return b'"' + "".join(map(_escaped, raw)).encode() + b'"'


def _escaped(byte: int) -> str:
    """Write one byte of a quoted name."""
    if byte in _SHORT:
        return "\\" + _SHORT[byte]
    return chr(byte) if byte in _PLAIN else f"\\{byte:03o}"
