"""Do the rows of a difference arrive when they are needed, and do n and p walk its changes?"""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.parts import framed, probe
from tests.e2e.static_site import Answer, Asked, StaticSite

pytestmark = pytest.mark.e2e

CHUNKS = 40
HOST = 'data-diff data-rows="/rows?x=1" data-first-hunk="1" data-last-hunk="80" data-total="80"'
MAIN = (
    """{{ hunk_nav(80) }}<div HOST><div class="rows"><table class="diff"><tbody><tr class="fold"><td colspan="2">
<a href="/?context=all" data-unfold="/fold">Show 3 unchanged lines</a></td></tr>
<tr id="long"><td class="ln">7</td><td class="tx">cut <a href="/line" data-whole>Show whole line (9 bytes)</a></td></tr></tbody></table>
{{ first|safe }}</div>
{% for n in range(1, 35) %}{{ lazy_rows("/?row=" ~ n, n * 200 + 1, n * 200 + 200, 2 * n + 1, 2 * n + 2) }}{% endfor %}
{{ lazy_rows("/?row=7000", 7001, 8000, 71, 80) }}
<nav data-map><svg width="14" height="80"><a href="/?row=7900" data-row="7900"><rect width="14" height="20"/></a></svg></nav></div>"""
).replace("HOST", HOST)


def table(chunk: int) -> str:
    """Return 200 rows with two changes, the hunks 2 * chunk + 1 and 2 * chunk + 2."""
    names = {0: f' id="h{2 * chunk + 1}"', 150: f' id="h{2 * chunk + 2}"'}
    row = '<tr{}><td class="ln">{}</td><td class="tx">text</td></tr>'
    rows = "".join(row.format(names.get(at, ""), chunk * 200 + at) for at in range(200))
    return f'<table class="diff"><tbody>{rows}</tbody></table>'


def answer_rows(asked: Asked) -> Answer:
    """Answer some chunks."""
    assert asked.query["x"] == "1"
    chunks = range(int(asked.query["start"]) // 200, int(asked.query["stop"]) // 200)
    return Answer(body="".join(table(chunk) for chunk in chunks).encode())


@pytest.fixture
def diff(site: StaticSite) -> StaticSite:
    """Return a site with 8,000 rows of which 200 are on the page."""
    site.put("/", framed(MAIN, imports="viewers: hunk_nav, lazy_rows", sheets="compare", first=table(0)))
    site.answers["/rows"] = answer_rows
    rows = "".join(f'<tr id="f{n}"><td>{n}</td></tr>' for n in (1, 2, 3))
    site.put("/fold", Answer(body=f"<table>{rows}</table>".encode()))
    return site


def open_page(tab: Page, path: str = "/") -> None:
    """Open the page and wait until it can be walked."""
    tab.goto(path)
    expect(tab.locator("[data-diff][data-ready]")).to_be_attached()


def loaded(site: StaticSite) -> list[int]:
    """Return the first chunks that were asked for, in order."""
    return [int(asked.query["start"]) // 200 for asked in site.asked if asked.path == "/rows"]


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
    expect(tab.locator("div.lazy a")).to_have_count(34)
    diff.answers["/rows"] = answer_rows
    expect(tab.locator("#h80")).to_be_attached(timeout=10_000)
    assert all("404" in fault for fault in faults)
    faults.clear()


def test_swapped_rows_are_watched_too(tab: Page, diff: StaticSite) -> None:
    open_page(tab)
    rows = '<div class="rows lazy" data-start="7800" data-stop="8000"></div>'
    probe(tab, "morph.replace", "main", f'<main id="main"><div {HOST}>{rows}</div></main>')
    expect(tab.locator("#h80")).to_be_attached()


def test_long_placeholders_are_filled_in_parts(tab: Page, diff: StaticSite) -> None:
    open_page(tab)
    tab.keyboard.press("p")
    expect(tab.locator("#h80")).to_be_in_viewport()
    parts = [asked.query for asked in diff.asked if asked.path == "/rows" and int(asked.query["start"]) >= 7000]
    assert parts
    assert all(int(part["stop"]) - int(part["start"]) <= 300 for part in parts)


def test_a_cut_line_is_shown_whole_in_place(tab: Page, diff: StaticSite) -> None:
    diff.put("/line", Answer(body=b"cut <whole>", kind="text/plain"))
    open_page(tab)
    tab.get_by_role("link", name="Show whole line (9 bytes)").click()
    expect(tab.locator("#long .tx")).to_have_text("cut <whole>")


def test_a_mark_of_the_map_brings_its_rows(tab: Page, diff: StaticSite) -> None:
    open_page(tab)
    expect(tab.locator("[data-map][data-ready]")).to_be_attached()
    tab.locator("[data-row]").dispatch_event("click")
    expect(tab.locator("#h79")).to_be_attached()
    assert "row=" not in tab.url
