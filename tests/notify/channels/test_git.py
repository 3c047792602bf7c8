"""Does a run that ends get into its repositories by itself: planned, pushed, retried, and in order?"""

from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.factories.runs import NOW, Device, record_run
from tests.gitexport.pushing import allow_roots, listed, log
from tests.programs import needs_program
from tests.servers.git_hosts import Repositories, run_git
from webapp.clock import now
from webapp.domain.deliveries import DeliveryState
from webapp.gitexport.roster import RepositoryInput, add_repository
from webapp.ingest.services import ServiceFields, put_service
from webapp.notify.again import resend
from webapp.notify.destinations import DestinationFields, put_destination
from webapp.notify.office import EXTENSION
from webapp.store import repositories as store
from webapp.store.db import reading, writing
from webapp.store.deliveries import Delivery, list_of_run
from webapp.store.models.notices import OutboxRow
from webapp.store.runs import get_run
from webapp.worker.outbox import list_due_lanes, work_lane

pytestmark = [pytest.mark.integration, needs_program("git")]


@pytest.fixture
def bare(app: Flask, tmp_path: Path) -> Repositories:
    """Return the folder of repositories; those named `lab` and `audit` are known, the first as the default."""
    folder = tmp_path / "repositories"
    folder.mkdir()
    settings = allow_roots(app, str(folder))
    made = Repositories(folder=folder)
    with writing() as session:
        for name in ("lab", "audit"):
            given = RepositoryInput(name=name, url=str(made.create(name)))
            add_repository(session, settings, given, by_id=None, now=NOW)
    return made


def choose(value: object) -> None:
    with writing() as session:
        put_service(session, "backup", ServiceFields(options={"push_to_git": value}), now=NOW)


def work(app: Flask) -> None:
    """Do what is due, until nothing is."""
    for _ in range(50):
        lanes = list_due_lanes()
        for lane in dict.fromkeys(lanes):
            work_lane(app.extensions[EXTENSION], lane, workers=8)
        if not lanes:
            return


def make_due() -> None:
    """Let the time pass that retries wait for."""
    with writing() as session:
        session.query(OutboxRow).update({"next_at": now() - timedelta(seconds=1)})


def deliveries(uid: str) -> list[Delivery]:
    with reading() as session:
        return list_of_run(session, get_run(session, uid).id)


def test_ended_run_is_pushed_to_the_default_repository(app: Flask, bare: Repositories) -> None:
    choose(value=True)
    uid = record_run(app, service="backup", devices=["r1"])
    work(app)
    (delivery,) = deliveries(uid)
    assert (delivery.channel, delivery.to, delivery.state) == ("git", "lab", DeliveryState.SENT)
    assert log(bare.folder / "lab.git") == ["backup #1: ok, the device passed"]
    with reading() as session:
        ((commit,),) = store.find_commits(session, [get_run(session, uid).id]).values()
    assert log(bare.folder / "lab.git", "%H") == [commit.commit_id]


def test_run_goes_to_each_repository_that_is_chosen(app: Flask, bare: Repositories) -> None:
    choose(["audit", "lab"])
    record_run(app, service="backup", devices=["r1"])
    record_run(app, service="other", devices=["r1"])
    work(app)
    for name in ("audit", "lab"):
        assert log(bare.folder / f"{name}.git") == ["backup #1: ok, the device passed"]


def test_run_that_goes_on_is_not_pushed(app: Flask, bare: Repositories) -> None:
    choose(value=True)
    uid = record_run(app, service="backup", devices=["r1"], status=None)
    work(app)
    assert deliveries(uid) == []


def test_canceled_run_is_not_pushed_and_says_so(app: Flask, bare: Repositories, viewer: FlaskClient) -> None:
    with writing() as session:
        fields = DestinationFields(channel="git", config={"repository": "audit"})
        put_destination(session, app.extensions[EXTENSION], "archive", fields, by_id=None, now=NOW)
        options = {"push_to_git": True, "send_notification": ["archive"]}
        put_service(session, "backup", ServiceFields(options=options), now=NOW)
    uid = record_run(app, service="backup", devices=["r1"], status="canceled")
    work(app)
    assert {(each.to, each.state) for each in deliveries(uid)} == {
        ("lab", DeliveryState.SKIPPED),
        ("audit", DeliveryState.SKIPPED),
    }
    assert "a canceled run is not pushed: it would take away the devices" in viewer.get(f"/runs/{uid}").text


def test_repository_that_is_not_there_is_told(app: Flask, bare: Repositories) -> None:
    choose("nowhere")
    uid = record_run(app, service="backup", devices=["r1"])
    work(app)
    (delivery,) = deliveries(uid)
    assert delivery.state is DeliveryState.SKIPPED
    assert "there is no repository nowhere" in delivery.reason


def test_what_cannot_be_pushed_waits_and_goes_in_order(app: Flask, bare: Repositories) -> None:
    """The disk of the repository's machine does not take anything for a while."""
    choose(value=True)
    path = bare.folder / "lab.git"
    hook = path / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\necho 'No space left on device' >&2; exit 1\n")
    hook.chmod(0o755)
    uids = [record_run(app, service="backup", devices=["r1", f"r{n}"]) for n in range(2, 5)]
    work(app)
    states = [deliveries(uid)[0].state for uid in uids]
    assert states == [DeliveryState.RETRYING, DeliveryState.PENDING, DeliveryState.PENDING]
    with reading() as session:
        fault = store.get_repository(session, 1).fault
    assert fault.startswith("The disk is full: ")
    hook.unlink()
    make_due()
    work(app)
    assert [deliveries(uid)[0].state for uid in uids] == [DeliveryState.SENT] * 3
    assert log(path) == [f"backup #{n}: ok, all 2 devices passed" for n in (3, 2, 1)]
    with reading() as session:
        assert store.get_repository(session, 1).fault == ""


def test_refusal_is_final_until_somebody_pushes_again(app: Flask, bare: Repositories, admin: FlaskClient) -> None:
    choose(value=True)
    path = bare.folder / "lab.git"
    hook = path / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\necho 'policy: ask ops' >&2; exit 1\n")
    hook.chmod(0o755)
    uids = [record_run(app, service="backup", devices=[Device(name="r1", result=n)]) for n in range(2)]
    work(app)
    assert [deliveries(uid)[0].state for uid in uids] == [DeliveryState.FAILED] * 2
    page = admin.get("/admin/git").text
    assert "lab is behind." in page
    assert "The server refused the push: pre-receive hook declined; policy: ask ops" in page
    assert "2 runs" in page
    assert "pushed in this order" in admin.get("/admin/git/1").text
    hook.unlink()
    assert "2 runs will be pushed now." in admin.post("/admin/git/1/push", follow_redirects=True).text
    work(app)
    assert log(path) == ["backup #2: ok, the device passed", "backup #1: ok, the device passed"]
    assert "Nothing waits." in admin.post("/admin/git/1/push", follow_redirects=True).text


def test_repeated_delivery_makes_no_second_commit(app: Flask, bare: Repositories) -> None:
    choose(value=True)
    uid = record_run(app, service="backup", devices=["r1"])
    work(app)
    (delivery,) = deliveries(uid)
    with writing() as session:
        resend(session, app.extensions[EXTENSION], delivery, by_id=None, now=now())
    work(app)
    assert deliveries(uid)[0].state is DeliveryState.SENT
    assert len(log(bare.folder / "lab.git")) == 1
    assert listed(bare.folder / "lab.git")[-1] == "backup/run.json"


def test_only_changes_that_matter_when_the_service_wants_so(app: Flask, bare: Repositories) -> None:
    rules = {"rules": [{"kind": "path", "pattern": "$..uptime"}]}
    with writing() as session:
        options = {"push_to_git": True, "git_only_meaningful": True, "compare": rules}
        put_service(session, "backup", ServiceFields(options=options), now=NOW)
    for uptime in (1, 2):
        record_run(app, service="backup", devices=[Device(name="r1", result={"uptime": uptime})])
        work(app)
    path = bare.folder / "lab.git"
    assert run_git("-C", str(path), "diff", "--name-only", "main~1", "main").split() == ["backup/run.json"]
