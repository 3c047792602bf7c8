"""Does a device's page show the versions of its results and each run, with any two to compare?"""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.factories.runs import Device, record_run

pytestmark = pytest.mark.integration

NASTY = "<script>alert(1)</script>"


@pytest.fixture
def uids(app: Flask) -> list[str]:
    record_run(app, service="other", devices=["edge"])
    devices = [
        Device(name="edge", result={"v": 1}),
        Device(name="edge", result={"v": 1}),
        Device(name="edge", result={"v": 2}, message=NASTY),
    ]
    return [record_run(app, devices=[device], logs={"edge": [f"hello {n}"]}) for n, device in enumerate(devices)]


def part(client: FlaskClient, address: str) -> str:
    answer = client.get(address, headers={"X-Partial": "1"})
    assert answer.status_code == 200
    return answer.text


def test_versions_of_the_last_service(viewer: FlaskClient, uids: list[str]) -> None:
    text = part(viewer, "/devices/edge")
    rows = text.split("<tr data-row")[1:]
    assert len(rows) == 2
    assert uids[2] in rows[0]
    assert ">changed<" in rows[0]
    assert "unchanged in 2 runs" in rows[1]
    assert f'value="{uids[1]}"' in rows[1]
    assert f"/runs/{uids[0]}?device=edge" in rows[1]
    assert f"/runs/{uids[1]}/logs/edge" in rows[1]
    assert "2 versions" in text
    assert NASTY not in text


def test_runs_of_a_version_are_one_click_away(viewer: FlaskClient, uids: list[str]) -> None:
    row = part(viewer, "/devices/edge").split("<tr data-row")[2]
    link = row.split("unchanged in")[0].rsplit('href="', 1)[1].split('"')[0].replace("&amp;", "&")
    text = part(viewer, link)
    assert text.count("<tr data-row") == 2
    assert uids[2] not in text
    assert ">other <" not in text


def test_every_run_of_every_service(viewer: FlaskClient, uids: list[str]) -> None:
    text = part(viewer, "/devices/edge?show=runs")
    assert text.count("<tr data-row") == 4
    assert all(uid in text for uid in uids)
    assert "All services" in text
    assert part(viewer, "/devices/edge?show=runs&service=other").count("<tr data-row") == 1


def test_another_service(viewer: FlaskClient, uids: list[str]) -> None:
    text = part(viewer, "/devices/edge?service=other")
    assert text.count("<tr data-row") == 1
    assert uids[2] not in text.split("<tbody>")[1]
    assert "No results here" in part(viewer, "/devices/edge?service=nonsense")


def test_two_ticked_versions_lead_to_their_comparison_without_scripts(viewer: FlaskClient, uids: list[str]) -> None:
    text = viewer.get("/devices/edge").text
    tray = text.split('id="compare-tray"')[1].split("</form>")[0]
    assert '<input type="hidden" name="device" value="edge">' in tray
    for tab, shown in (("result", "Changed values"), ("logs", "hello")):
        assert f'name="tab" value="{tab}"' in tray
        answer = viewer.get(f"/compare?device=edge&run={uids[2]}&run={uids[1]}&tab={tab}", follow_redirects=True)
        assert answer.status_code == 200
        assert shown in answer.text


def test_the_strip_shows_run_after_run(app: Flask, viewer: FlaskClient) -> None:
    for status in ("failed", "ok", "ok"):
        record_run(app, devices=[Device(name="edge", status=status)])
    assert "Last 3 runs: 1 of 3 not ok" in viewer.get("/devices/edge").text
    assert "Last 3 runs: 1 of 3 not ok" in viewer.get("/devices/edge?show=runs").text


def test_a_device_without_results_and_an_unknown_one(app: Flask, viewer: FlaskClient) -> None:
    record_run(app, devices=["edge"])
    assert viewer.get("/devices/none").status_code == 404
    assert "No results here" in part(viewer, "/devices/edge?before=1")
