"""Times as people write them, at the edges of the calendar too."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.query.asking import NOW, day
from webapp.query.scalars import UnreadableError
from webapp.query.times import Moment, read_time, write_time

pytestmark = pytest.mark.unit


def at(*numbers: int) -> datetime:
    year, month, number, *clock = numbers
    hour, minute, second, micro = (*clock, 0, 0, 0, 0)[:4]
    return datetime(year, month, number, hour, minute, second, micro, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2026", at(2026, 1, 1), at(2027, 1, 1)),
        ("2026-02", at(2026, 2, 1), at(2026, 3, 1)),
        ("2026-12", at(2026, 12, 1), at(2027, 1, 1)),
        ("2028-02-29", at(2028, 2, 29), at(2028, 3, 1)),
        ("2026-11-01T14:30", at(2026, 11, 1, 14, 30), at(2026, 11, 1, 14, 31)),
        ("2026-11-01 14:30:15", at(2026, 11, 1, 14, 30, 15), at(2026, 11, 1, 14, 30, 16)),
        ("2026-11-01t14:30z", at(2026, 11, 1, 14, 30), at(2026, 11, 1, 14, 31)),
        ("2026-11-01T00:30+01:00", at(2026, 10, 31, 23, 30), at(2026, 10, 31, 23, 31)),
        ("2026-11-01T23:30-0130", at(2026, 11, 2, 1, 0), at(2026, 11, 2, 1, 1)),
        ("2026-11-01T14:30:15.25", at(2026, 11, 1, 14, 30, 15, 250_000), None),
        ("2026-11-01T14:30:15.123456789Z", at(2026, 11, 1, 14, 30, 15, 123_456), None),
        ("today", day(22), day(23)),
        ("Yesterday", day(21), day(22)),
        ("0001-01-01", at(1, 1, 1), at(1, 1, 2)),
        ("9998", at(9998, 1, 1), at(9999, 1, 1)),
        ("9998-12-31", at(9998, 12, 31), at(9999, 1, 1)),
    ],
)
def test_times_are_read(text: str, start: datetime, end: datetime | None) -> None:
    assert read_time(text, now=NOW) == Moment(start=start, end=end)


@pytest.mark.parametrize(
    ("text", "back"),
    [("now", timedelta()), ("-7d", timedelta(days=7)), ("24h", timedelta(days=1)), ("-1h30m", timedelta(minutes=90))],
)
def test_durations_count_back_from_now(text: str, back: timedelta) -> None:
    assert read_time(text, now=NOW) == Moment(start=NOW - back, is_relative=True)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("soon", "is not a time such as"),
        ("20261101", "is not a time such as"),
        ("2026-1-1", "is not a time such as"),
        ("--7d", "is not a time such as"),
        ("7", "is not a time such as"),
        ("٢٠٢٦", "is not a time such as"),
        ("2026-13", "no date or time of the calendar"),
        ("2026-02-29", "no date or time of the calendar"),
        ("2026-01-01T24:00", "no date or time of the calendar"),
        ("2026-01-01T12:60", "no date or time of the calendar"),
        ("2026-01-01T12:00:60", "no date or time of the calendar"),
        ("2026-01-01T12:00+99:99", "no date or time of the calendar"),
        ("0000", "years 1 to 9998"),
        ("9999-01-01", "years 1 to 9998"),
        ("0001-01-01T00:00+10:00", "years 1 to 9998"),
        ("-36526d", "is too long"),
    ],
)
def test_what_is_no_time_is_refused(text: str, message: str) -> None:
    with pytest.raises(UnreadableError, match=message):
        read_time(text, now=NOW)


@pytest.mark.parametrize(
    ("now", "text"), [(at(1, 1, 1), "yesterday"), (at(1, 1, 1), "-100d"), (at(9999, 12, 31), "today")]
)
def test_a_clock_at_the_ends_of_time_is_survived(now: datetime, text: str) -> None:
    with pytest.raises(UnreadableError, match="years 1 to 9998"):
        read_time(text, now=now)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (at(2026, 11, 1), "2026-11-01"),
        (at(2026, 11, 1, 14, 30), "2026-11-01T14:30Z"),
        (at(2026, 11, 1, 0, 0, 5), "2026-11-01T00:00:05Z"),
        (at(2026, 11, 1, 0, 0, 0, 7), "2026-11-01T00:00:00.000007Z"),
        (at(1, 1, 1), "0001-01-01"),
    ],
)
def test_times_are_written_as_shortly_as_they_can_be(value: datetime, text: str) -> None:
    assert write_time(value, is_exact=False) == text
    assert read_time(text, now=NOW).start == value
    assert read_time(write_time(value, is_exact=True), now=NOW) == Moment(start=value)
