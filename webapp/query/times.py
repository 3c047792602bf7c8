"""Which moment does a word stand for: dates and times in UTC, and times counted back from now."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, timezone

from webapp.query.scalars import UnreadableError, read_duration

_DAY = timedelta(days=1)
_ABSOLUTE = re.compile(
    r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2})"
    r"(?:[Tt ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,9}))?)?([Zz]|[+-][0-9]{2}:?[0-9]{2})?)?)?)?"
)
_FORMS = "is not a time such as 2026-11-01, 2026-11-01T14:30, today, yesterday or -7d"
_LAST_YEAR = 9998


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A time as written: a day lasts until the next one begins, an instant (no `end`) does not last.

    `is_relative` tells that it was counted back from now.
    """

    start: datetime
    end: datetime | None = None
    is_relative: bool = False


def read_time(text: str, *, now: datetime) -> Moment:
    """Return the time a text stands for; what has no zone is UTC, and a duration is counted back from now."""
    word = text.lower()
    try:
        if word == "now":
            return Moment(start=now, is_relative=True)
        if word in {"today", "yesterday"}:
            midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
            start = midnight if word == "today" else midnight - _DAY
            return Moment(start=start, end=start + _DAY)
        if found := _ABSOLUTE.fullmatch(text):
            return _absolute(found)
        return Moment(start=now - timedelta(seconds=_seconds_back(word)), is_relative=True)
    except OverflowError:
        raise UnreadableError("is out of range: times lie in the years 1 to 9998") from None


def write_time(value: datetime, *, is_exact: bool) -> str:
    """Write an aware datetime in UTC as shortly as it can be.

    Args:
        value: the moment.
        is_exact: write it to the microsecond, so that it is read as an instant and not as a day or a second.
    """
    at = value.astimezone(UTC).replace(tzinfo=None)
    if is_exact or at.microsecond:
        return at.isoformat(timespec="microseconds") + "Z"
    if not (at.hour or at.minute or at.second):
        return at.date().isoformat()
    return at.isoformat(timespec="seconds" if at.second else "minutes") + "Z"


def _seconds_back(word: str) -> float:
    try:
        return read_duration(word.removeprefix("-")).seconds
    except UnreadableError as error:
        raise UnreadableError(_FORMS if "too long" not in str(error) else str(error)) from None


def _absolute(found: re.Match[str]) -> Moment:
    year, month, day, hour, minute, second, fraction, zone = found.groups()
    if not 1 <= int(year) <= _LAST_YEAR:
        raise UnreadableError("is out of range: times lie in the years 1 to 9998")
    clock = timedelta(hours=int(hour or 0), minutes=int(minute or 0), seconds=int(second or 0))
    micros = timedelta(microseconds=int((fraction or "0")[:6].ljust(6, "0")))
    try:
        time(int(hour or 0), int(minute or 0), int(second or 0))
        written = datetime(int(year), int(month or 1), int(day or 1), tzinfo=_zone(zone)) + clock + micros
    except ValueError:
        raise UnreadableError("is no date or time of the calendar") from None
    start = written.astimezone(UTC)
    if fraction:
        return Moment(start=start)
    return Moment(start=start, end=_end(start, day=day, month=month, hour=hour, second=second))


def _end(start: datetime, *, month: str | None, day: str | None, hour: str | None, second: str | None) -> datetime:
    if second:
        return start + timedelta(seconds=1)
    if hour:
        return start + timedelta(minutes=1)
    if day:
        return start + _DAY
    if month:
        return (start + timedelta(days=31)).replace(day=1)
    return start.replace(year=start.year + 1)


def _zone(text: str | None) -> timezone:
    if not text or text in "Zz":
        return UTC
    minutes = int(text[1:3]) * 60 + int(text[-2:])
    return timezone(timedelta(minutes=-minutes if text[0] == "-" else minutes))
