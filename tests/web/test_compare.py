"""Does the compare page say what changed, in every tab, and is its whole state the address?"""

import json
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.factories.people import make_caller, make_query
from tests.factories.runs import NOW, CaseReport, Device, record_run
from webapp.ingest.services import ServiceFields, put_service
from webapp.store.db import writing

pytestmark = pytest.mark.integration

NASTY = "<script>alert(1)</script>"


@pytest.fixture
def pair(app: Flask) -> tuple[str, str]:
    """Record two runs with a change of every kind."""
    common = [f"line {number}" for number in range(60)]
    first = record_run(
        app,
        devices=[
            Device(name="breaks", result={"v": 1}, duration_s=1),
            Device(name="heals", status="failed"),
            Device(name="differs", result={"v": 1, "text": "a\nb\n"}, duration_s=1),
            Device(name="stays", result=[1], duration_s=2),
            Device(name="goes"),
        ],
        cases=[CaseReport(name="x", result="pass"), CaseReport(name="y", result="fail")],
        logs={"run": [*common, "took 12 ms", "same"], "differs": ["one", "two"]},
    )
    second = record_run(
        app,
        devices=[
            Device(name="breaks", status="failed", message=NASTY, duration_s=3),
            Device(name="heals"),
            Device(name="differs", result={"v": 2, "text": "a\nc\n", "new": NASTY}, duration_s=9),
            Device(name="stays", result=[1], duration_s=2),
            Device(name="comes"),
        ],
        cases=[CaseReport(name="x", result="fail"), CaseReport(name="y", result="pass"), CaseReport(name="z")],
        logs={"run": [*common, "took 99 ms", NASTY, "same"], "differs": ["one", "2"]},
    )
    return first, second


def get(client: FlaskClient, runs: tuple[str, str], /, **more: str) -> str:
    """Return the page that compares the pair."""
    answer = client.get("/compare", query_string={"a": runs[0], "b": runs[1], **more})
    assert answer.status_code == 200
    assert NASTY not in answer.text
    return str(answer.text)


def test_devices_by_class(viewer: FlaskClient, pair: tuple[str, str]) -> None:
    text = get(viewer, pair)
    for count in ("1 newly failing, devices", "1 newly failing, cases", "1 fixed, devices", "1 fixed, cases"):
        assert count in text
    listed = text.split("<tbody>")[-1]
    assert [name for name in ("breaks", "goes", "differs", "heals", "comes", "stays") if name in listed] == [
        "breaks",
        "goes",
        "differs",
        "heals",
        "comes",
    ]


def test_one_class_and_one_cell(viewer: FlaskClient, pair: tuple[str, str]) -> None:
    fixed = get(viewer, pair, change="fixed").split("<tbody>")[-1]
    assert "heals" in fixed
    assert "breaks" not in fixed
    cell = get(viewer, pair, pair="ok:failed").split("<tbody>")[-1]
    assert "breaks" in cell
    assert "heals" not in cell
    assert "stays" in get(viewer, pair, change="same").split("<tbody>")[-1]
    assert "Nothing of this kind" in get(viewer, pair, change="ignored_only")


def test_cases_are_the_first_tab_when_there_are_no_devices(app: Flask, viewer: FlaskClient) -> None:
    pair = (record_run(app, cases=[CaseReport(name="x")]), record_run(app, cases=[CaseReport(name="x")]))
    assert "Result in A by result in B" in get(viewer, pair)
    assert "Neither run has any devices" in get(viewer, pair, tab="devices")


def test_cases_tab(viewer: FlaskClient, pair: tuple[str, str]) -> None:
    text = get(viewer, pair, tab="cases").split("<tbody>")[-1]
    assert "Newly failing" in text
    assert "New and passing" in text


def test_log_line_by_line(viewer: FlaskClient, pair: tuple[str, str]) -> None:
    text = get(viewer, pair, tab="logs")
    assert "<del>12</del>" in text
    assert "<ins>99</ins>" in text
    assert "Show 57 unchanged lines" in text
    assert 'id="h1"' in text
    assert 'data-first-hunk="1" data-last-hunk="1" data-total="1"' in text
    assert "Show 57" not in get(viewer, pair, tab="logs", context="all")


def test_log_unified(viewer: FlaskClient, pair: tuple[str, str]) -> None:
    text = get(viewer, pair, tab="logs", view="unified")
    assert 'class="diff uni"' in text
    assert "<del>12</del>" in text
    assert "<ins>99</ins>" in text


def test_log_with_noise_ignored(app: Flask, viewer: FlaskClient) -> None:
    lines = [f"line {chr(65 + number)}" for number in range(20)]
    pair = (
        record_run(app, logs={"run": ["took 12 ms", *lines, "a"]}),
        record_run(app, logs={"run": ["took 99 ms", *lines, "b"]}),
    )
    text = get(viewer, pair, tab="logs", level="numbers")
    assert "Show 1 ignored" in text
    assert "took 99 ms" not in text
    assert "took 99 ms" in get(viewer, pair, tab="logs", level="numbers", ignored="1")


def test_log_of_a_device(viewer: FlaskClient, pair: tuple[str, str]) -> None:
    assert "<del>two</del>" in get(viewer, pair, tab="logs", device="differs")
    assert "Neither A nor B has a log of heals" in get(viewer, pair, tab="logs", device="heals")


def test_logs_begin_with_a_device_where_the_run_has_none(app: Flask, viewer: FlaskClient) -> None:
    pair = [record_run(app, devices=["edge-1"], logs={"edge-1": [line]}) for line in "ab"]
    answer = viewer.get("/compare", query_string={"a": pair[0], "b": pair[1], "tab": "logs"})
    assert answer.location == f"/compare?a={pair[0]}&b={pair[1]}&tab=logs&device=edge-1"


def test_folded_rows_come_on_demand(viewer: FlaskClient, pair: tuple[str, str]) -> None:
    query = {"a": pair[0], "b": pair[1], "tab": "logs"}
    behind = viewer.get("/compare/rows", query_string={**query, "fold": "0", "start": "0", "stop": "57"})
    assert behind.status_code == 200
    assert behind.text.count("<tr") == 57
    part = viewer.get("/compare/rows", query_string={**query, "start": "2", "stop": "4"})
    assert part.text.count("<tr") == 2
    assert viewer.get("/compare/rows", query_string={**query, "start": "x"}).status_code == 422
    assert viewer.get("/compare/rows").status_code == 422
    assert viewer.get("/compare/rows", query_string={**query, "device": "heals"}).status_code == 404


def test_patch(viewer: FlaskClient, pair: tuple[str, str]) -> None:
    answer = viewer.get("/compare/difference.patch", query_string={"a": pair[0], "b": pair[1], "tab": "logs"})
    assert answer.mimetype == "text/x-diff"
    assert "-took 12 ms" in answer.text
    assert "+took 99 ms" in answer.text


def test_result_json(viewer: FlaskClient, pair: tuple[str, str]) -> None:
    elsewhere = viewer.get("/compare", query_string={"a": pair[0], "b": pair[1], "tab": "result"})
    assert elsewhere.location == f"/compare?a={pair[0]}&b={pair[1]}&tab=result&device=differs"
    assert "No result differs" in get(viewer, (pair[0], pair[0]), tab="result")
    text = get(viewer, pair, tab="result", device="differs")
    assert "$.v" in text
    assert "<ins>c</ins>" in text
    assert "The same values" in get(viewer, pair, tab="result", device="stays")
    assert "Neither A nor B has a JSON result of heals" in get(viewer, pair, tab="result", device="heals")
    assert "B has no JSON result of breaks" in get(viewer, pair, tab="result", device="breaks")


def test_two_devices_of_one_run(viewer: FlaskClient, pair: tuple[str, str]) -> None:
    text = get(viewer, (pair[1], pair[1]), tab="result", device="differs", other="stays")
    assert "Changed values" in text


def test_two_attempts_of_one_run(app: Flask, viewer: FlaskClient) -> None:
    uid = record_run(app, attempts=[{"a": "failed", "b": "ok"}, {"a": "ok"}])
    text = get(viewer, (uid, uid), attempt_a="1", attempt_b="2")
    assert "1 fixed" in text
    assert "attempt 2" in text
    answer = viewer.get("/compare", query_string={"a": uid, "b": uid, "attempt_a": "x"})
    assert answer.status_code == 422


def test_timing(viewer: FlaskClient, pair: tuple[str, str]) -> None:
    text = get(viewer, pair, tab="timing")
    assert text.index("differs") < text.index("breaks")
    assert "slower by" in text


def test_timing_without_durations(app: Flask, viewer: FlaskClient) -> None:
    uid = record_run(app, devices=["a"])
    assert "No durations" in get(viewer, (uid, uid), tab="timing")


def test_words_stand_for_runs_and_say_why(viewer: FlaskClient, pair: tuple[str, str], app: Flask) -> None:
    assert "the run before #2 that ended and was not canceled" in get(viewer, ("previous", pair[1]))
    assert viewer.get(f"/compare?a=last-ok&b={pair[1]}").status_code == 404
    assert viewer.get(f"/compare?a=previous&b={pair[0]}").status_code == 404
    assert viewer.get(f"/compare?a={pair[0]}&b=previous").status_code == 404
    good = record_run(app)
    later = record_run(app)
    assert "ended without errors" in get(viewer, ("last-ok", later))
    assert good in get(viewer, ("last-ok", later))


def test_nonsense_is_refused_with_the_place(viewer: FlaskClient, pair: tuple[str, str]) -> None:
    for name in ("tab", "level", "view", "context", "change"):
        answer = viewer.get("/compare", query_string={"a": pair[0], "b": pair[1], name: "nonsense"})
        assert answer.status_code == 422
        assert f"{name}: expected one of" in answer.text
    assert viewer.get(f"/compare?a={uuid4()}&b={pair[1]}").status_code == 404


def test_choosing_runs(app: Flask, viewer: FlaskClient, pair: tuple[str, str]) -> None:
    make_query(make_caller("ann"), "nightly", "label:nightly", is_shared=True)
    text = viewer.get("/compare").text
    assert f'value="{pair[0]}"' in text
    assert "last-ok" in text
    assert 'value="query:ann/nightly"' in text


def test_big_integers_stay_exact(app: Flask, viewer: FlaskClient) -> None:
    pair = tuple(record_run(app, devices=[Device(name="x", result={"n": 2**64 + number})]) for number in (0, 1))
    text = get(viewer, (pair[0], pair[1]), tab="result", device="x")
    assert json.dumps(2**64 + 1) in text
    assert "Changed values" in text


def test_runs_ticked_without_scripts(viewer: FlaskClient, pair: tuple[str, str]) -> None:
    answer = viewer.get(f"/compare?run={pair[1]}&run={pair[0]}&tab=logs")
    assert answer.headers["Location"] == f"/compare?a={pair[0]}&b={pair[1]}&tab=logs"
    assert viewer.get(f"/compare?run={pair[1]}").status_code == 200
    assert viewer.get(f"/compare?run={pair[1]}&run=nonsense").status_code == 404


def test_cases_of_one_device_and_of_two(app: Flask, viewer: FlaskClient) -> None:
    cases = [CaseReport(name="x", device="a"), CaseReport(name="x", device="b", result="fail")]
    pair = (record_run(app, cases=cases), record_run(app, cases=cases))
    text = get(viewer, pair, tab="cases", device="a", change="same")
    assert 'Only <b class="mono">a</b>.' in text
    assert text.split("<tbody>")[-1].count("<tr") == 1
    text = get(viewer, (pair[1], pair[1]), tab="cases", device="a", other="b")
    assert '<b class="mono">a</b> in A against <b class="mono">b</b> in B' in text
    assert "Newly failing" in text.split("<tbody>")[-1]
    assert "1 newly failing, cases" in text
    assert viewer.get(f"/compare?a={pair[0]}&b={pair[1]}&tab=cases&device=nobody").status_code == 404


def test_side_a_is_changed_by_words(app: Flask, viewer: FlaskClient, pair: tuple[str, str]) -> None:
    make_query(make_caller("ann"), "nightly", "label:nightly", is_shared=True)
    text = get(viewer, pair, change="fixed")
    for word in ("previous", "last-ok", "query:ann/nightly"):
        assert f'href="/compare?a={word}&amp;b={pair[1]}"' in text
    assert "The pinned run" not in text
    assert f'href="/compare?b={pair[1]}"' in text


def test_list_is_offered_for_spreadsheets_and_programs(viewer: FlaskClient, pair: tuple[str, str]) -> None:
    text = get(viewer, pair, tab="cases", change="newly_failing")
    for path in ("compare.csv", "compare"):
        assert f'href="/api/v1/{path}?a={pair[0]}&amp;b={pair[1]}&amp;change=newly_failing&amp;by=cases"' in text
    answer = viewer.get(f"/api/v1/compare.csv?a={pair[0]}&b={pair[1]}&by=cases", buffered=True)
    assert answer.status_code == 200


def test_durations_of_devices_and_of_cases(app: Flask, viewer: FlaskClient) -> None:
    pair = (
        record_run(app, devices=[Device(name="slow", duration_s=1)], cases=[CaseReport(name="case-x", duration_s=0)]),
        record_run(app, devices=[Device(name="slow", duration_s=4)], cases=[CaseReport(name="case-x", duration_s=3)]),
    )
    text = get(viewer, pair, tab="timing")
    assert "4.00" in text
    assert "case-x" not in text
    assert "The whole run" in text
    text = get(viewer, pair, tab="timing", by="cases")
    assert "case-x" in text
    assert "slower by" in text


def test_what_could_not_be_held_against_rules_is_told(
    app: Flask, viewer: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = {"compare": {"rules": [{"kind": "path", "pattern": "$.uptime"}]}}
    with writing() as session:
        put_service(session, "audit", ServiceFields(options=options), now=NOW)
    first, last = (record_run(app, devices=[Device(name="a", result={"uptime": n})]) for n in (7001, 7002))
    monkeypatch.setattr("webapp.compare.ignored.MAX_SIZE", 1)
    assert "Not every changed result could be held against" in get(viewer, (first, last))
