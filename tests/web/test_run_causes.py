"""Does the page of a run group what failed by its cause, and is a cause a filter?"""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.factories.runs import CaseReport, Device, record_run
from webapp.web import run_causes

pytestmark = pytest.mark.integration

NASTY = "<script>alert(1)</script>"


def part(text: str, name: str) -> str:
    """Return what stands from the region of this id to the next one."""
    return text.split(f' id="{name}"')[1].split(' id="run-', maxsplit=1)[0]


def code_of(text: str, words: str) -> str:
    """Return the code in the link of the cause with these words."""
    link = next(each for each in text.split("<li ")[1:] if words in each)
    return link.split("cause=")[1].split('"')[0].split("&")[0]


@pytest.fixture
def failed(app: Flask) -> str:
    record_run(app, devices=[Device(name="edge-1", status="failed", message="old one")])
    return record_run(
        app,
        devices=[
            Device(name="edge-1", status="timeout", message=f"edge-1: {NASTY} after 9 s"),
            Device(name="edge-2", status="timeout", message=f"edge-2: {NASTY} after 8 s"),
            Device(name="edge-3", status="failed", message="disk full"),
            "edge-4",
        ],
        cases=[CaseReport(name="boots", result="fail", message="no prompt"), CaseReport(name="pings")],
    )


def test_causes_with_what_differs_marked(viewer: FlaskClient, failed: str) -> None:
    text = viewer.get(f"/runs/{failed}").text
    assert "4 failures, 3 causes" in text
    assert NASTY not in text
    found = part(text, "run-causes")
    assert 'differs: device">device</var>: &lt;script&gt;' in found
    assert 'differs: duration">duration</var>' in found
    assert "2 devices" in found
    assert "1 case" in found
    assert found.count("new since #1") == 3
    assert "1 cause of" in found
    assert "old one" in found


def test_a_cause_is_a_filter(viewer: FlaskClient, failed: str) -> None:
    text = viewer.get(f"/runs/{failed}").text
    chosen = viewer.get(f"/runs/{failed}?cause={code_of(text, 'script')}").text
    devices = part(chosen, "run-devices")
    assert "edge-2" in devices
    assert "edge-3" not in devices
    assert "No case has this cause" in chosen
    assert 'aria-current="true"' in part(chosen, "run-causes")
    assert "Show all failures" in chosen
    cases = viewer.get(f"/runs/{failed}?cause={code_of(text, 'no prompt')}").text
    assert "boots" in part(cases, "run-cases")
    assert "pings" not in part(cases, "run-cases")
    assert "No device has this cause" in cases


def test_an_unknown_cause_selects_nothing_and_says_so(viewer: FlaskClient, failed: str) -> None:
    answer = viewer.get(f"/runs/{failed}?cause={NASTY}")
    assert answer.status_code == 200
    assert "No failure has the chosen cause any more" in answer.text
    assert "No device matches" in answer.text
    assert NASTY not in answer.text


def test_one_failure_needs_no_groups(app: Flask, viewer: FlaskClient) -> None:
    uid = record_run(app, devices=[Device(name="a", status="failed", message="x"), "b"])
    assert "1 failure," not in viewer.get(f"/runs/{uid}").text


def test_many_causes_stand_behind_a_click(app: Flask, viewer: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_causes, "FIRST_CAUSES", 1)
    monkeypatch.setattr(run_causes, "MORE_CAUSES", 2)
    words = ("one", "two", "three", "four")
    uid = record_run(app, devices=[Device(name=f"d{word}", status="failed", message=word) for word in words])
    text = viewer.get(f"/runs/{uid}").text
    assert "2 more causes" in text
    last = viewer.get(f"/runs/{uid}?cause={code_of(text, 'three')}").text
    assert part(last, "run-causes").split("<details class")[0].count("<li ") == 2
