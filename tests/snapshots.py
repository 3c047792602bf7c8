"""Is a text still what the recorded file says?

`--update` (`make snapshots`) records every such text anew, `--update-docs` (`make docs`) those under docs/. Both run
only the tests that compare with a recorded file.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

Snapshot = Callable[[Path, str], None]
DOCS = Path(__file__).resolve().parents[1] / "docs"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the switches that record instead of comparing."""
    parser.addoption("--update", action="store_true", help="record snapshots anew instead of comparing with them")
    parser.addoption("--update-docs", action="store_true", help="record the generated pages of docs/ anew")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what has nothing to record, when recording."""
    if config.getoption("update") or config.getoption("update_docs"):
        others = [item for item in items if "snapshot" not in getattr(item, "fixturenames", ())]
        config.hook.pytest_deselected(items=others)
        items[:] = [item for item in items if item not in others]


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
    everything, docs = bool(request.config.getoption("update")), bool(request.config.getoption("update_docs"))

    def check(path: Path, text: str) -> None:
        check_snapshot(path, text, update=everything or (docs and path.is_relative_to(DOCS)))

    return check
