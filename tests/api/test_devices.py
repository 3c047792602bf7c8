"""Can a device be given an owner, who then hears of it, and its group and platform?"""

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.conftest import MakeToken
from tests.factories.runs import Device, record_run
from webapp.domain.access import Role

pytestmark = pytest.mark.integration

Api = Callable[[str], FlaskClient]
PLACE = "/api/v1/devices/rack-1/board-a"
BLOCK = {"criteria": {"status": "all"}, "recipients": [{"to": {"method": "email", "user": "{LAVA_DEVICE_OWNER}"}}]}


@pytest.fixture
def caller(api: Api, make_token: MakeToken) -> FlaskClient:
    """Return an administrator whose name is admin."""
    return api(make_token(["admin"]))


def test_owner_of_a_device_hears_of_it(app: Any, caller: FlaskClient) -> None:
    made = caller.put(PLACE, json={"owner": "admin", "group": "qemu", "platform": "linux"})
    assert made.status_code == 201
    assert caller.put(PLACE, json={}).status_code == 200
    found = caller.get(PLACE).get_json()
    assert (found["owner"], found["group"], found["platform"]) == ("admin", "qemu", "linux")
    uid = record_run(app, devices=[Device(name="rack-1/board-a")], fields={"notify": BLOCK})
    (rule,) = caller.get(f"/api/v1/runs/{uid}/notify").get_json()["items"]
    assert [each["skipped"] for each in rule["recipients"]] == ["admin has no mail address in the profile"]
    assert caller.put(PLACE, json={"owner": ""}).get_json()["owner"] is None
    (rule,) = caller.get(f"/api/v1/runs/{uid}/notify").get_json()["items"]
    assert [each["skipped"] for each in rule["recipients"]] == ["nobody owns rack-1/board-a"]


def test_attributes_are_merged_and_taken_away(caller: FlaskClient, viewer: FlaskClient) -> None:
    assert caller.put(PLACE, json={"attributes": {"rack": 7, "uplinks": ["a", 1], "old": True}}).status_code == 201
    answer = caller.put(PLACE, json={"platform": "eos", "attributes": {"old": None, "rack": 8}}).get_json()
    assert answer["attributes"] == {"rack": 8, "uplinks": ["a", 1]}
    page = viewer.get("/devices/rack-1/board-a").text
    assert "<dt>rack</dt><dd>8</dd>" in page
    assert caller.put(PLACE, json={"attributes": {"": 1}}).get_json()["errors"][0]["path"] == "attributes."
    assert caller.put(PLACE, json={"attributes": [1]}).status_code == 422


def test_devices_are_found_by_what_is_said_of_them(app: Any, caller: FlaskClient, viewer: FlaskClient) -> None:
    uid = record_run(app, devices=["edge-1", "edge-2"])
    caller.put("/api/v1/devices/edge-1", json={"group": "ams", "platform": "ios", "owner": "viewer"})
    for term in ("group:ams", "platform:ios", "owner:viewer"):
        text = viewer.get("/devices", query_string={"q": term}).text
        assert ("edge-1" in text, "edge-2" in text) == (True, False)
    assert "ios · ams" in viewer.get(f"/runs/{uid}?q=platform:ios").text


def test_what_cannot_be_kept_of_a_device_is_refused(caller: FlaskClient) -> None:
    answer = caller.put(PLACE, json={"owner": "nobody", "group": "a\nb"})
    assert answer.status_code == 422
    assert {each["path"] for each in answer.get_json()["errors"]} == {"owner", "group"}
    assert caller.put("/api/v1/devices/a%00b", json={}).status_code == 422
    assert caller.get(PLACE).status_code == 404


def test_devices_are_changed_by_administrators_of_everything(api: Api, make_token: MakeToken) -> None:
    assert api(make_token(["ingest"], role=Role.OPERATOR)).put(PLACE, json={}).status_code == 403
    assert api(make_token(["admin"], services=["audit"])).put(PLACE, json={}).status_code == 403
