"""Do programs get the same trends as people?"""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.conftest import MakeToken
from tests.factories.runs import CaseReport, Device, record_run

pytestmark = pytest.mark.integration


@pytest.fixture
def reader(api: Callable[[str], FlaskClient], make_token: MakeToken) -> FlaskClient:
    """Return a client that may read."""
    return api(make_token(["read"]))


def read(reader: FlaskClient, path: str) -> dict[str, Any]:
    answer = reader.get(path)
    assert answer.status_code == 200
    body: dict[str, Any] = answer.get_json()
    return body


def test_trends_of_devices(app: Flask, reader: FlaskClient) -> None:
    uids = [
        record_run(app, attempts=[{"a": first, "b": "ok"}, {"a": "failed"}] if first == "failed" else [{"a": "ok"}])
        for first in ("ok", "failed", "ok", "failed")
    ]
    body = read(reader, "/api/v1/services/audit/trends")
    assert [run["uid"] for run in body["runs"]] == uids
    assert [run["pass_rate"] for run in body["runs"]] == [1, 0.5, 1, 0.5]
    assert [run["retries"] for run in body["runs"]] == [0, 1, 0, 1]
    assert body["failing"] == 1
    assert body["worst"] == [
        {
            "device": "a",
            "suite": "",
            "name": "",
            "passed": 2,
            "failed": 2,
            "switches": 3,
            "words": ["ok", "failed", "ok", "failed"],
        }
    ]
    assert body["flaky"] == body["worst"]
    figures = {figure["measure"]: figure for figure in body["figures"]}
    assert figures["pass_rate"] == {"measure": "pass_rate", "average": 0.75, "change": 0}
    assert figures["retries"]["average"] == 0.5


def test_trends_of_cases_of_chosen_runs(app: Flask, reader: FlaskClient) -> None:
    for result in ("fail", "pass", "fail"):
        record_run(app, cases=[CaseReport(name="boot", result=result)], devices=[Device(name="x", status="failed")])
    record_run(app, status=None)
    body = read(reader, "/api/v1/services/audit/trends?by=cases&runs=3&limit=1&q=number:>1")
    assert [run["number"] for run in body["runs"]] == [2, 3, 4]
    assert body["runs"][-1]["pass_rate"] is None
    assert body["worst"][0]["words"] == ["pass", "fail", None]
    assert read(reader, "/api/v1/services/audit/trends?by=cases&skip=1")["worst"] == []


def test_wrong_questions_are_refused(app: Flask, reader: FlaskClient) -> None:
    record_run(app)
    assert reader.get("/api/v1/services/none/trends").status_code == 404
    assert reader.get("/api/v1/services/audit/trends?runs=121").status_code == 422
    assert reader.get("/api/v1/services/audit/trends?by=logs").status_code == 422
    assert reader.get("/api/v1/services/audit/trends?q=statis:x").status_code == 400
