"""Do the tabs of texts show every row, find what is searched for, and say in words what cannot be compared?"""

import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, update

from tests.diff.test_lines import EDGE_CASES
from tests.factories.runs import Device, record_run
from webapp.clock import now
from webapp.compare import asking, making, texts, workshop
from webapp.compare.shelf import Shelf
from webapp.compare.workshop import WORKSHOP, Workshop
from webapp.store.db import writing
from webapp.store.logs import append_log
from webapp.store.models.inventory import ServiceRow
from webapp.store.models.logs import LogRow
from webapp.store.retention import remove_runs
from webapp.store.runs import get_run
from webapp.web import compare_pages

pytestmark = pytest.mark.integration

COMMON = [f"line {number}" for number in range(60)]
Pair = tuple[str, str]


def record_pair(app: Flask, a: list[str], b: list[str]) -> Pair:
    return record_run(app, logs={"run": a}), record_run(app, logs={"run": b})


def get(client: FlaskClient, runs: Pair, /, path: str = "/compare", **more: str) -> str:
    answer = client.get(path, query_string={"a": runs[0], "b": runs[1], "tab": "logs", **more})
    assert answer.status_code == 200, answer.text
    return str(answer.text)


@pytest.fixture
def pair(app: Flask) -> Pair:
    return record_pair(app, [*COMMON, "took 12 ms", "same"], [*COMMON, "took 99 ms", "Link Down", "same"])


def wait_longer(app: Flask, tmp_path: Path, **options: float) -> None:
    app.extensions[WORKSHOP] = Workshop(Shelf(tmp_path / "shelf"), **{"patience_s": 60.0, **options})  # type: ignore[arg-type]


def test_long_differences_are_filled_in_chunks(
    viewer: FlaskClient, pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compare_pages, "FIRST_ROWS", 20)
    monkeypatch.setattr(compare_pages, "BLOCK_ROWS", 20)
    text = get(viewer, pair, context="all")
    assert re.findall(r'data-start="(\d+)" data-stop="(\d+)"', text) == [("20", "40"), ("40", "60"), ("60", "63")]
    assert 'data-stop="63" data-first-hunk="1" data-last-hunk="1"' in text
    assert "line 19" in text
    assert "line 20" not in text


def test_any_row_is_a_page_without_scripts(viewer: FlaskClient, pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compare_pages, "FIRST_ROWS", 20)
    monkeypatch.setattr(compare_pages, "BLOCK_ROWS", 20)
    text = get(viewer, pair, context="all", row="45")
    assert re.findall(r'data-start="(\d+)"', text) == ["0", "20", "60"]
    assert "line 40<" in text
    monkeypatch.setattr(compare_pages, "PAGE_ROWS", 40)
    text = get(viewer, pair, context="all", row="45")
    assert "Page 1 of 2" in text
    assert re.findall(r'data-start="(\d+)"', text) == ["60"]
    assert "Page 2 of 2" in get(viewer, pair, context="all")


def test_map_has_a_mark_for_each_change(viewer: FlaskClient, pair: Pair) -> None:
    text = get(viewer, pair, context="all")
    assert '<rect class="both"' in text
    assert 'data-row="60"' in text
    assert "data-map" not in get(viewer, pair)  # few rows
    assert "data-map" not in get(viewer, (pair[0], pair[0]), context="all")


def test_search_finds_rows_and_folds_whatever_the_case(viewer: FlaskClient, pair: Pair) -> None:
    text = get(viewer, pair, find="link down")
    assert "row 1 of 1" in text
    assert '<tr class="hit here">' in text
    text = get(viewer, pair, find="line 5", hit="2")
    assert "row 2 of 4" in text  # 5 and 50 to 56 in a fold, then 57, 58, 59
    assert 'id="hit"' in text
    assert "not found" in get(viewer, pair, find="no such words")


def test_messages_new_and_gone_are_named(viewer: FlaskClient, pair: Pair) -> None:
    text = get(viewer, pair)
    assert "1 new kind" in text
    assert "Link Down</a>" in text
    assert "at=B62#B62" in text
    assert 'id="B62"' in get(viewer, pair, at="B62")
    assert (
        viewer.get("/compare", query_string={"a": pair[0], "b": pair[1], "tab": "logs", "at": "x"}).status_code == 422
    )


def test_moved_lines_lead_to_each_other(app: Flask, viewer: FlaskClient) -> None:
    block = ["one block", "of three lines", "that moves"]
    pair = record_pair(app, [*block, *COMMON], [*COMMON, *block])
    text = get(viewer, pair, view="unified")
    assert '<a class="muted" href="#B61">moved to line 61</a>' in text
    assert '<a class="muted" href="#A1">moved from line 1</a>' in text
    assert "1 block moved" in text


def test_long_lines_are_cut_and_can_be_read_whole(app: Flask, viewer: FlaskClient) -> None:
    pair = record_pair(app, ["x" * 5_000], ["x" * 5_000 + "y"])
    text = get(viewer, pair)
    assert "Show whole line (5,002 bytes)" in text
    query = {"a": pair[0], "b": pair[1], "tab": "logs", "side": "b", "line": "1"}
    whole = viewer.get("/compare/line", query_string=query)
    assert whole.mimetype == "text/plain"
    assert whole.text == "x" * 5_000 + "y\n"
    for name, value, status in (("side", "c", 422), ("line", "x", 422), ("line", "2", 404)):
        assert viewer.get("/compare/line", query_string=query | {name: value}).status_code == status


def test_ranges_of_lines_keep_their_numbers(viewer: FlaskClient, pair: Pair) -> None:
    text = get(viewer, pair, a_lines="50-61", b_lines="50-")
    assert "12 and 14 lines, a part of the texts" in text
    assert 'id="A61"' in text
    assert "<del>12</del>" in text
    for nonsense in ("5", "0-3", "9-8", "a-b"):
        answer = viewer.get("/compare", query_string={"a": pair[0], "b": pair[1], "tab": "logs", "a_lines": nonsense})
        assert answer.status_code == 422


def test_ranges_of_json_are_lines_as_written_out(app: Flask, viewer: FlaskClient) -> None:
    pair = tuple(record_run(app, devices=[Device(name="x", result={"a": 1, "b": number})]) for number in (1, 2))
    query = {"a": pair[0], "b": pair[1], "tab": "result", "device": "x", "a_lines": "3-4", "b_lines": "3-4"}
    text = viewer.get("/compare", query_string=query).text
    assert 'id="A3"' in text
    assert 'id="A2"' not in text


def test_too_long_texts_are_refused_and_ranges_offered(
    viewer: FlaskClient, pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(texts, "MAX_LINES", 10)
    text = get(viewer, pair)
    assert "up to 10 lines are compared at once" in text
    assert "a_lines=1-200000" in text
    assert "level=exact" in text
    monkeypatch.setattr(texts, "MAX_BYTES", 10)
    assert "up to 10 are compared at once" in get(viewer, pair)


def test_too_large_json_is_refused_with_what_can_be_done(
    app: Flask, viewer: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair = tuple(record_run(app, devices=[Device(name="x", result={"a": number})]) for number in (1, 2))
    monkeypatch.setattr(texts, "MAX_JSON", 5)
    text = viewer.get("/compare", query_string={"a": pair[0], "b": pair[1], "tab": "result", "device": "x"}).text
    assert "JSON results of up to 5 are compared" in text
    assert "compare the parts that matter as two texts" in text


@pytest.mark.parametrize("view", ["side", "unified"])
def test_words_that_a_level_ignores_are_not_marked(app: Flask, viewer: FlaskClient, view: str) -> None:
    pair = record_pair(app, ["10:00:01 port 1 up"], ["10:00:02 port 2 down"])
    marked = {
        level: re.findall(r"<(?:del|ins)>(.*?)</", get(viewer, pair, level=level, view=view))
        for level in ("exact", "volatile", "numbers")
    }
    assert marked == {
        "exact": ["01", "1 up", "02", "2 down"],
        "volatile": ["1 up", "2 down"],
        "numbers": ["up", "down"],
    }
    assert "10:00:0" in get(viewer, pair, level="numbers", view=view)


def test_a_comparison_cut_short_says_so(viewer: FlaskClient, pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(making, "BUDGET_S", 0.0)
    assert "Not compared to the end" in get(viewer, pair)


def test_large_comparisons_are_made_in_a_process_of_their_own(
    app: Flask, viewer: FlaskClient, pair: Pair, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(texts, "SMALL_LINES", 10)
    wait_longer(app, tmp_path)
    monkeypatch.setattr(workshop, "make", None)  # not here
    text = get(viewer, pair)
    assert "<ins>99</ins>" in text
    assert viewer.get("/compare/state", query_string={"a": pair[0], "b": pair[1], "tab": "logs"}).status_code == 204
    assert "<ins>99</ins>" in get(viewer, pair, "/compare/rows", start="0", stop="9")


def test_the_page_waits_and_says_how_far_it_is(
    app: Flask, viewer: FlaskClient, pair: Pair, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(texts, "SMALL_LINES", 10)
    wait_longer(app, tmp_path, at_once=0, patience_s=0.0)
    text = get(viewer, pair)
    assert 'data-waiting="/compare/state?' in text
    assert "Waiting for its turn" in text
    assert '<noscript><meta http-equiv="refresh"' in text
    assert "Waiting for its turn" in get(viewer, pair, "/compare/state")
    answer = viewer.get("/compare/rows", query_string={"a": pair[0], "b": pair[1], "tab": "logs"})
    assert answer.status_code == 404
    assert "still being made" in answer.text


def test_state_of_texts_that_are_missing(viewer: FlaskClient, pair: Pair) -> None:
    query = {"a": pair[0], "b": pair[1], "tab": "logs", "device": "none"}
    assert viewer.get("/compare/state", query_string=query).status_code == 204


def append(uid: str, data: bytes) -> None:
    with writing() as session:
        append_log(session, run_id=get_run(session, uid).id, stream="run", data=data, now=now())


def test_logs_of_any_bytes_are_shown_harmless(app: Flask, viewer: FlaskClient) -> None:
    pair = record_run(app), record_run(app)
    texts_of = [(name, *texts) for name, texts in EDGE_CASES.items() if len(texts[0]) < 10_000]
    for _, *both in texts_of:
        for uid, data in zip(pair, both, strict=True):
            append(uid, data)
    for view in ("side", "unified"):
        text = get(viewer, pair, view=view, context="all")
        assert "lines deleted" in text
        shown = "".join(re.findall(r"<td[^>]*>(.*?)</td>", text, re.DOTALL))
        assert "caf" in shown
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff]", shown)


def test_a_log_that_still_grows_is_compared_as_it_is_now(viewer: FlaskClient, pair: Pair) -> None:
    assert "sharp" not in get(viewer, pair)
    append(pair[1], b"sharp\nlate")
    text = get(viewer, pair)
    assert "sharp" in text
    assert "late [no line end]" in text
    append(pair[1], b"r\n")
    assert "later</td>" in get(viewer, pair)


def test_what_was_removed_meanwhile_is_told(app: Flask, viewer: FlaskClient, pair: Pair) -> None:
    get(viewer, pair)
    with writing() as session:
        session.execute(delete(LogRow))
    assert "Neither A nor B has a run log" in get(viewer, pair)
    with writing() as session:
        remove_runs(session, [get_run(session, pair[1]).id])
    assert viewer.get("/compare", query_string={"a": pair[0], "b": pair[1], "tab": "logs"}).status_code == 404


def test_one_side_that_is_empty(app: Flask, viewer: FlaskClient) -> None:
    pair = record_run(app), record_run(app, logs={"run": ["one", "two"]})
    assert "A has no run log" in get(viewer, pair)
    text = get(viewer, (pair[1], pair[1]), a_lines="3-")
    assert "0 lines deleted, 2 lines inserted" in text


def test_rules_of_the_service_are_ignored_where_the_level_allows(
    app: Flask, viewer: FlaskClient, pair: Pair, tmp_path: Path
) -> None:
    wait_longer(app, tmp_path)
    with writing() as session:
        service = get_run(session, pair[1]).service_id
        rules = [{"kind": "mask", "pattern": "Link Down"}, {"kind": "line", "pattern": "^took"}]
        session.execute(
            update(ServiceRow).where(ServiceRow.id == service).values(options={"compare": {"rules": rules}})
        )
    assert "<ins>99</ins>" in get(viewer, pair)
    ignoring = get(viewer, pair, level="volatile")
    assert "0 lines deleted, 1 line inserted" in ignoring
    assert 'tx noise">took 12 ms' in ignoring
    assert "Show 1 ignored" in ignoring


def test_a_rule_that_never_ends_is_told(
    app: Flask, viewer: FlaskClient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(asking, "RULES_S", 0.5)
    wait_longer(app, tmp_path)
    pair = record_pair(app, ["a" * 40 + "!"], ["a" * 40 + "?"])
    with writing() as session:
        rules = [{"kind": "mask", "pattern": "(a|aa)+$"}]
        session.execute(update(ServiceRow).values(options={"compare": {"rules": rules}}))
    assert "A rule of the service may never end" in get(viewer, pair, level="volatile")
    assert "1 line deleted" in get(viewer, pair)
