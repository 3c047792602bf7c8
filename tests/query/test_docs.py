"""The page about filters: what the catalogue says, as committed."""

from pathlib import Path

import pytest

from tests.query.asking import read
from tests.snapshots import Snapshot
from webapp.query.docs import filters_page
from webapp.query.fields import FIELDS, SHORTCUTS, Kind

pytestmark = pytest.mark.unit

PAGE = Path(__file__).parents[2] / "docs" / "filters.md"


def test_the_committed_page_is_up_to_date(snapshot: Snapshot) -> None:
    snapshot(PAGE, filters_page())


def test_the_page_names_every_field_and_flag() -> None:
    page = filters_page()
    for name in [field.name for field in FIELDS if field.kind is not Kind.FLAG]:
        assert f"| `{name}` |" in page
    for name in [shortcut.name for shortcut in SHORTCUTS]:
        assert f"| `is:{name}` |" in page


def test_the_example_at_the_top_is_read() -> None:
    example = next(line for line in filters_page().splitlines() if line.startswith("    device:"))
    assert read(example.strip()) != read("")
