"""Which number does a word stand for: whole numbers, decimals and durations, read exactly and within bounds."""

import math
import re
from dataclasses import dataclass
from decimal import Decimal

LARGEST_INTEGER = 2**63 - 1
LONGEST_DURATION_S = 36_525 * 86_400

_INTEGER = re.compile(r"[+-]?[0-9]+")
_DECIMAL = re.compile(r"[+-]?[0-9]{1,40}(\.[0-9]{1,40})?(e[+-]?[0-9]{1,3})?", re.IGNORECASE)
_PART = re.compile(r"([0-9]{1,12})(?:\.([0-9]{1,6}))?(ms|s|min|m|h|d|w)", re.IGNORECASE)
_UNITS = {
    "w": Decimal(604_800),
    "d": Decimal(86_400),
    "h": Decimal(3_600),
    "m": Decimal(60),
    "min": Decimal(60),
    "s": Decimal(1),
    "ms": Decimal("0.001"),
}
_MICROSECOND = Decimal("0.000001")


class UnreadableError(ValueError):
    """A word is not a value of the kind asked for; the text says what one looks like."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Duration:
    """A duration as written: `5m` begins at 300 seconds and ends, as far as its last unit tells, before 360."""

    seconds: float
    next_s: float


def read_integer(text: str) -> int:
    """Return the whole number a text stands for, within 64 bits."""
    if not _INTEGER.fullmatch(text):
        raise UnreadableError("is not a whole number")
    value = int(text)
    if abs(value) > LARGEST_INTEGER:
        raise UnreadableError(f"is too large: whole numbers go up to {LARGEST_INTEGER}")
    return value


def read_decimal(text: str) -> float:
    """Return the finite number a text stands for."""
    if not _DECIMAL.fullmatch(text):
        raise UnreadableError("is not a number such as 12, -3.5 or 2e9")
    value = float(text)
    if not math.isfinite(value):
        raise UnreadableError("is too large for a number")
    return value


def read_duration(text: str) -> Duration:
    """Return the duration a text such as `90s`, `1h30m`, `1.5h` or `0` stands for, to the microsecond."""
    total = Decimal(0)
    step = Decimal(1)
    place = 0
    while part := _PART.match(text, place):
        whole, decimals, unit = part.groups(default="")
        total += Decimal(f"{whole}.{decimals or 0}") * _UNITS[unit.lower()]
        step = _UNITS[unit.lower()].scaleb(-len(decimals))
        place = part.end()
    if text != "0" and (not text or place != len(text)):
        raise UnreadableError("is not a duration such as 500ms, 90s, 5m, 2h, 1h30m or 7d")
    if total > LONGEST_DURATION_S:
        raise UnreadableError("is too long: durations go up to 36525d")
    exact = total.quantize(_MICROSECOND)
    return Duration(seconds=float(exact), next_s=float(exact + max(step, _MICROSECOND).quantize(_MICROSECOND)))


def write_duration(seconds: float) -> str:
    """Write seconds in the largest unit that divides them."""
    exact = Decimal(repr(seconds))
    for unit in ("w", "d", "h", "m"):
        count, rest = divmod(exact, _UNITS[unit])
        if count and not rest:
            return f"{count:f}{unit}"
    return f"{exact:f}s"
