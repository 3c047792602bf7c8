"""What does the address of a comparison ask for?"""

from dataclasses import dataclass, replace
from typing import cast

from flask import request

from webapp.compare.baseline import Baseline, is_relative, resolve
from webapp.compare.runs import Side
from webapp.compare.selection import Words, read_pair
from webapp.compare.sources import LineRange, read_range
from webapp.diff.layout import View
from webapp.diff.noise import Level
from webapp.domain.changes import ChangeClass
from webapp.errors import InvalidError, NotFoundError
from webapp.store.comparison import find_device_id
from webapp.store.db import Session
from webapp.store.logs import RUN_LOG
from webapp.web.guard import caller_here

TABS = ("devices", "cases", "logs", "result", "timing")
LEVELS: dict[str, str] = {
    "exact": "Exact",
    "volatile": "Ignore times, ids and counters",
    "numbers": "Ignore all numbers",
}
VIEWS = ("side", "unified")
CONTEXTS: dict[str, int | None] = {"1": 1, "3": 3, "10": 10, "100": 100, "all": None}
BY = ("devices", "cases")
LONGEST_FIND = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Everything a comparison's address says; the whole state of the page.

    Args:
        a: the older side.
        b: the newer side.
        reason: why A was taken, when the address names it by a word.
        tab: the part that is shown.
        device: the device of side A, empty for the whole run.
        other: the device of side B.
        level: what counts as the same line.
        view: side by side or unified.
        context: unchanged rows around a change; None is all.
        shows_ignored: rows that differ only in ignored parts stay visible.
        change: the class of changes that is listed, None for all but the same.
        pair: the words of a cell of the matrix, None for all.
        by: whether devices or cases are timed, empty for what there is.
        part_a: the lines of A that are compared.
        part_b: the lines of B.
        find: what is searched for in the rows.
    """

    a: Side
    b: Side
    reason: str
    tab: str
    device: str
    other: str
    level: Level
    view: View
    context: int | None
    shows_ignored: bool
    change: ChangeClass | None
    pair: Words | None
    by: str
    part_a: LineRange
    part_b: LineRange
    find: str

    @property
    def streams(self) -> tuple[str, str]:
        """Return the logs that are compared: those of the devices, or of the runs."""
        return self.device or RUN_LOG, self.other or RUN_LOG


def read_wanted(session: Session) -> Wanted | None:
    """Return what the address asks for, or None when it doesn't name two runs yet.

    Raises:
        InvalidError: a parameter has a value that it can't have.
        NotFoundError: a run that is named doesn't exist.
    """
    first, second = request.args.get("a", ""), request.args.get("b", "")
    if not first or not second:
        return None
    sides = _resolve(session, first, second)
    device = request.args.get("device", "")
    change = read_word("change", ("", *ChangeClass), "")
    return Wanted(
        a=Side(run=sides[0].run, attempt=_attempt("attempt_a")),
        b=Side(run=sides[1].run, attempt=_attempt("attempt_b")),
        reason=sides[0].reason,
        tab=read_word("tab", TABS, ""),
        device=device,
        other=request.args.get("other", "") or device,
        level=cast("Level", read_word("level", tuple(LEVELS), "exact")),
        view=cast("View", read_word("view", VIEWS, "side")),
        context=CONTEXTS[read_word("context", tuple(CONTEXTS), "3")],
        shows_ignored=request.args.get("ignored") == "1",
        change=ChangeClass(change) if change else None,
        pair=read_pair(request.args.get("pair", "")),
        by=read_word("by", ("", *BY), ""),
        part_a=read_range("a_lines", request.args.get("a_lines", "")),
        part_b=read_range("b_lines", request.args.get("b_lines", "")),
        find=read_find(),
    )


def narrow(session: Session, wanted: Wanted) -> Wanted:
    """Return the same with both sides narrowed to the devices that the address names.

    Raises:
        NotFoundError: there is no such device.
    """
    a = replace(wanted.a, device_id=_device_id(session, wanted.device))
    return replace(wanted, a=a, b=replace(wanted.b, device_id=_device_id(session, wanted.other)))


def _device_id(session: Session, name: str) -> int:
    found = find_device_id(session, name)
    if found is None:
        raise NotFoundError(f"there is no device {name}")
    return found


def _resolve(session: Session, first: str, second: str) -> tuple[Baseline, Baseline]:
    if is_relative(second):
        raise NotFoundError(f"'{second[:80]}' is taken for A, relative to B: name B by its uid")
    newer = resolve(session, second, of=None)
    return resolve(session, first, of=newer.run, caller=caller_here()), newer


def read_find() -> str:
    """Return what the address searches for."""
    return " ".join(request.args.get("find", "").split())[:LONGEST_FIND]


def read_word(name: str, allowed: tuple[str, ...], default: str) -> str:
    """Return a parameter that is one of some words; it is refused when it is another."""
    value = request.args.get(name, "") or default
    if value and value not in allowed:
        raise InvalidError((name, f"expected one of {', '.join(word for word in allowed if word)}, got {value[:40]!r}"))
    return value


def _attempt(name: str) -> int | None:
    text = request.args.get(name, "")
    if text in ("", "overall"):
        return None
    if not (text.isascii() and text.isdecimal() and len(text) < 6):
        raise InvalidError((name, f"expected overall or the number of an attempt, got {text[:40]!r}"))
    return int(text)
