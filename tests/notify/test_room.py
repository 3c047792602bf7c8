"""What is kept when there is no room for all: verdict, failing devices, first error, link, and only then the rest."""

from dataclasses import replace

import pytest

from tests.factories.reports import REPORTS, large, red
from webapp.domain.notices import Verbosity
from webapp.notify.dialects import MARKDOWN, MRKDWN, PLAIN, Dialect, compose
from webapp.notify.digest import KEEP, blocks_of
from webapp.notify.report import Report

pytestmark = pytest.mark.unit


def keys(report: Report, room: int) -> list[str]:
    message = compose(report, Verbosity.VERBOSE, dialect=PLAIN, room=room)
    return [part.block.key for part in message.parts]


@pytest.mark.parametrize("dialect", [PLAIN, MRKDWN, MARKDOWN])
@pytest.mark.parametrize("room", [700, 1_200, 3_000, 9_000, 50_000])
@pytest.mark.parametrize("name", REPORTS)
def test_message_never_outgrows_its_room(dialect: Dialect, room: int, name: str) -> None:
    message = compose(REPORTS[name](), Verbosity.VERBOSE, dialect=dialect, room=room, longest=2_900)
    assert len("\n\n".join(message.paragraphs)) <= room
    assert max(map(len, message.paragraphs)) <= 2_900


def test_everything_is_kept_when_there_is_room() -> None:
    message = compose(red(), Verbosity.VERBOSE, dialect=PLAIN, room=50_000)
    assert [part.block for part in message.parts] == list(blocks_of(red(), Verbosity.VERBOSE))
    assert (message.cut, message.note) == ("", "")


def test_the_rest_goes_first() -> None:
    small = keys(red(), 900)
    assert [key for key in small if key in KEEP[:5]] == ["verdict", "failing", "cases", "error", "link"]
    assert len(small) < len(keys(red(), 50_000))
    message = compose(red(), Verbosity.VERBOSE, dialect=PLAIN, room=900)
    assert message.note.startswith("Left out for want of room: ")
    assert message.paragraphs[-1] == message.note


def test_what_is_cut_is_counted_and_led_to() -> None:
    message = compose(large(), Verbosity.VERBOSE, dialect=PLAIN, room=3_000)
    failing = next(part for part in message.parts if part.block.key == "failing")
    assert len(failing.lines) + failing.left == 10_000
    assert f"{failing.left:,} more of 10,000 failing devices" in message.cut
    text = "\n\n".join(message.paragraphs)
    assert f"... and {failing.left:,} more: https://runs.example.org/services/backup-core/runs/118" in text
    assert "Run and log: https://runs.example.org/services/backup-core/runs/118" in text
    assert "ERROR edge-07" in text


def test_report_that_holds_a_part_says_so_even_with_room() -> None:
    message = compose(replace(large(), failing=large().failing[:2]), Verbosity.QUIET, dialect=PLAIN, room=50_000)
    assert "... and 9,998 more: " in "\n\n".join(message.paragraphs)
    assert "9,998 more of 10,000 failing devices" in message.cut
