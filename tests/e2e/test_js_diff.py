"""Do the rows of a difference arrive when they are needed, and do n and p walk its changes?"""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.parts import framed, probe
from tests.e2e.static_site import Answer, Asked, StaticSite

pytestmark = pytest.mark.e2e

CHUNKS = 40
MAIN = """{{ hunk_nav(80) }}<div data-diff data-hunks="80">
<div class="rows"><table class="diff"><tbody>{{ fold_row("/?context=all", "/fold", 3, columns=2) }}</tbody></table>{{ first|safe }}</div>
{% for n in range(1, 40) %}{{ lazy_rows("/rows?n=" ~ n, n * 200, n * 200 + 199, 2 * n + 1, 2 * n + 2) }}{% endfor %}</div>"""


def table(chunk: int) -> str:
    """Return 200 rows with two changes, the hunks 2 * chunk + 1 and 2 * chunk + 2."""
    names = {0: f' id="h{2 * chunk + 1}"', 150: f' id="h{2 * chunk + 2}"'}
    row = '<tr{}><td class="ln">{}</td><td class="tx">text</td></tr>'
    rows = "".join(row.format(names.get(at, ""), chunk * 200 + at) for at in range(200))
    return f'<table class="diff"><tbody>{rows}</tbody></table>'


def answer_rows(asked: Asked) -> Answer:
    """Answer one chunk."""
    return Answer(body=table(int(asked.query["n"])).encode())


@pytest.fixture
def diff(site: StaticSite) -> StaticSite:
    """Return a site with 8,000 rows of which 200 are on the page."""
    site.put("/", framed(MAIN, imports="viewers: hunk_nav, fold_row, lazy_rows", sheets="compare", first=table(0)))
    site.answers["/rows"] = answer_rows
    rows = "".join(f'<tr id="f{n}"><td>{n}</td></tr>' for n in (1, 2, 3))
    site.put("/fold", Answer(body=f"<table>{rows}</table>".encode()))
    return site


def open_page(tab: Page, path: str = "/") -> None:
    """Open the page and wait until it can be walked."""
    tab.goto(path)
    expect(tab.locator("[data-diff][data-ready]")).to_be_attached()


def loaded(site: StaticSite) -> list[int]:
    """Return the chunks that were asked for, in order."""
    return [int(asked.query["n"]) for asked in site.asked if asked.path == "/rows"]


def test_only_rows_near_the_view_are_fetched(tab: Page, diff: StaticSite) -> None:
    open_page(tab)
    tab.wait_for_timeout(300)
    assert len(loaded(diff)) < CHUNKS / 2
    tab.locator("div.rows").last.scroll_into_view_if_needed()
    expect(tab.locator("#h80")).to_be_attached()
    assert len(loaded(diff)) == len(set(loaded(diff))) < CHUNKS


def test_n_and_p_walk_the_changes_by_number(tab: Page, diff: StaticSite) -> None:
    open_page(tab)
    for number in (1, 2, 3):
        tab.keyboard.press("n")
        expect(tab.locator("[data-hunk-now]")).to_have_text(f"Change {number} of 80")
        expect(tab.locator(f"#h{number}")).to_be_in_viewport()
    expect(tab).to_have_url(re.compile("#h3$"))
    tab.get_by_role("button", name="Previous change").click()
    expect(tab.locator("#h2.now")).to_be_in_viewport()
    tab.keyboard.press("p")
    expect(tab.locator("#h1.now")).to_be_in_viewport()
    tab.keyboard.press("p")
    expect(tab.locator("#h80.now")).to_be_in_viewport()
    expect(tab.locator("[data-hunk-now]")).to_have_text("Change 80 of 80")


def test_link_to_a_change_far_away_opens_it(tab: Page, diff: StaticSite) -> None:
    open_page(tab, "/#h61")
    tab.wait_for_timeout(1500)  # rows above it arrive meanwhile
    expect(tab.locator("#h61")).to_be_in_viewport()
    assert 30 in loaded(diff)


def test_folded_lines_open_in_place(tab: Page, diff: StaticSite) -> None:
    open_page(tab)
    tab.get_by_role("link", name="Show 3 unchanged lines").click()
    expect(tab.locator("#f3")).to_be_visible()
    expect(tab.locator("tr.fold")).to_have_count(0)
    assert "context" not in tab.url


def test_refused_rows_keep_their_link_and_are_tried_again(tab: Page, diff: StaticSite, faults: list[str]) -> None:
    del diff.answers["/rows"]
    open_page(tab)
    tab.locator("div.rows").last.scroll_into_view_if_needed()
    expect(tab.locator("div.lazy[aria-busy]")).to_have_count(0)
    tab.wait_for_timeout(300)
    assert loaded(diff)
    expect(tab.locator("div.lazy a")).to_have_count(CHUNKS - 1)
    diff.answers["/rows"] = answer_rows
    expect(tab.locator("#h80")).to_be_attached(timeout=10_000)
    assert all("404" in fault for fault in faults)
    faults.clear()


def test_swapped_rows_are_watched_too(tab: Page, diff: StaticSite) -> None:
    open_page(tab)
    rows = '<div class="rows lazy" data-src="/rows?n=39"></div>'
    probe(tab, "morph.replace", "main", f'<main id="main"><div data-diff data-hunks="7">{rows}</div></main>')
    expect(tab.locator("#h80")).to_be_attached()
