"""What each recipe promises, asked of a tree in which it was followed."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.factories.envelopes import envelope
from tests.factories.reports import red
from webapp.domain.notices import Verbosity
from webapp.notify.catalogue import load_channels
from webapp.notify.contract import Target
from webapp.notify.docs import channels_page
from webapp.notify.render import MessageTemplates
from webapp.notify.trial import try_out
from webapp.plugins.fields import read_config
from webapp.query.fields import View
from webapp.query.parser import parse
from webapp.settings.resolve import Settings
from webapp.store.db import reading
from webapp.store.runs import page_runs

pytestmark = pytest.mark.integration

NOW = datetime(2026, 11, 1, tzinfo=UTC)


def test_setting_is_read_from_the_environment() -> None:
    settings = Settings(environment={"TOY_LIMIT": "7"}, file={}, vault=None)
    assert settings.at_start("TOY_LIMIT").value == 7


def test_page_asks_for_a_permission_and_escapes(client: FlaskClient, viewer: FlaskClient) -> None:
    assert client.get("/toys").status_code == 302
    answer = viewer.get("/toys")
    assert answer.status_code == 200
    assert "<li>&lt;b&gt;kite&lt;/b&gt;</li>" in answer.text


def test_api_call_answers_and_is_described(client: FlaskClient, viewer: FlaskClient) -> None:
    assert client.get("/api/v1/toys").status_code == 401
    assert viewer.get("/api/v1/toys").json == {"items": ["robot", "kite"]}
    assert "/toys" in str(viewer.get("/api/v1/openapi.json").json)


def test_filter_field_is_understood_and_asked(app: Flask) -> None:
    where = parse("toy_host:ci-*", view=View.RUNS, now=NOW)
    with reading() as session:
        assert page_runs(session, where=where).items == []


@pytest.mark.parametrize("format_name", ["toylines", "auto"])
def test_importer_is_found(format_name: str, admin: FlaskClient, make_token, tmp_path: Path) -> None:
    answer = admin.application.test_client().post(
        f"/api/v1/import?format={format_name}&service=toys",
        data=b"pass robot\nfail kite\n",
        headers={"Authorization": f"Bearer {make_token(['ingest'])}", "Content-Type": "application/octet-stream"},
    )
    assert answer.status_code in {200, 201}, answer.text
    uid = answer.json["runs"][0]["uid"]
    counts = admin.get(f"/api/v1/runs/{uid}").json["counts"]["cases"]
    assert counts["pass"] == 1
    assert counts["fail"] == 1


def test_channel_is_found_and_documented(app: Flask, tmp_path: Path) -> None:
    channels = load_channels()
    bell = channels.get("toybell")
    assert "| `toybell` | Bell |" in channels_page(channels)
    config = read_config(bell.Config, {"path": str(tmp_path / "bell")})
    trial = try_out(
        bell,
        config,
        report=red(),
        verbosity=Verbosity.QUIET,
        templates=MessageTemplates(),
        envelope=envelope(Target()),
    )
    assert trial.error is None
    assert (tmp_path / "bell").read_text().startswith("[FAILED] backup-core #118")
