"""Is a token that is for some services told nothing of the others?"""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.conftest import MakeToken
from tests.factories.runs import record_run

pytestmark = pytest.mark.integration

SECRET = "payroll"


@pytest.fixture
def limited(app: Flask, api: Callable[[str], FlaskClient], make_token: MakeToken) -> FlaskClient:
    """Return a client whose token is for one of two services that share a device."""
    record_run(app, service="backup", devices=["edge-1"])
    record_run(app, service=SECRET, devices=["edge-1", "safe"])
    return api(make_token(["read"], services=["backup"]))


@pytest.mark.parametrize(
    "path",
    [
        f"services/{SECRET}",
        f"services/{SECRET}/trends",
        f"devices/edge-1/versions?service={SECRET}",
    ],
)
def test_what_is_of_another_service_is_not_there(limited: FlaskClient, path: str) -> None:
    assert limited.get(f"/api/v1/{path}").status_code == 404
    assert limited.get(f"/api/v1/{path.replace(SECRET, 'backup')}").status_code == 200


def test_lists_leave_out_what_is_of_other_services(limited: FlaskClient) -> None:
    services = limited.get("/api/v1/services").json
    history = limited.get("/api/v1/devices/edge-1/history").json
    assert services is not None
    assert history is not None
    assert [item["slug"] for item in services["items"]] == ["backup"]
    assert [item["service"] for item in history["items"]] == ["backup"]


def test_a_device_says_nothing_of_a_run_of_another_service(limited: FlaskClient) -> None:
    shown = limited.get("/api/v1/devices/safe").json
    listed = limited.get("/api/v1/devices").json
    assert shown is not None
    assert listed is not None
    for device in (shown, *listed["items"]):
        assert (device["last_status"], device["last_run"]) == (None, None)
