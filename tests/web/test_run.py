"""Does the page of a run show its verdict, attempts, devices, the selected device, cases and log?"""

import re
from itertools import islice
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.conftest import MakeToken
from tests.factories.runs import NOW, CaseReport, Device, record_run
from webapp.domain.outcome import ServiceKind
from webapp.ingest.services import ServiceFields, put_service
from webapp.store.db import writing

pytestmark = pytest.mark.integration

NASTY = "<script>alert(1)</script>"


@pytest.fixture
def retried(app: Flask) -> str:
    """Record a run with two attempts and everything that a page can show."""
    return record_run(
        app,
        devices=[
            Device(name="edge-1", status="failed", message=NASTY, result={"v": 2**60, "h": NASTY}, duration_s=2),
            Device(name="edge-2", status="unreachable", result=[1]),
            Device(name="edge-3", status="ok"),
            Device(name="edge-1", status="ok", attempt=2, result={"v": 2**60}),
        ],
        cases=[
            CaseReport(name="boots", result="fail", message=NASTY, output="it printed", measurement=3.5, units="s"),
            CaseReport(name="pings", result="pass"),
        ],
        logs={"run": ["ERROR: it broke"], "edge-1": ["hello", "world"]},
        fields={"labels": ["nightly"], "parameters": {"a": {"b": 1}}, "environment": {"ref": "main"}},
        message="see the log",
    )


def test_heading_and_verdict(viewer: FlaskClient, retried: str) -> None:
    text = viewer.get(f"/runs/{retried}").text
    assert (
        "1 of 3 devices failed, 1 of 2 cases failed, 1 only passed on a retry, 1 error in the log: see the log" in text
    )
    assert NASTY not in text
    assert "nightly" in text
    assert "Attempt 2" in text
    assert '{"b": 1}' in text.replace("&#34;", '"')


def test_sections_are_chosen_in_the_address(viewer: FlaskClient, retried: str) -> None:
    second = viewer.get(f"/runs/{retried}?attempt=2").text
    assert "edge-1" in second
    assert "edge-3" not in second
    assert viewer.get(f"/runs/{retried}?attempt=3").status_code == 404
    assert viewer.get(f"/runs/{retried}?attempt=x").status_code == 404


def test_attempts_say_how_long_they_took(app: Flask, viewer: FlaskClient) -> None:
    uid = record_run(app, attempts=[{"a": "failed", "b": "ok"}, {"a": "ok"}])
    text = viewer.get(f"/runs/{uid}").text
    assert re.search(r">[0-9.]+ s, 1 of 2 devices failed<", text)
    assert re.search(r">[0-9.]+ s, 1 device<", text)


def test_attempts_count_failed_devices_and_failed_cases_apart(viewer: FlaskClient, retried: str) -> None:
    text = viewer.get(f"/runs/{retried}").text
    assert "s, 2 of 3 devices failed, 1 of 2 cases failed<" in text
    assert re.search(r">[0-9.]+ m?s, 1 device<", text)


def test_attempts_of_a_file_without_their_times_do_not_take_the_time_of_the_run(
    client: FlaskClient, viewer: FlaskClient, make_token: MakeToken
) -> None:
    attempts = {f"attempt{number}": {"devices": {"a": {"success": number == 2}}} for number in (1, 2)}
    answer = client.post(
        "/api/v1/import?format=nornir&service=audit",
        json={"results": {"duration": 18, "devices": {}}, **attempts},
        headers={"Authorization": f"Bearer {make_token(['ingest'])}"},
    )
    assert answer.json
    text = viewer.get(f"/runs/{answer.json['runs'][0]['uid']}").text
    assert ">1 of 1 device failed<" in text
    assert ">1 device<" in text


def test_devices_are_filtered_by_status_and_text(viewer: FlaskClient, retried: str) -> None:
    failed = viewer.get(f"/runs/{retried}?status=failure").text
    assert "edge-2" in failed
    assert "edge-3" not in failed
    assert "edge-3" in viewer.get(f"/runs/{retried}?status=success").text
    named = viewer.get(f"/runs/{retried}?q=device:edge-3&device=edge-3").text
    assert "edge-2" not in named.split('id="run-devices"')[1]
    assert viewer.get(f"/runs/{retried}?q=nonsense:x").status_code == 400
    assert viewer.get(f"/runs/{retried}?status=nonsense").status_code == 400
    assert "No device matches" in viewer.get(f"/runs/{retried}?q=device:none").text


def test_selected_device_shows_its_result(viewer: FlaskClient, retried: str) -> None:
    text = viewer.get(f"/runs/{retried}?device=edge-1&attempt=1").text
    assert f"{2**60}" in text
    assert f"/api/v1/runs/{retried}/devices/edge-1/result?attempt=1" in text
    assert "No JSON result" in viewer.get(f"/runs/{retried}?device=edge-3").text
    assert "No device selected" in viewer.get(f"/runs/{retried}?device=edge-9").text


def test_selected_device_shows_its_log_and_history(viewer: FlaskClient, retried: str) -> None:
    assert f"/runs/{retried}/logs/edge-1" in viewer.get(f"/runs/{retried}?device=edge-1&show=log").text
    history = viewer.get(f"/runs/{retried}?device=edge-1&show=history").text
    assert ">this run<" in history
    assert f'name="b" value="{retried}"' in history
    assert "<option>edge-2</option>" in history
    assert ">this run<" not in viewer.get(f"/runs/{retried}?device=edge-3&show=log").text


def test_cases_are_filtered(viewer: FlaskClient, retried: str) -> None:
    failed = viewer.get(f"/runs/{retried}?result=fail").text.split('id="run-cases"')[1]
    assert "boots" in failed
    assert "pings" not in failed
    assert "3.5 s" in failed
    named = viewer.get(f"/runs/{retried}?cases=name:pings").text.split('id="run-cases"')[1]
    assert "boots" not in named
    assert "No case matches" in viewer.get(f"/runs/{retried}?cases=name:none").text
    assert "^" in viewer.get(f"/runs/{retried}?cases=nonsense:x").text
    assert "^" in viewer.get(f"/runs/{retried}?result=nonsense").text


def test_more_cases_than_a_page(app: Flask, viewer: FlaskClient) -> None:
    uid = record_run(app, cases=[CaseReport(name=f"case {index:03}") for index in range(301)])
    text = viewer.get(f"/runs/{uid}").text
    assert "case 299" in text
    assert "case 300" not in text
    older = text.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0].replace("&amp;", "&")
    assert "case 300" in viewer.get(older).text


def test_more_devices_than_a_page(app: Flask, viewer: FlaskClient) -> None:
    uid = record_run(app, devices=[f"d{index:03}" for index in range(301)])
    text = viewer.get(f"/runs/{uid}").text
    assert text.count('<tr id="result-') == 300
    assert "d300" not in text


def test_single_statuses_are_offered_where_a_group_has_several(app: Flask, viewer: FlaskClient) -> None:
    uid = record_run(app, devices=[Device(name="a", status="failed"), Device(name="b", status="lost"), "c"])
    text = viewer.get(f"/runs/{uid}").text
    assert "status=lost" in text
    assert "status=ok" not in text


def test_neighbours_and_compare(app: Flask, viewer: FlaskClient) -> None:
    first, second = (record_run(app, devices=["a"], logs={"a": ["hello"]}) for _ in range(2))
    text = viewer.get(f"/runs/{second}").text
    assert f"/compare?a={first}&amp;b={second}" in text
    assert f"/compare?a={first}&amp;b={second}&amp;tab=logs&amp;device=a" in viewer.get(f"/runs/{second}?show=log").text
    assert f'href="/runs/{second}"' in viewer.get(f"/runs/{first}").text


def test_steps_of_a_workflow(app: Flask, viewer: FlaskClient) -> None:
    parent = record_run(app, service="flow")
    step = record_run(app, fields={"parent_run": parent, "parent_step": "upgrade"})
    with writing() as session:
        put_service(session, "flow", ServiceFields(kind=ServiceKind.WORKFLOW), now=NOW)
    assert "upgrade" in viewer.get(f"/runs/{parent}").text
    assert "A step of" in viewer.get(f"/runs/{step}").text


def test_running_and_late_and_canceled(app: Flask, viewer: FlaskClient, operator: FlaskClient) -> None:
    uid = record_run(app, devices=[Device(name="a", status="running")], status=None)
    assert "Running: 0 of 1 device done" in viewer.get(f"/runs/{uid}").text
    assert "Cancel the run" not in viewer.get(f"/runs/{uid}").text
    assert "Cancel the run" in operator.get(f"/runs/{uid}").text
    assert viewer.post(f"/runs/{uid}/cancel").status_code == 403
    assert operator.post(f"/runs/{uid}/cancel").status_code == 302
    assert "was asked to stop" in viewer.get(f"/runs/{uid}").text
    over = record_run(app)
    assert operator.post(f"/runs/{over}/cancel").status_code == 302
    assert "has ended already" in operator.get(f"/runs/{over}").text


def test_a_run_page_is_live(app: Flask, viewer: FlaskClient) -> None:
    uid = record_run(app, status=None)
    assert f'data-events="/runs/{uid}/events"' in viewer.get(f"/runs/{uid}").text
    answer = viewer.get(f"/runs/{uid}/events", buffered=False)
    assert b"event: changed" in b"".join(islice(answer.iter_encoded(), 2))
    answer.close()


def test_an_unknown_run(viewer: FlaskClient) -> None:
    assert viewer.get(f"/runs/{uuid4()}").status_code == 404
    assert viewer.get("/runs/nonsense").status_code == 404
