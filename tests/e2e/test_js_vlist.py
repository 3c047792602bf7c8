"""Is every row of a list reachable, with fixed and with wrapped rows, also beyond the browsers' limit of height?"""

import pytest
from playwright.sync_api import Page

pytestmark = pytest.mark.e2e

MAKE = """async ([count, wrap]) => { const { VList } = await import('/static/js/vlist.js');
  document.body.innerHTML = '<div id="host"></div>'; const host = document.getElementById('host');
  Object.assign(host.style, {height: '300px', width: '400px', overflow: 'auto', position: 'relative', font: '12px/20px monospace'});
  const list = window.list = new VList(host, { row: 20, render: (i, e) => { e.dataset.i = i; e.textContent = 'row ' + i + (i % 3 ? '' : ' long'.repeat(60));
    e.style.whiteSpace = list.wrap ? 'pre-wrap' : 'pre'; e.style.minHeight = '20px' } });
  list.setCount(count); if (wrap) list.setWrap(true); list.draw() }"""
SHOWN = """() => { const box = document.getElementById('host').getBoundingClientRect();
  return [...document.querySelectorAll('.v-win > div:not([hidden])')].filter(e => { const r = e.getBoundingClientRect();
    return r.bottom > box.top + .5 && r.top < box.bottom - .5 }).map(e => Number(e.dataset.i)) }"""
SETTLE = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"


def shown(tab: Page, script: str = "() => null") -> list[int]:
    """Run a script and return the rows in view afterwards."""
    tab.evaluate(script)
    tab.evaluate(SETTLE)
    rows: list[int] = tab.evaluate(SHOWN)
    return rows


@pytest.mark.parametrize("wrap", [False, True])
@pytest.mark.parametrize("count", [1, 10, 40, 5000, 10_000_000])
def test_first_and_last_rows_meet_the_edges(tab: Page, count: int, wrap: bool) -> None:
    tab.goto("/")
    tab.evaluate(MAKE, [count, wrap])
    first = shown(tab)
    assert first[0] == 0
    last = shown(tab, "() => list.toEnd()")
    assert last[-1] == count - 1
    assert last == list(range(last[0], count))
    gap = tab.evaluate(
        """() => { const rows = document.querySelectorAll('.v-win > div:not([hidden])');
        return document.getElementById('host').getBoundingClientRect().bottom - rows[rows.length - 1].getBoundingClientRect().bottom }"""
    )
    assert count * 20 < 300 or abs(gap) < 2


@pytest.mark.parametrize("wrap", [False, True])
@pytest.mark.parametrize("index", [0, 1, 777, 4_000_001, 9_999_998, 9_999_999])
def test_any_row_comes_into_view(tab: Page, index: int, wrap: bool) -> None:
    tab.goto("/")
    tab.evaluate(MAKE, [10_000_000, wrap])
    assert index in shown(tab, f"() => list.scrollTo({index})")


def test_scrolling_down_passes_every_row_in_order(tab: Page) -> None:
    tab.goto("/")
    tab.evaluate(MAKE, [200, True])
    seen = set(shown(tab))
    for _ in range(400):
        rows = shown(tab, "() => { document.getElementById('host').scrollTop += 60 }")
        assert rows == sorted(rows)
        seen |= set(rows)
    assert seen == set(range(200))


def test_row_elements_are_few(tab: Page) -> None:
    tab.goto("/")
    tab.evaluate(MAKE, [1_000_000, False])
    shown(tab, "() => list.scrollTo(500000)")
    assert tab.locator(".v-win > div").count() < 60
