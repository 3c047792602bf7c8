"""Can an operator say on a device's page of which group and platform it is, and whose?"""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.factories.runs import record_run

pytestmark = pytest.mark.integration


def test_device_is_described_on_its_page(app: Flask, operator: FlaskClient, viewer: FlaskClient) -> None:
    record_run(app, devices=["lab/edge 1"])
    address = "/devices/lab/edge%201"
    assert 'name="platform"' not in viewer.get(address).text
    assert viewer.post(address, data={"platform": "ios"}).status_code == 403
    fields = {"group": " ams ", "platform": "ios", "owner": "viewer"}
    assert operator.post(address, data=fields).location == address
    text = operator.get(address).text
    for value in ("ams", "ios", "viewer"):
        assert f"<dd>{value}</dd>" in text
        assert f'value="{value}"' in text
    assert "<dd>—</dd>" not in text
    operator.post(address, data={"group": "ams", "platform": "", "owner": ""})
    assert viewer.get(address).text.count("<dd>—</dd>") == 2


def test_fault_stands_below_its_field_and_nothing_changes(app: Flask, operator: FlaskClient) -> None:
    record_run(app, devices=["edge-1"])
    answer = operator.post("/devices/edge-1", data={"group": "ams", "owner": "nobody"})
    assert answer.status_code == 422
    assert "there is no account" in answer.text
    assert 'value="ams"' in answer.text
    assert "<dd>ams</dd>" not in operator.get("/devices/edge-1").text
    assert operator.post("/devices/edge-9", data={}).status_code == 404
