"""Does the API say how two texts differ, as JSON and as a patch?"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.conftest import MakeToken
from tests.factories.runs import Device, record_run
from webapp.compare import texts
from webapp.compare.shelf import Shelf
from webapp.compare.workshop import WORKSHOP, Workshop

pytestmark = pytest.mark.integration

Pair = tuple[str, str]


@pytest.fixture
def caller(api: Callable[[str], FlaskClient], make_token: MakeToken) -> FlaskClient:
    """Return a client whose token may read."""
    return api(make_token(["read"]))


@pytest.fixture
def pair(app: Flask) -> Pair:
    """Record two runs with a log and a result each."""
    logs = ["one", "took 1 ms", "three"], ["one", "took 2 ms", "drei"]
    a, b = (
        record_run(app, devices=[Device(name="x", result={"n": number})], logs={"run": lines})
        for number, lines in enumerate(logs)
    )
    return a, b


def get(caller: FlaskClient, pair: Pair, path: str = "", **query: str) -> Any:
    answer = caller.get(f"/api/v1/compare/text{path}", query_string={"a": pair[0], "b": pair[1], **query})
    assert answer.status_code == 200, answer.text
    return answer.text if path else answer.json


def test_logs_as_hunks(caller: FlaskClient, pair: Pair) -> None:
    answer = get(caller, pair)
    assert answer["state"] == "ready"
    assert answer["summary"]["verdict"] == "2 lines deleted, 2 lines inserted"
    assert answer["hunks"] == [[1, 3, 1, 3]]
    assert [each["text"] for each in answer["messages"]["new"]] == ["drei"]
    ignoring = get(caller, pair, level="numbers")
    assert ignoring["hunks"] == [[2, 3, 2, 3]]
    assert ignoring["summary"]["ignored"] == 1
    part = get(caller, pair, a_lines="3-", b_lines="3-3")
    assert part["hunks"] == [[2, 3, 2, 3]]


def test_hunks_page_by_page(app: Flask, caller: FlaskClient) -> None:
    a, b = (record_run(app, logs={"run": ["same", word, "same", word, "same", word]}) for word in ("x", "y"))
    page = get(caller, (a, b), limit="2")
    assert (page["hunks"], page["next_first"]) == ([[1, 2, 1, 2], [3, 4, 3, 4]], 2)
    rest = get(caller, (a, b), limit="2", first="2")
    assert (rest["hunks"], rest["next_first"]) == ([[5, 6, 5, 6]], None)


def test_results_have_values(caller: FlaskClient, pair: Pair) -> None:
    answer = get(caller, pair, of="result", device="x")
    assert answer["values"] == {"count": 1, "items": [{"path": "$.n", "kind": "changed", "old": "0", "new": "1"}]}


def test_patch(caller: FlaskClient, pair: Pair) -> None:
    patch = get(caller, pair, ".patch", context="0")
    assert patch.startswith("--- a/run.log\n+++ b/run.log\n@@ -2,2 +2,2 @@\n-took 1 ms\n")
    assert get(caller, ("previous", pair[1]), ".patch", context="0") == patch
    assert "b/x.json" in get(caller, pair, ".patch", of="result", device="x")


def test_long_texts_are_to_be_asked_for_again(
    app: Flask, caller: FlaskClient, pair: Pair, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(texts, "SMALL_LINES", 1)
    app.extensions[WORKSHOP] = Workshop(Shelf(tmp_path / "shelf"), at_once=0, patience_s=0.0)
    for path in ("text", "text.patch"):
        answer = caller.get(f"/api/v1/compare/{path}", query_string={"a": pair[0], "b": pair[1]})
        assert answer.status_code == 202
        assert answer.json is not None
        assert answer.json["state"] == "working"
        assert answer.json["doing"].startswith("waiting")


def test_refusals(
    caller: FlaskClient,
    pair: Pair,
    api: Callable[[str], FlaskClient],
    make_token: MakeToken,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    query = f"/api/v1/compare/text?a={pair[0]}&b={pair[1]}"
    assert caller.get(f"{query}&device=none").status_code == 404
    assert caller.get(f"{query}&a_lines=9-1").status_code == 422
    assert caller.get(f"{query}&level=all").status_code == 422
    assert api(make_token(["read"], services=["other"])).get(query).status_code == 404
    monkeypatch.setattr(texts, "MAX_LINES", 2)
    answer = caller.get(query)
    assert answer.status_code == 413
    assert "up to 2 lines are compared at once" in answer.text
