"""Does the API say which devices have the same result, and list them?"""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.conftest import MakeToken
from tests.factories.runs import NOW, Device, record_run
from webapp.ingest.services import ServiceFields, put_service
from webapp.store.db import writing

pytestmark = pytest.mark.integration


@pytest.fixture
def caller(api: Callable[[str], FlaskClient], make_token: MakeToken) -> FlaskClient:
    """Return a client whose token may read."""
    return api(make_token(["read"]))


def test_variants_and_their_devices(app: Flask, caller: FlaskClient) -> None:
    results = {"a": {"v": 1, "up": 5}, "b": {"v": 1, "up": 6}, "c": {"v": 2, "up": 7}}
    uid = record_run(app, devices=[Device(name=name, result=result) for name, result in results.items()])
    with writing() as session:
        rules = [{"kind": "path", "pattern": "$.up"}]
        put_service(session, "audit", ServiceFields(options={"compare": {"rules": rules}}), now=NOW)
    answer = caller.get(f"/api/v1/runs/{uid}/variants").json
    assert answer is not None
    assert (answer["level"], answer["refusal"], answer["variants"], answer["without"]) == ("volatile", "", 2, 0)
    assert [(item["count"], item["failed"], item["devices"]) for item in answer["items"]] == [
        (1, 0, ["c"]),
        (2, 0, ["a", "b"]),
    ]
    keys = ",".join(str(key) for key in answer["items"][1]["results"])
    found = caller.get(f"/api/v1/runs/{uid}/results?key={keys}").json
    assert found is not None
    assert [item["device"] for item in found["items"]] == ["a", "b"]
    exact = caller.get(f"/api/v1/runs/{uid}/variants?level=exact&limit=1&q=-device:a").json
    assert exact is not None
    assert (exact["variants"], len(exact["items"])) == (2, 1)


def test_refusals(app: Flask, caller: FlaskClient) -> None:
    uid = record_run(app)
    assert caller.get(f"/api/v1/runs/{uid}/variants?level=nonsense").status_code == 422
    assert caller.get(f"/api/v1/runs/{uid}/variants?q=nonsense:x").status_code == 400
    assert caller.get(f"/api/v1/runs/{uid}/results?key=x").status_code == 422
    assert caller.get("/api/v1/runs/nonsense/variants").status_code == 404
