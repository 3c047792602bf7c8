"""Can people see, add, try, change, move and remove what a service ignores, with every fault told in its place?"""

from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.factories.runs import NOW, Device, record_run
from webapp.ingest.services import ServiceFields, put_service
from webapp.store.db import reading, writing
from webapp.store.inventory import get_service
from webapp.store.recording_services import ServiceChanges, find_service, save_service

pytestmark = pytest.mark.integration

NASTY = "<script>alert(1)</script>"
LIST = "/services/audit/comparison"


def rules() -> list[dict[str, Any]]:
    with reading() as session:
        found: list[dict[str, Any]] = get_service(session, "audit").options.get("compare", {}).get("rules", [])
    return found


def set_rules(*kept: dict[str, Any]) -> None:
    with writing() as session:
        put_service(session, "audit", ServiceFields(options={"compare": {"rules": list(kept)}}), now=NOW)


def version_in(text: str) -> str:
    return text.split('name="version" value="')[1].split('"', maxsplit=1)[0]


@pytest.fixture
def run(app: Flask) -> str:
    return record_run(
        app,
        devices=[Device(name="edge", result={"text": "serial AX9", "up": 1})],
        logs={"run": ["10:00:00 session 4f2a9 opened", "10:00:01 serial AX1 seen", NASTY]},
    )


MASK = {"kind": "mask", "pattern": r"serial \w+", "name": NASTY}
PATH = {"kind": "path", "pattern": "$..up"}


def test_a_viewer_sees_the_rules_and_the_masks_and_changes_nothing(viewer: FlaskClient, run: str) -> None:
    assert "No rules yet" in viewer.get(LIST).text
    set_rules(MASK, PATH, {"kind": "tolerance", "tolerance": 0.5})
    text = viewer.get(LIST).text
    assert r"serial \w+" in text
    assert "up to 0.5" in text
    assert "<mark>2026-11-22T15:04:01Z</mark>" in text
    assert NASTY not in text
    assert 'aria-current="page">Comparison' in text
    for word in ("Add a rule", "Try on", "Remove"):
        assert word not in text
    for path in ("/rules/new", "/rules/1"):
        assert viewer.get(LIST + path).status_code == 403
    for path in ("/trial", "/rules", "/rules/1", "/rules/1/remove", "/rules/1/move"):
        assert viewer.post(LIST + path).status_code == 403
    assert viewer.get("/services/none/comparison").status_code == 404


def test_a_rule_is_added(operator: FlaskClient, run: str) -> None:
    assert "A new rule" in operator.get(f"{LIST}/rules/new").text
    data = {"kind": "mask", "pattern": r"serial \w+", "name": " serial ", "tolerance": ""}
    answer = operator.post(f"{LIST}/rules", data=data)
    assert answer.headers["Location"] == LIST
    assert rules() == [{"kind": "mask", "pattern": r"serial \w+", "name": "serial"}]
    operator.post(f"{LIST}/rules", data={"kind": "tolerance", "tolerance": "0,5"})
    assert rules()[1] == {"kind": "tolerance", "tolerance": 0.5}
    assert "The rule is added" in operator.get(LIST).text


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ({"kind": "mask", "pattern": "a(b"}, "not a regular expression at character 2"),
        ({"kind": "mask", "pattern": "a(b"}, "a(b\n ^"),
        ({"kind": "mask", "pattern": ""}, "expected a text that is not empty"),
        ({"kind": "mask", "pattern": "x*"}, "matches the empty text"),
        ({"kind": "line", "pattern": "(a+)+b"}, "repeats a repetition"),
        ({"kind": "mask", "pattern": "x" * 501}, "longer than 500 characters"),
        ({"kind": "path", "pattern": "up"}, "a path starts with $"),
        ({"kind": "path", "pattern": "$.a[["}, "no step of a path at character 4"),
        ({"kind": "tolerance", "tolerance": "much"}, "expected a number above 0"),
        ({"kind": "tolerance", "tolerance": "-1"}, "expected a number above 0"),
        ({"kind": "tolerance", "tolerance": "inf"}, "expected a number above 0"),
        ({"kind": "mask", "pattern": "x", "name": "n" * 81}, "longer than 80 characters"),
        ({"kind": "nonsense", "pattern": "x"}, "Not a valid choice"),
        ({"pattern": "x"}, "Not a valid choice"),
    ],
)
def test_faults_are_told_in_their_place(operator: FlaskClient, run: str, data: dict[str, str], told: str) -> None:
    answer = operator.post(f"{LIST}/rules", data=data)
    assert answer.status_code == 422
    assert told in answer.text
    assert "Nothing was saved" in answer.text
    assert rules() == []


def test_a_full_list_takes_no_more(operator: FlaskClient, run: str) -> None:
    set_rules(*({"kind": "mask", "pattern": f"p{number}"} for number in range(50)))
    assert "Add a rule" not in operator.get(LIST).text
    answer = operator.post(f"{LIST}/rules", data={"kind": "mask", "pattern": "one more"})
    assert answer.status_code == 422
    assert "at most 50 rules" in answer.text


def test_a_rule_is_tried_without_being_saved(operator: FlaskClient, run: str) -> None:
    data = {"kind": "mask", "pattern": r"serial \w+", "try": "1"}
    text = operator.post(f"{LIST}/rules", data=data).text
    assert "<b>2</b> lines" in text
    assert "<mark>serial AX1</mark>" in text
    assert f"/runs/{run}/logs/run#L2" in text
    assert f"/runs/{run}?device=edge" in text
    assert "tried in 1 log and 1 result of 1 run" in text
    assert rules() == []
    nothing = operator.post(f"{LIST}/rules", data={"kind": "path", "pattern": "$.none", "try": "1"}).text
    assert "nothing</span>" in nothing
    bad = operator.post(f"{LIST}/rules", data={"kind": "mask", "pattern": "(", "try": "1"})
    assert bad.status_code == 422


def test_all_rules_are_tried(operator: FlaskClient, run: str) -> None:
    set_rules({"kind": "line", "pattern": "alert"}, PATH, {"kind": "tolerance", "tolerance": 1})
    text = operator.post(f"{LIST}/trial").text
    assert "<b>1</b> line" in text
    assert "&lt;script&gt;<mark>alert</mark>" in text
    assert "<b>1</b> place" in text
    assert "needs two results" in text
    assert "Tried in 1 log" in text


def test_a_rule_is_changed_moved_and_removed(operator: FlaskClient, run: str) -> None:
    set_rules(MASK, PATH)
    form = operator.get(f"{LIST}/rules/2").text
    assert 'value="$..up"' in form
    data = {"kind": "path", "pattern": "$.up", "name": "up", "version": version_in(form)}
    tried = operator.post(f"{LIST}/rules/2", data={**data, "try": "1"}).text
    assert "<b>1</b> place" in tried
    assert version_in(tried) == version_in(form)
    assert operator.post(f"{LIST}/rules/2", data={**data, "pattern": "$"}).status_code == 422
    assert operator.post(f"{LIST}/rules/2", data=data).status_code == 302
    assert rules()[1] == {"kind": "path", "pattern": "$.up", "name": "up"}
    version = version_in(operator.get(LIST).text)
    assert operator.post(f"{LIST}/rules/2/move", data={"to": "up", "version": version}).status_code == 302
    assert rules()[0]["pattern"] == "$.up"
    version = version_in(operator.get(LIST).text)
    assert operator.post(f"{LIST}/rules/1/move", data={"to": "away", "version": version}).status_code == 422
    assert operator.post(f"{LIST}/rules/1/remove", data={"version": version}).status_code == 302
    assert [rule["pattern"] for rule in rules()] == [r"serial \w+"]
    for path in ("/rules/2", "/rules/0", "/rules/x"):
        assert operator.get(LIST + path).status_code == 404
    for path in ("/rules/2", "/rules/2/remove", "/rules/2/move"):
        assert operator.post(LIST + path, data={"to": "up"}).status_code == 404


def test_an_edit_of_a_list_that_has_changed_is_refused(operator: FlaskClient, run: str) -> None:
    set_rules(MASK, PATH)
    version = version_in(operator.get(LIST).text)
    set_rules(PATH, MASK)
    answer = operator.post(f"{LIST}/rules/1/remove", data={"version": version})
    assert answer.status_code == 409
    assert "somebody has changed the rules meanwhile" in answer.text
    assert len(rules()) == 2


def test_a_line_of_a_log_suggests_a_rule(operator: FlaskClient, run: str) -> None:
    for side in ("a", "b"):
        query = {side: run, f"{side}_stream": "run", f"{side}_line": 1, "back": "/compare?a=x&b=y"}
        text = operator.get(f"{LIST}/rules/new?{urlencode(query)}").text
        assert r'value="session \w+ opened"' in text
        assert 'checked id="kind-1"' in text
        assert "Suggested for the chosen line" not in text
        assert '<a class="btn ghost" href="/compare?a=x&amp;b=y">' in text


def test_two_lines_suggest_a_mask_or_the_whole_line(app: Flask, operator: FlaskClient, run: str) -> None:
    newer = record_run(app, logs={"run": ["10:00:01 serial BY2 seen"]})
    query = {"a": run, "a_stream": "run", "a_line": 2, "b": newer, "b_stream": "run", "b_line": 1}
    text = operator.get(f"{LIST}/rules/new?{urlencode(query)}").text
    assert r'value="serial \S+"' in text
    assert "Suggested for the chosen line" in text
    link = text.split("Or: ")[1].split('href="')[1].split('"')[0].replace("&amp;", "&")
    assert r'value="serial BY\d+ seen"' in operator.get(link).text


@pytest.mark.parametrize(
    "query",
    [
        {"a": "nonsense", "a_stream": "run", "a_line": "1"},
        {"a_stream": "none", "a_line": "1"},
        {"a_stream": "run", "a_line": "99999"},
        {"a_stream": "run", "a_line": "0"},
        {"a_stream": "run", "a_line": "x"},
        {"a_stream": "run", "a_line": ""},
        {"kind": "nonsense"},
    ],
)
def test_a_line_that_is_not_there_suggests_nothing(operator: FlaskClient, run: str, query: dict[str, str]) -> None:
    answer = operator.get(f"{LIST}/rules/new?{urlencode({'a': run, **query})}")
    assert answer.status_code == 200
    assert 'name="pattern" spellcheck="false" type="text" value=""' in answer.text


def test_lines_are_chosen_in_the_comparison_of_logs(
    app: Flask, operator: FlaskClient, viewer: FlaskClient, run: str
) -> None:
    newer = record_run(app, devices=[Device(name="edge", result={"up": 2})], logs={"run": ["serial BY2"]})
    address = f"/compare?a={run}&b={newer}&tab=logs"
    form = operator.get(address).text.split('class="ignore-form"')[1].split("</form>")[0]
    assert f'action="{LIST}/rules/new"' in form
    assert f'name="back" value="/compare?a={run}&amp;b={newer}&amp;tab=logs"' in form
    assert f'name="a" value="{run}"' in form
    assert 'name="b_stream" value="run"' in form
    assert "data-ignore-line" not in viewer.get(address).text
    values = f"/compare?a={run}&b={newer}&tab=result&device=edge"
    table = operator.get(values).text.split('class="diff values"')[1]
    link = table.split(f'href="{LIST}/rules/new')[1].split('"')[0]
    assert 'value="$.text"' in operator.get(f"{LIST}/rules/new{link.replace('&amp;', '&')}").text
    assert f"{LIST}/rules/new" not in viewer.get(values).text


def test_after_adding_one_goes_back_to_where_one_came_from(operator: FlaskClient, run: str) -> None:
    data = {"kind": "mask", "pattern": "x1"}
    answer = operator.post(f"{LIST}/rules", data={**data, "back": "/compare?a=1&b=2"})
    assert answer.headers["Location"] == "/compare?a=1&b=2"
    away = operator.post(f"{LIST}/rules", data={**data, "back": "https://elsewhere.example/"})
    assert away.headers["Location"] == "/"


def test_rules_that_cannot_be_read_are_told(app: Flask, viewer: FlaskClient, run: str) -> None:
    with writing() as session:
        service = find_service(session, "audit")
        assert service is not None
        options = {"compare": {"rules": [{"kind": "mask", "pattern": "("}, PATH]}}
        save_service(session, service.id, ServiceChanges(options=options))
    text = viewer.get(LIST).text
    assert "Not in force" in text
    assert "compare.rules[0].pattern" in text
    assert "$..up" in text
