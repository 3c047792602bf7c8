"""Does the API group the failures of a run, and list the members of a group?"""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.conftest import MakeToken
from tests.factories.runs import NOW, SERVER, CaseReport, Device, record_run
from webapp.ingest.baselines import pin_run
from webapp.store.db import writing

pytestmark = pytest.mark.integration


@pytest.fixture
def caller(api: Callable[[str], FlaskClient], make_token: MakeToken) -> FlaskClient:
    """Return a client whose token may read."""
    return api(make_token(["read"]))


def test_causes_and_their_members(app: Flask, caller: FlaskClient) -> None:
    before = record_run(app, devices=[Device(name="x", status="failed", message="disk full")])
    last = record_run(
        app,
        devices=[
            Device(name="a", status="failed", message="no prompt within 9 s"),
            Device(name="b", status="failed", message="no prompt within 30 s"),
            Device(name="c", status="failed", message="disk full"),
        ],
        cases=[CaseReport(name="boots", result="fail", device="a", message="no prompt within 9 s")],
    )
    answer = caller.get(f"/api/v1/runs/{last}/causes").json
    assert answer is not None
    assert (answer["failures"], answer["causes"], answer["base"]) == (
        4,
        2,
        {"service": "audit", "uid": before, "number": 1},
    )
    first, second = answer["items"]
    assert first | {"code": ""} == {
        "code": "",
        "text": "no prompt within <duration>",
        "count": 3,
        "devices": 2,
        "cases": 1,
        "is_new": True,
        "example": {"device": "a", "suite": "", "name": "", "message": "no prompt within 9 s"},
    }
    assert (second["text"], second["is_new"]) == ("disk full", False)
    assert answer["gone"] == []
    results = caller.get(f"/api/v1/runs/{last}/results?cause={first['code']}").json
    cases = caller.get(f"/api/v1/runs/{last}/cases?cause={first['code']}").json
    assert results is not None
    assert cases is not None
    assert [item["device"] for item in results["items"]] == ["a", "b"]
    assert [item["name"] for item in cases["items"]] == ["boots"]
    for kind in ("results", "cases"):
        assert caller.get(f"/api/v1/runs/{last}/{kind}?cause=nonsense").json == {"items": [], "next": None}


def test_causes_are_held_against_the_baseline_of_the_service(app: Flask, caller: FlaskClient) -> None:
    pinned, _, last = (
        record_run(app, devices=[Device(name="a", status="failed", message=message)])
        for message in ("disk full", "no route", "disk full")
    )
    path = f"/api/v1/runs/{last}/causes"
    answers = [caller.get(path).json]
    with writing() as session:
        pin_run(session, pinned, caller=SERVER, now=NOW)
    answers.append(caller.get(path).json)
    found = [
        (answer["base"]["number"], answer["items"][0]["is_new"], len(answer["gone"])) for answer in answers if answer
    ]
    assert found == [(2, True, 1), (1, False, 0)]


def test_limit_attempt_and_refusals(app: Flask, caller: FlaskClient) -> None:
    uid = record_run(app, attempts=[{"a": "failed", "b": "lost"}, {"a": "ok"}])
    answer = caller.get(f"/api/v1/runs/{uid}/causes?attempt=1&limit=1").json
    assert answer is not None
    assert (answer["causes"], len(answer["items"]), answer["base"]) == (2, 1, None)
    assert caller.get(f"/api/v1/runs/{uid}/causes?attempt=x").status_code == 422
    assert caller.get("/api/v1/runs/nonsense/causes").status_code == 404
