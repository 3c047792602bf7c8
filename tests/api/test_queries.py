"""Are saved queries listed, saved, changed and removed by programs?"""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.conftest import MakeToken
from tests.factories.people import make_caller, make_query
from webapp.domain.access import Role

pytestmark = pytest.mark.integration

Api = Callable[[str], FlaskClient]


def test_query_is_saved_changed_and_removed(app: Flask, api: Api, make_token: MakeToken) -> None:
    caller = api(make_token(["ingest", "read"], role=Role.OPERATOR))
    path = "/api/v1/queries/operator/nightly%20runs"
    made = caller.put(path, json={"text": "label:nightly"})
    assert made.status_code == 201
    assert made.json == {
        "owner": "operator",
        "name": "nightly runs",
        "text": "label:nightly",
        "shared": False,
        "changed_at": made.json["changed_at"],  # type: ignore[index]
        "url": "http://localhost/runs?q=label:nightly",
        "baseline": "query:operator/nightly runs",
    }
    changed = caller.put(path, json={"text": "label:night*", "shared": True})
    assert changed.status_code == 200
    assert caller.get(path).json == changed.json
    listed = caller.get("/api/v1/queries").json
    assert listed == {"items": [changed.json]}
    assert caller.delete(path).status_code == 204
    assert caller.delete(path).status_code == 404


def test_refusals(app: Flask, api: Api, make_token: MakeToken) -> None:
    caller = api(make_token(["ingest", "read"], role=Role.OPERATOR))
    make_query(make_caller("ann"), "own", "service:x")
    make_query(make_caller("ann"), "shared", "service:x", is_shared=True)
    base = "/api/v1/queries"
    assert [item["name"] for item in caller.get(base).json["items"]] == ["shared"]  # type: ignore[index]
    body = {"text": "service:y"}
    for path, status in (("ann/own", 404), ("ann/shared", 403), ("ann/new", 403), ("nobody/new", 422)):
        assert caller.put(f"{base}/{path}", json=body).status_code == status, path
    assert caller.get(f"{base}/ann/own").status_code == 404
    assert caller.delete(f"{base}/ann/shared").status_code == 403
    assert caller.put(f"{base}/operator/x", json={"text": "statis:ok"}).status_code == 400
    assert caller.put(f"{base}/operator/x", json={"text": ""}).status_code == 422
    reader = api(make_token(["read"], role=Role.VIEWER))
    assert reader.put(f"{base}/viewer/x", json=body).status_code == 403
    everything = api(make_token(["admin"])).get(base).json
    assert [item["name"] for item in everything["items"]] == ["own", "shared"]  # type: ignore[index]
