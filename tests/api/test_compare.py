"""Does the API say what changed between two runs?"""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.conftest import MakeToken
from tests.factories.runs import CaseReport, Device, record_run

pytestmark = pytest.mark.integration


@pytest.fixture
def caller(api: Callable[[str], FlaskClient], make_token: MakeToken) -> FlaskClient:
    """Return a client whose token may read."""
    return api(make_token(["read"]))


def test_two_runs_by_device(app: Flask, caller: FlaskClient) -> None:
    record_run(app, devices=["a"])
    first = record_run(app, devices=[Device(name="a", status="failed"), Device(name="b", result=1), "c"])
    last = record_run(app, devices=[Device(name="a", status="lost", message="gone"), Device(name="b", result=2), "c"])
    answer = caller.get(f"/api/v1/compare?a=previous&b={last}").json
    assert answer is not None
    assert answer["a"]["uid"] == first
    assert answer["reason"].startswith("the run before #3")
    assert {name: count for name, count in answer["devices"].items() if count} == {
        "still_failing": 1,
        "changed": 1,
        "same": 1,
    }
    assert [(item["class"], item["device"]) for item in answer["items"]] == [("still_failing", "a"), ("changed", "b")]
    assert answer["items"][0]["since"]["number"] == 2
    assert answer["items"][0]["message"] == "gone"
    same = caller.get(f"/api/v1/compare?a={first}&b={last}&change=same").json
    assert same is not None
    assert [item["device"] for item in same["items"]] == ["c"]


def test_cases_page_by_page(app: Flask, caller: FlaskClient) -> None:
    first = record_run(app, cases=[CaseReport(name="x"), CaseReport(name="y"), CaseReport(name="z")])
    last = record_run(app, cases=[CaseReport(name="x", result="fail"), CaseReport(name="new")])
    query = f"/api/v1/compare?a={first}&b={last}&by=cases&limit=3"
    page = caller.get(query).json
    assert page is not None
    assert (page["cases"]["newly_failing"], page["cases"]["missing"], page["cases"]["new_passing"]) == (1, 2, 1)
    assert page["next_page"] == 1
    rest = caller.get(f"{query}&page=1").json
    assert rest is not None
    assert [item["name"] for item in rest["items"]] == ["new"]
    assert rest["next_page"] is None


def test_refusals(app: Flask, caller: FlaskClient, api: Callable[[str], FlaskClient], make_token: MakeToken) -> None:
    uid = record_run(app)
    assert caller.get("/api/v1/compare").status_code == 422
    assert caller.get(f"/api/v1/compare?a={uid}&b={uid}&change=nonsense").status_code == 422
    assert caller.get(f"/api/v1/compare?a=previous&b={uid}").status_code == 404
    assert api(make_token(["read"], services=["other"])).get(f"/api/v1/compare?a={uid}&b={uid}").status_code == 404
