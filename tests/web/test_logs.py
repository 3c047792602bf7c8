"""Does the page of a log show it, with scripts and without, whatever the log holds?"""

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask, url_for
from flask.testing import FlaskClient

from tests.factories.runs import record_run
from tests.store.log_runs import NOW, UID, add_run
from webapp.store.db import writing
from webapp.store.logs import append_log
from webapp.store.runs import get_run

pytestmark = pytest.mark.integration
BASE = f"/runs/{UID}/logs/run"
LINES = [b"2026-11-22 08:00:00 INFO line %d\n" % number for number in range(1, 4501)]
LINES[2999] = b"\x1b[1;31mERROR <script>alert(1)</script>\x1b[0m \x1b]0;title\x07\xff\n"
LINES[3000] = b"WARNING \x1b[38;5;208mcolour\n"
LINES[3001] = b"of before\x1b[0m\n"

Write = Callable[..., None]


@pytest.fixture
def write(app: Flask) -> Write:
    """Return a function that adds bytes to a log of the run."""
    with writing() as session:
        add_run(session)

    def append(data: bytes, stream: str = "run") -> None:
        with writing() as session:
            append_log(session, run_id=get_run(session, UID).id, stream=stream, data=data, now=NOW)

    return append


@pytest.fixture
def reader(write: Write, viewer: FlaskClient) -> FlaskClient:
    """Return a viewer's client, and let the run have a log of 4,500 lines."""
    write(b"".join(LINES))
    return viewer


def ask(client: FlaskClient, path: str, **query: str | int) -> Any:
    """Return the JSON that the page's scripts get."""
    answer = client.get(f"{BASE}/{path}", query_string=query)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    return answer.json


def numbers(text: str) -> list[int]:
    """Return the numbers of the lines that the page without scripts shows."""
    return [int(number) for number in re.findall(r'<div class="r[^"]*" id="L(\d+)">', text)]


def test_page_shows_2000_lines_with_anchors(reader: FlaskClient) -> None:
    page = reader.get(BASE)
    assert page.status_code == 200
    assert numbers(page.text) == list(range(1, 2001))
    assert '<a class="n" href="#L7" tabindex="-1">7</a>' in page.text
    assert '<span class="stamp">2026-11-22 08:00:00 </span>INFO line 7</span>' in page.text
    assert "4,500 lines" in page.text
    assert f'data-log="{BASE}"' in page.text
    assert f'data-events="/runs/{UID}/events"' in page.text


def test_pages_lead_to_each_other(reader: FlaskClient) -> None:
    pages = {first: reader.get(BASE, query_string={"from": first}).text for first in (1, 2001, 4001, 99_999)}
    assert [numbers(text)[0] for text in pages.values()] == [1, 2001, 4001, 4500]
    assert [f'href="{BASE}?from={target}"' in pages[1] for target in (1, 2001, 4001)] == [False, True, True]
    assert [f'href="{BASE}?from={target}"' in pages[4001] for target in (1, 2001, 4001)] == [False, True, False]
    assert numbers(pages[4001])[-1] == 4500


def test_colours_and_levels_are_classes_and_text_is_escaped(reader: FlaskClient) -> None:
    text = reader.get(BASE, query_string={"from": 3000}).text
    assert (
        '<div class="r error" id="L3000"><a class="n" href="#L3000" tabindex="-1">3000</a><span class="t">'
        '<span class="a1 a31">ERROR &lt;script&gt;alert(1)&lt;/script&gt;</span> \ufffd</span></div>'
    ) in text
    assert '<div class="r warning" id="L3001">' in text
    assert '<span class="f208">colour</span>' in text
    assert '<span class="f208">of before</span>' in text
    assert "<script>alert" not in text
    assert "\x1b" not in text


def test_search_without_scripts_links_to_the_lines(reader: FlaskClient) -> None:
    text = reader.get(BASE, query_string={"q": "LINE 44"}).text
    assert "111 lines with “LINE 44”, the first 100 of them" in text
    assert f'<a class="n" href="{BASE}?from=4395#L4400">4400</a>' in text
    assert "0 lines with “&lt;b&gt;”" in reader.get(BASE, query_string={"q": "<b>"}).text


def test_meta_says_how_long_the_log_is_and_whether_more_may_come(reader: FlaskClient, write: Write) -> None:
    size = sum(map(len, LINES))
    levels = {"error": 1, "warning": 1}
    assert ask(reader, "meta") == {"lines": 4500, "size": size, "levels": levels, "live": True}
    write(b"unfinished ERROR")
    assert ask(reader, "meta") == {"lines": 4501, "size": size + 16, "levels": levels | {"error": 2}, "live": True}


def test_lines_carry_levels_and_colours(reader: FlaskClient) -> None:
    answer = ask(reader, "lines", **{"from": 2999, "count": 3})
    assert answer == {
        "from": 2999,
        "lines": [
            "\x1b[0;1;31mERROR <script>alert(1)</script>\x1b[m \ufffd",
            "WARNING \x1b[0;38;5;208mcolour",
            "of before\x1b[m",
        ],
        "levels": ["error", "warning", ""],
        "sgr": "",
    }
    assert ask(reader, "lines", **{"from": 3001, "count": 1})["sgr"] == "38;5;208"
    assert len(ask(reader, "lines", count=100_000)["lines"]) == 1000
    assert ask(reader, "lines", **{"from": 4500})["lines"] == []


def test_search_answers_line_numbers(reader: FlaskClient) -> None:
    assert ask(reader, "search", q="script") == {"lines": [2999], "total": 1, "more": False}
    many = ask(reader, "search", q="Line")
    assert (len(many["lines"]), many["total"], many["more"]) == (1000, 4497, True)
    rest = ask(reader, "search", q="Line", **{"from": 4000})
    assert (rest["lines"][0], rest["total"], rest["more"]) == (4000, 500, False)


def test_next_finds_levels_both_ways(reader: FlaskClient) -> None:
    asked = [("error", 0, 1), ("error", 2999, 1), ("error", 3000, 1), ("warning", 4499, -1), ("warning", 2999, -1)]
    found = [ask(reader, "next", level=level, dir=by, **{"from": at})["line"] for level, at, by in asked]
    assert found == [2999, 2999, None, 3000, None]


def test_raw_is_what_was_sent(reader: FlaskClient) -> None:
    answer = reader.get(f"{BASE}/raw")
    assert answer.data == b"".join(LINES)
    assert answer.headers["Content-Disposition"] == "attachment; filename=run.log"


@pytest.mark.parametrize(
    "path",
    ["lines?from=-1", "lines?from=x", "lines?count=1e3", "search?q=", "next?level=info", "next?level=error&dir=2"],
)
def test_a_question_that_makes_no_sense_is_refused(reader: FlaskClient, path: str) -> None:
    assert reader.get(f"{BASE}/{path}").status_code == 422
    assert reader.get(f"{BASE}?from=x").status_code == 422


@pytest.mark.parametrize("path", ["", "/meta", "/lines", "/search?q=x", "/next?level=error", "/raw"])
def test_only_people_who_may_look_see_a_log_that_is_there(reader: FlaskClient, client: FlaskClient, path: str) -> None:
    assert client.get(BASE + path).status_code == 302
    assert reader.get(f"/runs/{UID}/logs/edge-1{path}").status_code == 404
    assert reader.get(f"/runs/unknown/logs/run{path}").status_code == 404


@pytest.mark.parametrize("name", ["edge-1", "../../x", "..", "a/meta", "100%", "50%2F", "größe <b>", "?#&"])
def test_any_name_of_a_device_has_an_address(app: Flask, write: Write, viewer: FlaskClient, name: str) -> None:
    write(b"hello\n", name)
    with app.test_request_context():
        address = url_for("logs.show", uid=UID, stream=name)
    assert re.fullmatch(rf"/runs/{UID}/logs/[^/?#]+", address)
    assert not address.endswith("/..")
    assert "hello" in viewer.get(address).text
    assert viewer.get(f"{address}/raw").data == b"hello\n"


def test_other_logs_of_the_run_are_offered(reader: FlaskClient, write: Write) -> None:
    write(b"ERROR x\n", "edge-1")
    assert f'href="/runs/{UID}/logs/edge-1"' in reader.get(BASE).text
    page = reader.get(f"/runs/{UID}/logs/edge-1").text
    assert "Log of edge-1" in page
    assert f'href="{BASE}"' in page


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xfe\x00\x00",
        "\u2028\u2029\u0085\u202e\ufeff".encode(),
        b"\xed\xa0\x80 lone surrogate\n",
        b"x" * 2_000_000 + b"\nafter",
        b"\r\r\r\n\x08\x08",
        b"</span></div><img src=x onerror=alert(1)>",
        b"\n" * 5_000,
    ],
)
def test_hostile_bytes_are_shown_harmlessly(write: Write, viewer: FlaskClient, data: bytes) -> None:
    write(data)
    page = viewer.get(BASE)
    assert page.status_code == 200
    assert "<img" not in page.text
    assert not re.search("[\x00-\x08\x0b-\x1f\u2028\u2029\u202e\ufeff]", page.text)
    assert len(page.data) < 400_000
    assert viewer.get(f"{BASE}/raw").data == data
    assert len(ask(viewer, "lines")["lines"]) == min(500, data.count(b"\n") + (not data.endswith(b"\n")))


def test_run_opens_with_its_own_log(app: Flask, viewer: FlaskClient) -> None:
    uid = record_run(app, devices=["edge-1"], logs={"edge-1": ["hello"], "run": ["begun"]})
    assert f"/runs/{uid}/logs/run/raw" in viewer.get(f"/runs/{uid}").text.split('id="run-log"')[1]


def test_log_is_compared_with_the_same_one_of_the_run_before(app: Flask, viewer: FlaskClient) -> None:
    first, second = (record_run(app, logs={"run": ["a"], "edge-1": ["b"]}) for _ in range(2))
    third = record_run(app, logs={"run": ["a"], "edge-9": ["c"]})
    assert "Compare with" not in viewer.get(f"/runs/{first}/logs/run").text
    assert f'/compare?a={first}&amp;b={second}&amp;tab=logs"' in viewer.get(f"/runs/{second}/logs/run").text
    link = f"/compare?a={first}&amp;b={second}&amp;tab=logs&amp;device=edge-1"
    assert link in viewer.get(f"/runs/{second}/logs/edge-1").text
    assert "Compare with" not in viewer.get(f"/runs/{third}/logs/edge-9").text
