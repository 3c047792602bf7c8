"""Does a service's page show how its runs go, and only its own, and lead to them?"""

from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.factories.runs import NOW, STEP, Device, record_run
from webapp.clock import now
from webapp.domain.outcome import ServiceKind
from webapp.ingest.services import ServiceFields, put_service
from webapp.store.db import writing

pytestmark = pytest.mark.integration

NASTY = "<b>100%?&#"


def test_service_shows_its_runs_and_counts_them(app: Flask, viewer: FlaskClient) -> None:
    good = record_run(app, service="backup", devices=["edge-1"])
    bad = record_run(app, service="backup", devices=[Device(name="edge-1", status="failed")], message="no route")
    other = record_run(app, service="Backup")
    text = viewer.get("/services/backup").text
    assert "1 of 1 device failed: no route" in text
    assert f'id="run-{good}"' in text
    assert f'id="run-{bad}"' in text
    assert other not in text
    assert "Last 2 runs" in text
    assert 'href="/runs?q=service:backup"' in text
    chip = text.split('href="/runs?q=service:backup+level:errors"')[1].split("</a>")[0]
    assert '<span class="count">1</span>' in chip


def test_number_of_a_run_leads_to_what_is_asked_of_it(app: Flask, viewer: FlaskClient) -> None:
    uid = record_run(app, service="backup")
    assert viewer.get("/services/backup/1?device=edge-1").location == f"/runs/{uid}?device=edge-1"


@pytest.mark.parametrize(
    "name", ["slug", "uid", "name", "endpoint", "values", "_external", "_scheme", "_anchor", "self"]
)
def test_parameters_of_any_name_are_parameters_alone(app: Flask, viewer: FlaskClient, name: str) -> None:
    uid = record_run(app, service="backup", devices=["edge-1"])
    assert viewer.get(f"/services/backup/1?{name}=javascript").location == f"/runs/{uid}?{name}=javascript"
    for address in ("/runs", "/services/backup/trends", "/devices/edge-1", f"/runs/{uid}"):
        answer = viewer.get(f"{address}?{name}=javascript")
        assert answer.status_code == 200
        assert "javascript:" not in answer.text


def test_service_says_what_it_is(app: Flask, viewer: FlaskClient) -> None:
    with app.app_context(), writing() as session:
        fields = ServiceFields(kind=ServiceKind.WORKFLOW, description=f"Nightly {NASTY}", owner="viewer")
        put_service(session, "release", fields, now=now())
    text = viewer.get("/services/release").text
    assert "No runs yet" in text
    assert "Nightly &lt;b&gt;100%?&amp;#" in text
    assert "workflow</span>" in text
    assert "0 runs" in text


def test_service_shows_the_latest_of_many_runs(app: Flask, viewer: FlaskClient) -> None:
    uids = [record_run(app, service="many", now=NOW + STEP * index) for index in range(14)]
    text = viewer.get("/services/many").text
    assert [f'id="run-{uid}"' in text for uid in uids] == [False] * 2 + [True] * 12
    assert all(f'href="/runs/{uid}"' in text for uid in uids)


@pytest.mark.parametrize("name", ["a b", NASTY, "-", "12", "trends", "%2F", "..."])
def test_service_may_have_any_name(app: Flask, viewer: FlaskClient, name: str) -> None:
    uid = record_run(app, service=name)
    listed = viewer.get("/services").text
    link = next(unescape(part.split('"')[0]) for part in listed.split('href="')[1:] if part.startswith("/services/"))
    answer = viewer.get(link)
    assert answer.status_code == 200
    assert f'id="run-{uid}"' in answer.text
    assert viewer.get(f"{link}/1").headers["Location"] == f"/runs/{uid}"
    assert viewer.get(f"{link}/2").status_code == 404


def test_unknown_service_is_not_found(viewer: FlaskClient) -> None:
    assert viewer.get("/services/none").status_code == 404
    assert viewer.get("/services/none/1").status_code == 404


def test_bar_of_pages_marks_the_one_shown(app: Flask, viewer: FlaskClient) -> None:
    record_run(app, service="backup")
    bar = viewer.get("/services/backup").text.split('aria-label="Service"')[1].split("</nav>")[0]
    assert 'href="/services/backup" aria-current="page">Overview' in bar
