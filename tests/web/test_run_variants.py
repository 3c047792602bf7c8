"""Does the page of a run show which devices stand out, and compare them with the usual one by one click?"""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.factories.runs import Device, record_run
from webapp.compare import variants

pytestmark = pytest.mark.integration


def listed(text: str) -> str:
    """Return what the list of devices shows."""
    return text.split(' id="run-devices"')[1].split(' id="run-panel"', maxsplit=1)[0]


@pytest.fixture
def uid(app: Flask) -> str:
    devices = [Device(name=f"edge-{n}", result={"v": "x" if n == 3 else "y"}) for n in range(8)]
    return record_run(app, devices=[*devices, "bare"])


def test_odd_ones_first_with_a_link_to_the_comparison(viewer: FlaskClient, uid: str) -> None:
    text = viewer.get(f"/runs/{uid}?by=result").text
    rows = listed(text).split("<tr data-row")[1:]
    assert len(rows) == 2
    assert "edge-3" in rows[0]
    assert "and 2 more" in rows[1]
    assert "most have it" in rows[1]
    assert "2 different results" in text
    assert "1 device without a result" in text
    assert ' aria-label="Device edge-3"' in text
    link = rows[0].split('href="/compare')[1].split('"')[0].replace("&amp;", "&")
    compared = viewer.get(f"/compare{link}")
    assert compared.status_code == 200
    assert "device=edge-0&other=edge-3" in link
    assert "Changed values" in compared.text


def test_a_variant_is_a_filter(viewer: FlaskClient, uid: str) -> None:
    text = viewer.get(f"/runs/{uid}?by=result").text
    code = listed(text).split("same=")[1].split('"')[0].split("&")[0]
    chosen = listed(viewer.get(f"/runs/{uid}?by=result&same={code}").text)
    assert "1 device with the same result" in chosen
    assert "Compare with edge-0" in chosen
    assert "edge-4" not in chosen
    assert "No device has the chosen result" in viewer.get(f"/runs/{uid}?by=result&same=999").text
    assert "No device has the chosen result" in viewer.get(f"/runs/{uid}?by=result&same=nonsense").text


def test_devices_are_listed_each_by_itself_as_usual(viewer: FlaskClient, uid: str) -> None:
    text = listed(viewer.get(f"/runs/{uid}").text)
    assert "by=result" in text
    assert text.count('<tr id="result-') == 9


def test_filters_hold_for_variants_too(viewer: FlaskClient, uid: str) -> None:
    text = listed(viewer.get(f"/runs/{uid}?by=result&q=device:edge-1,edge-3").text)
    assert "no two devices are alike" in text
    assert "edge-0" not in text
    assert "No JSON results" in viewer.get(f"/runs/{uid}?by=result&q=device:bare").text
    assert viewer.get(f"/runs/{uid}?by=result&q=nonsense:x").status_code == 400
    assert viewer.get(f"/runs/{uid}?by=result&status=nonsense").status_code == 400


def test_levels(viewer: FlaskClient, uid: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert viewer.get(f"/runs/{uid}?by=result&level=nonsense").status_code == 422
    exact = listed(viewer.get(f"/runs/{uid}?by=result&level=exact").text)
    assert 'aria-current="true">Exact' in exact
    assert "level=" not in exact.split('href="/compare')[1].split('"')[0]
    monkeypatch.setattr(variants, "MOST_READ", 1)
    refused = viewer.get(f"/runs/{uid}?by=result").text
    assert "there are 2 different results" in refused
    assert 'aria-current="true">Exact' in refused
