"""Do recorded texts fail when they differ, and are only they run when recording?"""

from pathlib import Path

import pytest

from tests.snapshots import check_snapshot

pytest_plugins = ["pytester"]
pytestmark = pytest.mark.unit

SUITE = """
from pathlib import Path

def test_recorded(snapshot):
    snapshot(Path(__file__).parent / "recorded.txt", "now")

def test_other():
    raise SystemExit("ran without anything to record")
"""


def test_changed_text_is_noticed(tmp_path: Path) -> None:
    recorded = tmp_path / "deep" / "recorded.txt"
    with pytest.raises(AssertionError, match="not recorded yet: make snapshots"):
        check_snapshot(recorded, "a\n", update=False)
    check_snapshot(recorded, "a\n", update=True)
    check_snapshot(recorded, "a\n", update=False)
    with pytest.raises(AssertionError, match=r"recorded\.txt differs"):
        check_snapshot(recorded, "b\n", update=False)


def test_update_records_and_runs_nothing_else(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(SUITE)
    result = pytester.runpytest_inprocess(
        "-p", "tests.snapshots", "-p", "no:cacheprovider", "-p", "no:playwright", "--update"
    )
    result.assert_outcomes(passed=1, deselected=1)
    assert (pytester.path / "recorded.txt").read_text() == "now"


def test_update_docs_leaves_other_texts_alone(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(SUITE)
    (pytester.path / "recorded.txt").write_text("before")
    result = pytester.runpytest_inprocess(
        "-p", "tests.snapshots", "-p", "no:cacheprovider", "-p", "no:playwright", "--update-docs"
    )
    result.assert_outcomes(failed=1, deselected=1)
    assert (pytester.path / "recorded.txt").read_text() == "before"
