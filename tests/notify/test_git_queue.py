"""Does what waits for a repository follow when it is renamed, and is "Push now" recorded once?"""

import json
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.factories.runs import NOW, record_run
from tests.gitexport.pushing import allow_roots, log
from tests.notify.channels.test_git import deliveries, work
from tests.programs import needs_program
from tests.servers.git_hosts import Repositories
from webapp.domain.deliveries import DeliveryState
from webapp.domain.outcome import Level
from webapp.gitexport.roster import RepositoryInput, add_repository
from webapp.ingest.services import ServiceFields, put_service
from webapp.notify.destinations import DestinationFields, put_destination
from webapp.notify.git_queue import list_waiting
from webapp.notify.handler_setting import HandlerFields, put_handler, read_mapping
from webapp.notify.office import EXTENSION
from webapp.store.accounts import list_audit
from webapp.store.db import reading, writing
from webapp.store.destinations import get_destination
from webapp.store.inventory import get_service

pytestmark = [pytest.mark.integration, needs_program("git")]


@pytest.fixture
def bare(app: Flask, tmp_path: Path) -> Path:
    """Return a repository called `lab` that a service and a destination push to, and that is away."""
    folder = tmp_path / "repositories"
    folder.mkdir()
    settings, office = allow_roots(app, str(folder)), app.extensions[EXTENSION]
    path = Repositories(folder=folder).create("results")
    with writing() as session:
        add_repository(session, settings, RepositoryInput(name="lab", url=str(path)), by_id=None, now=NOW)
        options = {"push_to_git": ["lab"], "send_notification": ["archive"]}
        put_service(session, "backup", ServiceFields(options=options), now=NOW)
        put_service(session, "alone", ServiceFields(options={"push_to_git": "lab"}), now=NOW)
        put_service(session, "usual", ServiceFields(options={"push_to_git": True}), now=NOW)
        fields = DestinationFields(channel="git", config={"repository": "lab"})
        put_destination(session, office, "archive", fields, by_id=None, now=NOW)
        handler = HandlerFields(channel="git", level=Level.FAILED, config={"repository": "lab"})
        put_handler(session, office, "keeper", handler, by_id=None, now=NOW)
    path.rename(path.with_name("away.git"))
    return path


def rename(admin: FlaskClient, path: Path, name: str) -> None:
    answer = admin.post("/admin/git/1", data={"name": name, "url": str(path), "branch": "main", "is_default": "y"})
    assert answer.status_code == 302, answer.text


def actions() -> list[str]:
    with reading() as session:
        return [entry.action for entry in list_audit(session, limit=99)]


def test_everything_follows_a_repository_that_is_renamed(app: Flask, admin: FlaskClient, bare: Path) -> None:
    uids = [record_run(app, service="backup", devices=[name]) for name in ("r1", "r2")]
    work(app)
    rename(admin, bare, "results")
    with reading() as session:
        waiting = list_waiting(session)
        services = [get_service(session, slug).options["push_to_git"] for slug in ("backup", "alone", "usual")]
        sealed = get_destination(session, "archive").sealed
        handlers = read_mapping(session, app.extensions[EXTENSION])
    assert {name: [each.run_uid for each in found] for name, found in waiting.items()} == {"results": uids}
    assert services == [["results"], "results", True]
    assert json.loads(app.extensions[EXTENSION].settings.unseal(sealed, "x")) == {"repository": "results"}
    assert handlers["keeper"]["repository"] == "results"
    bare.with_name("away.git").rename(bare)
    assert "2 runs will be pushed now." in admin.post("/admin/git/1/push", follow_redirects=True).text
    work(app)
    uids.append(record_run(app, service="backup", devices=["r3"]))
    work(app)
    assert [[each.state for each in deliveries(uid)] for uid in uids] == [[DeliveryState.SENT]] * 3
    assert [line.partition(":")[0] for line in log(bare)] == ["backup #3", "backup #2", "backup #1"]


def test_name_that_is_taken_renames_nothing(app: Flask, admin: FlaskClient, bare: Path) -> None:
    with writing() as session:
        given = RepositoryInput(name="other", url=str(bare))
        add_repository(session, app.extensions[EXTENSION].settings, given, by_id=None, now=NOW)
    answer = admin.post("/admin/git/1", data={"name": "other", "url": str(bare), "branch": "main"})
    assert answer.status_code == 422
    with reading() as session:
        assert get_service(session, "backup").options["push_to_git"] == ["lab"]


def test_push_now_is_recorded_once_and_only_when_something_waits(app: Flask, admin: FlaskClient, bare: Path) -> None:
    assert "Nothing waits." in admin.post("/admin/git/1/push", follow_redirects=True).text
    assert not {"repository.pushed", "delivery.sent_again"} & set(actions())
    uid = record_run(app, service="backup", devices=["r1"])
    work(app)
    admin.post("/admin/git/1/push")
    with reading() as session:
        pushed = [each for each in list_audit(session, limit=99) if each.action == "repository.pushed"]
    assert "delivery.sent_again" not in actions()
    assert [(each.subject, each.details) for each in pushed] == [("lab", {"uids": [deliveries(uid)[0].uid]})]
