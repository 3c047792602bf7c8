"""Do the list pages show what is there, say what is wrong with a filter, and never trust a name?"""

from datetime import timedelta
from itertools import islice

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.factories.runs import NOW, CaseReport, Device, record_run

pytestmark = pytest.mark.integration

NASTY = "<script>alert(1)</script>"


@pytest.fixture
def full(app: Flask) -> dict[str, str]:
    """Record some runs with everything in them, and return their uids."""
    return {
        "ok": record_run(app, devices=["edge-1", NASTY], fields={"labels": [NASTY]}, message=NASTY),
        "bad": record_run(
            app,
            attempts=[{"edge-1": "failed", "edge-2": "ok"}, {"edge-1": "failed"}],
            cases=[CaseReport(name=NASTY, result="fail", suite=NASTY, message=NASTY)],
            logs={"run": ["ERROR: <b>no</b>"]},
        ),
        "going": record_run(app, service="live", devices=[Device(name="edge-1", status="running")], status=None),
        "canceled": record_run(app, service="stop", status="canceled"),
    }


def test_root_leads_to_the_runs(viewer: FlaskClient) -> None:
    assert viewer.get("/").headers["Location"] == "/runs"


@pytest.mark.parametrize("path", ["/runs", "/services", "/devices", "/devices/edge-1", "/compare"])
def test_pages_escape_whatever_was_reported(viewer: FlaskClient, full: dict[str, str], path: str) -> None:
    answer = viewer.get(path)
    assert full
    assert answer.status_code == 200
    assert NASTY not in answer.text


def test_runs_are_listed_with_counts_and_chips(viewer: FlaskClient, full: dict[str, str]) -> None:
    text = viewer.get("/runs").text
    for uid in full.values():
        assert f'id="run-{uid}"' in text
    assert 'href="/runs?q=level:errors"' in text
    assert "Without errors" in text
    assert f'href="/runs/{full["bad"]}?status=failed"' in text


def test_runs_filtered_in_the_address(viewer: FlaskClient, full: dict[str, str]) -> None:
    text = viewer.get("/runs?q=level:errors").text
    assert full["bad"] in text
    assert full["going"] not in text


def test_a_faulty_filter_is_shown_with_a_caret(viewer: FlaskClient, full: dict[str, str]) -> None:
    assert full
    for path in ("/runs?q=statis:ok", "/services?q=kind:x", "/devices?q=status:x"):
        answer = viewer.get(path)
        assert answer.status_code == 400
        assert "^" in answer.text


def test_a_part_is_answered_alone(viewer: FlaskClient, full: dict[str, str]) -> None:
    assert full
    for path in ("/runs", "/services", "/devices", "/devices/edge-1"):
        answer = viewer.get(path, headers={"X-Partial": "1"})
        assert answer.status_code == 200
        assert "<html" not in answer.text
        assert "X-Partial" in answer.headers["Vary"]


def test_empty_lists_say_what_to_do_next(viewer: FlaskClient) -> None:
    text = viewer.get("/runs").text
    assert "Report your first run" in text
    assert "afterrun.py exec --service" in text
    assert "/api/v1/services/disk/ping" in text
    assert "No services yet" in viewer.get("/services").text
    assert "No devices yet" in viewer.get("/devices").text
    assert "There are not two runs yet" in viewer.get("/compare").text


def test_no_match_is_said(viewer: FlaskClient, full: dict[str, str]) -> None:
    assert full
    assert "No run matches" in viewer.get("/runs?q=service:none").text
    assert "Report your first run" not in viewer.get("/runs?q=service:none").text
    assert "No service matches" in viewer.get("/services?q=none").text
    assert "No device matches" in viewer.get("/devices?q=none").text


def test_runs_page_by_page(app: Flask, viewer: FlaskClient) -> None:
    uids = [record_run(app, now=NOW + timedelta(minutes=index)) for index in range(61)]
    first = viewer.get("/runs").text
    assert uids[0] not in first
    older = first.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0].replace("&amp;", "&")
    second = viewer.get(older).text
    assert uids[0] in second
    assert 'rel="prev"' in second
    assert viewer.get("/runs?before=nonsense").status_code == 422


def test_devices_have_chips_and_pages(app: Flask, viewer: FlaskClient) -> None:
    record_run(app, devices=[f"d{index:03}" for index in range(101)])
    text = viewer.get("/devices").text
    assert 'q=status:ok"' in text
    assert "d100" not in text
    assert 'rel="next"' in text


def test_a_device_may_be_called_like_a_path(app: Flask, viewer: FlaskClient) -> None:
    record_run(app, devices=["../../x"])
    listed = viewer.get("/devices").text
    link = next(part.split('"')[0] for part in listed.split('href="')[1:] if part.startswith("/devices/"))
    assert viewer.get(link).status_code == 200


def test_lists_are_live(app: Flask, viewer: FlaskClient) -> None:
    record_run(app)
    answer = viewer.get("/events/runs", buffered=False)
    assert answer.mimetype == "text/event-stream"
    assert b"event: changed" in b"".join(islice(answer.iter_encoded(), 2))
    answer.close()


def test_strangers_are_asked_to_sign_in(client: FlaskClient) -> None:
    for path in ("/runs", "/services", "/devices", "/compare", "/events/runs"):
        assert client.get(path).status_code == 302
