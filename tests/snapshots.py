"""Is a text still what the recorded file says? `--update` (`make snapshots`) records it anew."""

from collections.abc import Callable
from pathlib import Path

import pytest

Snapshot = Callable[[Path, str], None]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the switch that records instead of comparing."""
    parser.addoption("--update", action="store_true", help="record snapshots anew instead of comparing with them")


def check_snapshot(path: Path, text: str, *, update: bool) -> None:
    """Compare a text with the recorded one, or record it.

    Raises:
        AssertionError: they differ, or nothing is recorded.
    """
    if update:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return
    assert path.exists(), f"{path} is not recorded yet: make snapshots, then read the difference"
    assert text == path.read_text(encoding="utf-8"), f"{path.name} differs: make snapshots, then read the difference"


@pytest.fixture
def snapshot(request: pytest.FixtureRequest) -> Snapshot:
    """Return `check(path, text)`, which compares, or records when the tests were started with --update."""
    update = bool(request.config.getoption("--update"))

    def check(path: Path, text: str) -> None:
        check_snapshot(path, text, update=update)

    return check
