"""How is a comparison of two texts made, step by step, from files into files?

By the server, or by a process of its own (`maker`). Each step leaves one file and is not done again where that is.
"""

import hashlib
import io
import json
import re
import time
from array import array
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import msgspec

from webapp.compare.columns import write_columns
from webapp.compare.drafts import draft, write_whole
from webapp.compare.linefile import INDEX, TEXT, FileLines, count_lines, write_index
from webapp.compare.saved import load_diff, load_layout, save_diff, save_layout
from webapp.diff.canonical import Json
from webapp.diff.deadline import Deadline
from webapp.diff.fold import Fold, Side
from webapp.diff.layout import View, lay_out
from webapp.diff.lines import ENGINE_VERSION, diff_lines
from webapp.diff.noise import Level
from webapp.diff.pairing import align
from webapp.diff.rules import Rule
from webapp.diff.templates import Message, compare_messages
from webapp.diff.trim import common_prefix
from webapp.diff.values import Change, Kind, diff_json
from webapp.domain.logdisplay import plain_line
from webapp.errors import TooLargeError

RAW = "raw"
MAX_LINES = 1_000_000
BUDGET_S = 10.0
MEMORY_BYTES = 2 * 1024**3
MAX_VALUES = 5_000
MAX_HITS = 10_000
MAX_MESSAGES = 100
SHOWN_VALUE = 400
# Characters before the first that differs, where a long value is cut.
LEAD = 80
SHOWN_MESSAGE = 300
# Escapes take room too.
READ_OF_MESSAGE = 16 * SHOWN_MESSAGE
# An escaped line end in a JSON text that is followed by more of the text.
_LINE_END = re.compile(rb'(?<!\\)(?:\\\\)*\\n(?!")')

Report = Callable[[str], None]


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """One of the two texts: its folder, its name, and how its bytes become lines.

    Args:
        folder: holds `raw`, the bytes as they came; the text and its index are made from them.
        name: what it is called.
        is_json: it is JSON, to be written out with one value a line.
        first: the first line that is wanted, from 0.
        stop: the line behind the last one that is wanted; None is the end.
    """

    folder: str
    name: str
    is_json: bool = False
    first: int = 0
    stop: int | None = None


class RuleOrder(msgspec.Struct, frozen=True, kw_only=True):
    """A rule of a service, as the engine takes it."""

    pattern: str
    name: str
    whole_line: bool


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be made of two texts.

    Args:
        a: the older text.
        b: the newer text.
        folder: where the results are kept.
        level: what counts as the same line.
        rules: what the service wants ignored.
        view: side by side or unified.
        context: unchanged rows around a change; None is all.
        shows_ignored: rows that differ only in ignored parts stay visible.
        find: what is searched for in the rows; empty for nothing.
        values: the changed JSON values are wanted too.
        ignore: places in JSON that are left out of the values.
        tolerance: numbers in JSON that differ by no more are equal values.
        rules_s: seconds of work after which a comparison by the service's rules is given up.
        memory_bytes: what a process of its own may take.
    """

    a: Origin
    b: Origin
    folder: str
    level: Level = "exact"
    rules: tuple[RuleOrder, ...] = ()
    view: View = "side"
    context: int | None = 3
    shows_ignored: bool = False
    find: str = ""
    values: bool = False
    ignore: tuple[str, ...] = ()
    tolerance: float = 0.0
    rules_s: float = 20.0
    memory_bytes: int = MEMORY_BYTES

    @property
    def diff_path(self) -> Path:
        """Return where the comparison is kept."""
        key = f"{ENGINE_VERSION}-{self.level}"
        if self.rules and self.level != "exact":
            key += f"-{_digest(msgspec.json.encode(self.rules))}"
        return Path(self.folder) / f"{key}.diff"

    @property
    def layout_path(self) -> Path:
        """Return where the rows of the page are kept."""
        return self.diff_path.with_suffix(f".{self.view}-{self.context}-{self.shows_ignored:d}.rows")

    @property
    def hits_path(self) -> Path:
        """Return where the rows are kept that hold what is searched for."""
        return self.layout_path.with_suffix(f".{_digest(self.find.encode())}.hits")

    @property
    def messages_path(self) -> Path:
        """Return where the new and gone kinds of messages are kept."""
        return Path(self.folder) / f"{ENGINE_VERSION}.messages"

    @property
    def values_path(self) -> Path:
        """Return where the changed values are kept."""
        key = _digest(msgspec.json.encode((self.ignore, self.tolerance)))
        return Path(self.folder) / f"{ENGINE_VERSION}-{key}.values"

    @property
    def paths(self) -> list[Path]:
        """Return everything that is wanted."""
        wanted = [Path(each.folder) / INDEX for each in (self.a, self.b)]
        wanted += [self.diff_path, self.layout_path]
        return wanted + [self.hits_path] * bool(self.find) + [self.values_path] * self.values


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:32]


class ShownMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of message: how often it comes, and the first line (from 1) that has it, cut where it is long."""

    line: int
    count: int
    text: str


class ShownMessages(msgspec.Struct, frozen=True, kw_only=True):
    """The kinds of messages that one side alone has: how many, and the first of them."""

    new_count: int
    gone_count: int
    new: list[ShownMessage]
    gone: list[ShownMessage]


class ShownValue(msgspec.Struct, frozen=True, kw_only=True):
    """A changed value: where, how, and both sides as JSON; of long ones what is around the first difference."""

    path: str
    kind: Kind
    old: str
    new: str


class ShownValues(msgspec.Struct, frozen=True, kw_only=True):
    """The changed values: how many, and the first of them."""

    count: int
    items: list[ShownValue]


def make(order: Order, report: Report) -> None:
    """Make everything that an order wants and that is not there.

    Args:
        order: what is wanted.
        report: is told in a few words what is being done.

    Raises:
        TooLargeError: a text has too many lines, or JSON that cannot be read again.
    """
    for origin in (order.a, order.b):
        report(f"reading {origin.name}")
        prepare(origin)
    if order.values and not order.values_path.exists():
        report("comparing the values")
        write_whole(order.values_path, msgspec.json.encode(compare_values(order)))
    with FileLines(Path(order.a.folder)) as a, FileLines(Path(order.b.folder)) as b:
        if not order.diff_path.exists():
            report("comparing the lines")
            make_diff(order, a, b)
        if not order.layout_path.exists():
            report("laying out the rows")
            diff, alignment = load_diff(order.diff_path)
            laid = lay_out(diff, alignment, view=order.view, context=order.context, unfold_ignored=order.shows_ignored)
            save_layout(order.layout_path, laid)
        if order.find and not order.hits_path.exists():
            report("searching")
            write_columns(order.hits_path, {"rows": find_rows(order, a, b)}, note=None)


def make_messages(order: Order) -> None:
    """Say which kinds of messages one side alone has; the texts are ready."""
    if order.messages_path.exists():
        return
    with FileLines(Path(order.a.folder)) as a, FileLines(Path(order.b.folder)) as b:
        found = compare_messages(a, b)
        shown = ShownMessages(
            new_count=len(found.new), gone_count=len(found.gone), new=_shown(found.new, b), gone=_shown(found.gone, a)
        )
    write_whole(order.messages_path, msgspec.json.encode(shown))


def _shown(messages: list[Message], lines: FileLines) -> list[ShownMessage]:
    return [
        ShownMessage(
            line=each.line,
            count=each.count,
            text=plain_line(lines.head(each.line - 1, READ_OF_MESSAGE)[0].rstrip(b"\r\n"))[:SHOWN_MESSAGE],
        )
        for each in messages[:MAX_MESSAGES]
    ]


def prepare(origin: Origin) -> None:
    """Turn the bytes of a text, as they came, into lines.

    Raises:
        TooLargeError: they are too many.
    """
    folder = Path(origin.folder)
    if not (folder / INDEX).exists():
        is_part = origin.first > 0 or origin.stop is not None
        if origin.is_json or is_part:
            _write_text(folder, origin)
        else:
            _name_text(folder)
        write_index(folder)
    count = count_lines(folder)
    if count > MAX_LINES:
        raise TooLargeError(f"{origin.name} has {count:,} lines; up to {MAX_LINES:,} lines are compared at once")


def _write_text(folder: Path, origin: Origin) -> None:
    """Write out JSON, or a range of lines."""
    raw = folder / RAW
    try:
        whole = io.BytesIO(written_out(raw.read_bytes())) if origin.is_json else raw.open("rb")
    except RecursionError:
        raise TooLargeError(f"{origin.name} is nested too deep to be compared") from None
    with whole, draft(folder / TEXT) as made, made.open("wb") as text:
        text.writelines(islice(whole, origin.first, origin.stop))


def _name_text(folder: Path) -> None:
    """Take the bytes for the text as they are; somebody else may do so at the same moment."""
    try:
        (folder / RAW).rename(folder / TEXT)
    except FileNotFoundError:
        if not (folder / TEXT).exists():
            raise


def written_out(raw: bytes) -> bytes:
    """Return JSON with one value a line, and texts of several lines broken where their lines end."""
    return _LINE_END.sub(rb"\g<0>\n", msgspec.json.format(raw, indent=2)) + b"\n"


def make_diff(order: Order, a: FileLines, b: FileLines) -> None:
    """Compare the lines. The budget is work, not waiting: a busy machine does not make a result partial."""
    rules = [Rule(pattern=each.pattern, name=each.name, whole_line=each.whole_line) for each in order.rules]
    deadline = Deadline(BUDGET_S, clock=time.process_time)
    diff = diff_lines(a, b, level=order.level, rules=rules, deadline=deadline)
    save_diff(order.diff_path, diff, align(diff, a, b, budget_s=BUDGET_S))


def compare_values(order: Order) -> ShownValues:
    """List the values that changed from one JSON text to the other."""
    old, new = (_loaded(each) for each in (order.a, order.b))
    changes = diff_json(old, new, tolerance=order.tolerance, ignore=order.ignore)
    return ShownValues(count=len(changes), items=[_shown_value(each) for each in changes[:MAX_VALUES]])


def _loaded(origin: Origin) -> Json:
    # The standard decoder keeps integers of any size exact.
    try:
        return json.loads((Path(origin.folder) / RAW).read_bytes())
    except RecursionError:
        raise TooLargeError(f"{origin.name} is nested too deep to be compared") from None


def _shown_value(change: Change) -> ShownValue:
    old, new = (json.dumps(value, ensure_ascii=False) for value in (change.old, change.new))
    start = 0
    if change.kind == "changed" and max(len(old), len(new)) > SHOWN_VALUE:
        first = common_prefix(old, new, a_range=(0, len(old)), b_range=(0, len(new)))
        start = max(first - LEAD, 0)
    return ShownValue(path=change.path, kind=change.kind, old=_cut(old, start), new=_cut(new, start))


def _cut(text: str, start: int) -> str:
    end = start + SHOWN_VALUE
    return ("…" if start else "") + text[start:end] + ("…" if end < len(text) else "")


def find_rows(order: Order, a: FileLines, b: FileLines) -> "array[int]":
    """Return the rows in which a text is found, folds that hide it included, in order; case does not matter."""
    fold = Fold(load_layout(order.layout_path))
    wanted = order.find.encode().lower()
    sides: tuple[tuple[Side, FileLines], ...] = (("a", a), ("b", b))
    found = {fold.row_of(side, line) for side, lines in sides for line in islice(_lines_with(wanted, lines), MAX_HITS)}
    return array("i", sorted(row for row in found if row is not None)[:MAX_HITS])


def _lines_with(wanted: bytes, lines: FileLines) -> Iterator[int]:
    """Yield the numbers (from 1) of the lines that hold a text in lower case, each once."""
    first = 1
    for block in lines.blocks():
        lowered = block.lower()
        line, counted = first, 0
        place = lowered.find(wanted)
        while place >= 0:
            line += lowered.count(b"\n", counted, place)
            yield line
            counted = lowered.find(b"\n", place)
            place = lowered.find(wanted, counted) if counted >= 0 else -1
        first += lowered.count(b"\n")
