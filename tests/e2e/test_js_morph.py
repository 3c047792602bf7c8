"""Does a part of the page become its newer self without losing what the reader has there?"""

import pytest
from playwright.sync_api import Page

from tests.e2e.parts import probe

pytestmark = pytest.mark.e2e


def test_rows_are_matched_by_id_and_moved(tab: Page) -> None:
    tab.goto("/")
    before = '<ul id="l"><li id="a">1</li><li id="b">2</li><li id="c">3</li></ul>'
    after = '<ul id="l"><li id="n">0</li><li id="c">3</li><li id="a" class="x">1!</li></ul>'
    result = probe(tab, "morph.change", before, after)
    assert result["html"] == after
    assert result["kept"] == ["l", "a", "c"]


def test_focused_input_keeps_focus_and_text(tab: Page) -> None:
    tab.goto("/")
    html = '<form id="f"><p>{}</p><input id="q" value="{}"></form>'
    result = probe(tab, "morph.change", html.format("old", "mine"), html.format("new", "theirs"), "focus")
    assert result["focus"] == "q"
    assert "new" in result["html"]


def test_open_details_stay_open(tab: Page) -> None:
    tab.goto("/")
    html = '<div id="d"><p>{}</p><details><summary>s</summary>t</details></div>'
    assert probe(tab, "morph.change", html.format(1), html.format(2), "open")["open"] is True


def test_ticked_boxes_stay_ticked(tab: Page) -> None:
    tab.goto("/")
    html = '<div id="d"><p>{}</p><input type="checkbox"></div>'
    assert probe(tab, "morph.change", html.format(1), html.format(2), "tick")["ticked"] is True


def test_kept_viewer_is_untouched_until_it_shows_another_document(tab: Page) -> None:
    tab.goto("/")
    html = '<div id="r"><p>{}</p><div data-keep data-src="{}"><i id="{}"></i></div></div>'
    same = probe(tab, "morph.change", html.format(1, "/a", "old"), html.format(2, "/a", "new"))
    assert same["kept"] == ["r", "old"]
    other = probe(tab, "morph.change", html.format(1, "/a", "old"), html.format(2, "/b", "new"))
    assert 'id="new"' in other["html"]
    assert 'id="old"' not in other["html"]


def test_local_time_text_stays(tab: Page) -> None:
    tab.goto("/")
    html = '<p><b>{}</b><time datetime="2020-01-01" data-time="ago">{}</time></p>'
    assert probe(tab, "morph.changedText", html.format(1, "local"), html.format(2, "UTC")) == "2local"


def test_regions_missing_in_the_answer_stay(tab: Page) -> None:
    tab.goto("/")
    assert probe(tab, "morph.change", '<p id="p">old</p>', "<i>nothing</i>")["html"] == '<p id="p">old</p>'


def test_three_hundred_rows_take_milliseconds(tab: Page) -> None:
    tab.goto("/")
    assert probe(tab, "morph.timeOf", 300) < 250
