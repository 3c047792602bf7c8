"""Does the API list the versions of a device's result?"""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.conftest import MakeToken
from tests.factories.runs import Device, record_run

pytestmark = pytest.mark.integration


def test_versions_page_by_page(app: Flask, api: Callable[[str], FlaskClient], make_token: MakeToken) -> None:
    caller = api(make_token(["read"]))
    uids = [record_run(app, devices=[Device(name="a", result=value, message=f"m{value}")]) for value in (1, 1, 2)]
    address = "/api/v1/devices/a/versions?service=audit&limit=1"
    first = caller.get(address).json
    assert first is not None
    (item,) = first["items"]
    assert (item["status"], item["runs"], item["is_changed"], item["message"]) == ("ok", 1, True, "m2")
    second = caller.get(f"{address}&cursor={first['next']}").json
    assert second is not None
    (item,) = second["items"]
    assert (item["runs"], item["is_cut"], item["is_changed"]) == (2, False, None)
    assert (item["first"]["run"], item["last"]["run"], item["last"]["number"]) == (uids[0], uids[1], 2)
    assert second["next"] is None
    assert caller.get("/api/v1/devices/a/versions").status_code == 422
    assert caller.get("/api/v1/devices/a/versions?service=none").status_code == 404
    assert caller.get("/api/v1/devices/none/versions?service=audit").status_code == 404
