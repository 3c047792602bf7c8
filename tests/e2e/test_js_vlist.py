"""Is every row of a list reachable, with fixed and with wrapped rows, also beyond the browsers' limit of height?"""

import pytest
from playwright.sync_api import Page

from tests.e2e.parts import probe

pytestmark = pytest.mark.e2e
WRAP = pytest.mark.parametrize("wrap", ["", "wrap"])


@WRAP
@pytest.mark.parametrize("count", [1, 10, 40, 5000, 10_000_000])
def test_first_and_last_rows_meet_the_edges(listing: Page, count: int, wrap: str) -> None:
    assert probe(listing, "vlist.make", count, wrap)[0] == 0
    last = probe(listing, "vlist.toEnd")
    assert last == list(range(last[0], count))
    if count * 20 > 300:
        assert abs(probe(listing, "vlist.gapAtEnd")) < 2


@WRAP
@pytest.mark.parametrize("index", [0, 1, 777, 4_000_001, 9_999_998, 9_999_999])
def test_any_row_comes_into_view(listing: Page, index: int, wrap: str) -> None:
    probe(listing, "vlist.make", 10_000_000, wrap)
    assert index in probe(listing, "vlist.scrollTo", index)


def test_scrolling_down_passes_every_row_in_order(listing: Page) -> None:
    seen = set(probe(listing, "vlist.make", 200, "wrap"))
    for _ in range(400):
        rows = probe(listing, "vlist.scrollBy", 60)
        assert rows == sorted(rows)
        seen |= set(rows)
    assert seen == set(range(200))


def test_row_elements_are_few(listing: Page) -> None:
    probe(listing, "vlist.make", 1_000_000, "")
    probe(listing, "vlist.scrollTo", 500_000)
    assert probe(listing, "vlist.elements") < 60


@pytest.fixture
def listing(tab: Page) -> Page:
    """Return an empty page with the rules a list needs."""
    tab.goto("/")
    tab.add_style_tag(url="/static/css/components.css")
    return tab
