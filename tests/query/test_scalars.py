"""Numbers and durations: exact, bounded, and written so that they are read again."""

import pytest

from webapp.query.scalars import (
    LARGEST_INTEGER,
    LONGEST_DURATION_S,
    Duration,
    UnreadableError,
    read_decimal,
    read_duration,
    read_integer,
    write_duration,
)

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("text", "seconds", "next_s"),
    [
        ("90s", 90, 91),
        ("5m", 300, 360),
        ("5min", 300, 360),
        ("2h", 7200, 10800),
        ("1h30m", 5400, 5460),
        ("1.5h", 5400, 5760),
        ("500ms", 0.5, 0.501),
        ("0.25s", 0.25, 0.26),
        ("7D", 604800, 691200),
        ("1w", 604800, 1209600),
        ("0", 0, 1),
        ("0.000001ms", 0, 0.000001),
    ],
)
def test_durations_are_read(text: str, seconds: float, next_s: float) -> None:
    assert read_duration(text) == Duration(seconds=seconds, next_s=next_s)


@pytest.mark.parametrize("text", ["", "5", "m", "5x", "-5m", "5m ", "1:30", "1e3s", "5.m", ".5m", "5 m", "\u0665m"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(UnreadableError, match="is not a duration"):
        read_duration(text)


def test_durations_are_bounded() -> None:
    assert read_duration("36525d").seconds == LONGEST_DURATION_S
    for text in ("36526d", "999999999999w", "999999999999w" * 100):
        with pytest.raises(UnreadableError, match="too long"):
            read_duration(text)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(300.0, "5m"), (5400.0, "90m"), (7200.0, "2h"), (86400.0, "1d"), (1209600.0, "2w"), (0.5, "0.5s"), (0.0, "0.0s")],
)
def test_durations_are_written_in_their_largest_unit(seconds: float, text: str) -> None:
    assert write_duration(seconds) == text
    assert read_duration(text).seconds == seconds


def test_small_durations_are_written_without_an_exponent() -> None:
    assert write_duration(0.000001) == "0.000001s"


def test_integers_are_read_within_64_bits() -> None:
    assert [read_integer(text) for text in ("0", "-5", "+7", str(LARGEST_INTEGER))] == [0, -5, 7, LARGEST_INTEGER]
    with pytest.raises(UnreadableError, match="too large"):
        read_integer("-" + "9" * 1900)


@pytest.mark.parametrize("text", ["", "1.0", "1_000", "0x1", "-", "\N{ARABIC-INDIC DIGIT ONE}"])
def test_what_is_no_integer_is_refused(text: str) -> None:
    with pytest.raises(UnreadableError, match="is not a whole number"):
        read_integer(text)


def test_decimals_are_finite() -> None:
    assert [read_decimal(text) for text in ("1", "-3.5", "2e9", "1E-3")] == [1.0, -3.5, 2e9, 0.001]
    with pytest.raises(UnreadableError, match="too large"):
        read_decimal("1e400")


@pytest.mark.parametrize("text", ["", "nan", "inf", "1.", ".5", "1e", "1e9999", "1_0", "9" * 41])
def test_what_is_no_decimal_is_refused(text: str) -> None:
    with pytest.raises(UnreadableError, match="is not a number"):
        read_decimal(text)
