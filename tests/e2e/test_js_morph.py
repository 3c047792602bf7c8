"""Does a part of the page become its newer self without losing what the reader has there?"""

import pytest
from playwright.sync_api import Page

pytestmark = pytest.mark.e2e

MORPH = """async ([before, after, act]) => { const m = await import('/static/js/morph.js');
  document.body.innerHTML = before; const same = {}; for (const e of document.querySelectorAll('[id]')) same[e.id] = e;
  if (act) eval_(act); function eval_(name) { ({focus: () => document.getElementById('q').focus(),
    open: () => document.querySelector('details').open = true, tick: () => document.querySelector('input').click()})[name]() }
  m.morphRegions(after, [document.body.firstElementChild.id]);
  return {html: document.body.innerHTML, kept: Object.keys(same).filter(id => document.getElementById(id) === same[id]),
    focus: document.activeElement.id, open: document.querySelector('details')?.open, ticked: document.querySelector('input')?.checked,
    value: document.querySelector('input')?.value} }"""


@pytest.fixture
def blank(tab: Page) -> Page:
    """Return a page of the site to evaluate modules on."""
    tab.goto("/")
    return tab


def test_rows_are_matched_by_id_and_moved(blank: Page) -> None:
    before = '<ul id="l"><li id="a">1</li><li id="b">2</li><li id="c">3</li></ul>'
    after = '<ul id="l"><li id="n">0</li><li id="c">3</li><li id="a" class="x">1!</li></ul>'
    result = blank.evaluate(MORPH, [before, after, ""])
    assert result["html"] == after
    assert result["kept"] == ["l", "a", "c"]


def test_focused_input_keeps_focus_and_text(blank: Page) -> None:
    html = '<form id="f"><p>{}</p><input id="q" value="{}"></form>'
    result = blank.evaluate(MORPH, [html.format("old", "mine"), html.format("new", "theirs"), "focus"])
    assert result["focus"] == "q"
    assert "new" in result["html"]


def test_open_details_and_ticked_boxes_stay(blank: Page) -> None:
    html = '<div id="d"><p>{}</p><details><summary>s</summary>t</details></div>'
    assert blank.evaluate(MORPH, [html.format(1), html.format(2), "open"])["open"] is True
    html = '<div id="d"><p>{}</p><input type="checkbox"></div>'
    assert blank.evaluate(MORPH, [html.format(1), html.format(2), "tick"])["ticked"] is True


def test_kept_viewer_is_untouched_until_it_shows_another_document(blank: Page) -> None:
    html = '<div id="r"><p>{}</p><div data-keep data-src="{}"><i id="{}"></i></div></div>'
    same = blank.evaluate(MORPH, [html.format(1, "/a", "old"), html.format(2, "/a", "new"), ""])
    assert same["kept"] == ["r", "old"]
    other = blank.evaluate(MORPH, [html.format(1, "/a", "old"), html.format(2, "/b", "new"), ""])
    assert 'id="new"' in other["html"]
    assert 'id="old"' not in other["html"]


def test_local_time_text_stays(blank: Page) -> None:
    html = blank.evaluate(
        """async () => { const { morph, fragment } = await import('/static/js/morph.js');
        const make = (n, text) => fragment(`<p><b>${n}</b><time datetime="2020-01-01" data-time="ago">${text}</time></p>`).firstChild;
        const live = make(1, 'local'); morph(live, make(2, 'UTC')); return live.textContent }"""
    )
    assert html == "2local"


def test_regions_missing_in_the_answer_stay(blank: Page) -> None:
    assert blank.evaluate(MORPH, ['<p id="p">old</p>', "<i>nothing</i>", ""])["html"] == '<p id="p">old</p>'


def test_three_hundred_rows_take_a_few_milliseconds(blank: Page) -> None:
    took = blank.evaluate(
        """async () => { const m = await import('/static/js/morph.js');
        const rows = n => '<table><tbody id="t">' + [...Array(300).keys()].map(k => `<tr id="r${k}"><td>${k}</td><td>${k % 7 === n ? 'x' : 'y'}</td></tr>`).join('') + '</tbody></table>';
        document.body.innerHTML = rows(1); const start = performance.now(); m.morphRegions(rows(2), ['t']); return performance.now() - start }"""
    )
    assert took < 250
