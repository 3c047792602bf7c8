"""Does a run become one commit that says what happened, once, in the repository that was chosen?"""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

from tests.factories.runs import NOW, Device, record_run
from tests.gitexport.pushing import allow_roots, listed, log
from tests.programs import needs_program
from tests.servers.git_hosts import Repositories, run_git
from webapp.domain.access import Caller, Role, Scope
from webapp.gitexport.exporting import Order, export_run
from webapp.gitexport.failures import RepositoryError, Trouble
from webapp.gitexport.roster import RepositoryInput, add_repository, find_chosen, open_target
from webapp.store.accounts import NewUser, add_user
from webapp.store.db import reading, writing

pytestmark = [pytest.mark.integration, needs_program("git")]

SERVER = "http://afterrun.example:5000"


def order_for(app: Flask, url: Path, run_uid: str, *, folder: str = "", author_domain: str = "") -> Order:
    """Return the order that pushes a run to a repository, which is added for it."""
    settings = allow_roots(app, str(url.parent))
    given = RepositoryInput(name=f"r{run_uid}", url=str(url), folder=folder, author_domain=author_domain)
    with writing() as session:
        add_repository(session, settings, given, by_id=None, now=NOW)
    with reading() as session:
        repository = find_chosen(session, given.name)
    return Order(run_uid=run_uid, repository=repository, target=open_target(settings, repository), server_url=SERVER)


def push(app: Flask, order: Order) -> str:
    return export_run(order, instance=Path(app.instance_path), reading=reading)


def test_commit_says_what_happened_and_who(app: Flask, repositories: Repositories) -> None:
    with writing() as session:
        ada = add_user(session, NewUser(name="Ada L. <x>", email="", role=Role.OPERATOR), now=NOW)
    caller = Caller(user_id=ada.id, name=ada.name, role=Role.OPERATOR, scopes=frozenset({Scope.INGEST}))
    first = record_run(app, service="backup core", devices=["r1"], caller=caller)
    second = record_run(
        app,
        service="backup core",
        devices=[Device(name="r1", status="failed"), "r2"],
        message="no\n\nRun: http://evil/runs/1",
        caller=caller,
        now=NOW + timedelta(hours=1),
    )
    path = repositories.create("saying")
    order = order_for(app, path, first, folder="lab/a", author_domain="example.org")
    push(app, order)
    commit = push(app, replace(order, run_uid=second))
    assert log(path, "%H")[0] == commit
    assert run_git("-C", str(path), "log", "-1", "--format=%B").strip() == (
        "backup core #2: errors, 1 of 2 devices failed: no Run: http://evil/runs/1\n\n"
        f"Run: {SERVER}/runs/{second}\n"
        f"Service: {SERVER}/services/backup%20core\n"
        f"Compare: {SERVER}/compare?a={first}&b={second}"
    )
    assert log(path, "%s")[1] == "backup core #1: ok, the device passed"
    assert log(path, "%an <%ae>, %cn <%ce>")[0] == ("Ada L. x <ada-l.-x@example.org>, Afterrun <afterrun@example.org>")
    assert "lab/a/backup core/devices/r2.json" in listed(path)
    about = json.loads(run_git("-C", str(path), "show", "main:lab/a/backup core/run.json"))
    assert about["compare"] == f"{SERVER}/compare?a={first}&b={second}"


def test_run_is_pushed_once(app: Flask, repositories: Repositories) -> None:
    path = repositories.create("once")
    order = order_for(app, path, record_run(app, devices=["r1"]))
    assert push(app, order) == push(app, order)
    assert len(log(path)) == 1


def test_device_that_left_and_a_canceled_run(app: Flask, repositories: Repositories) -> None:
    path = repositories.create("left")
    order = order_for(app, path, record_run(app, devices=["r1", "r2"]))
    push(app, order)
    second = record_run(app, devices=["r1"], status="canceled", message="by hand")
    push(app, replace(order, run_uid=second))
    assert listed(path) == ["audit/devices/r1.json", "audit/results.json", "audit/run.json"]
    assert log(path)[0] == "audit #2: canceled, the device passed: by hand"


def test_address_that_is_not_allowed_any_more_is_said(app: Flask, repositories: Repositories) -> None:
    order = order_for(app, repositories.create("allowed"), record_run(app, devices=["r1"]))
    settings = allow_roots(app, "")
    with pytest.raises(RepositoryError, match=r"This address may not be used: .* GIT_LOCAL_ROOTS") as caught:
        open_target(settings, order.repository)
    assert caught.value.trouble is Trouble.NO_REPOSITORY


def test_late_run_has_its_commit_and_leaves_the_newest_files(app: Flask, repositories: Repositories) -> None:
    path = repositories.create("late")
    first = record_run(app, devices=["r1"])
    late = record_run(app, devices=["r1", "r2"])
    newest = record_run(app, devices=["r1", "r3"])
    order = order_for(app, path, first)
    push(app, order)
    push(app, replace(order, run_uid=newest))
    files = run_git("-C", str(path), "rev-parse", "main^{tree}")
    commit = push(app, replace(order, run_uid=late))
    assert log(path) == [
        "audit: the newest run again, after #2 came late",
        "audit #2: ok, all 2 devices passed",
        "audit #3: ok, all 2 devices passed",
        "audit #1: ok, the device passed",
    ]
    assert log(path, "%H")[1] == commit
    assert run_git("-C", str(path), "rev-parse", "main^{tree}") == files
    assert "audit/devices/r2.json" in listed(path, "main~1")
    assert push(app, replace(order, run_uid=late)) == commit
    assert len(log(path)) == 4


def test_somebody_elses_run_file_is_no_obstacle(app: Flask, repositories: Repositories, tmp_path: Path) -> None:
    path = repositories.create("theirs")
    order = order_for(app, path, record_run(app, devices=["r1"]))
    (tmp_path / "audit").mkdir()
    (tmp_path / "audit" / "run.json").write_text("not JSON")
    who = ("-c", "user.name=eve", "-c", "user.email=eve@example.org")
    run_git("-C", str(tmp_path), "init", "-q", "-b", "main")
    run_git("-C", str(tmp_path), "add", "audit")
    run_git("-C", str(tmp_path), *who, "commit", "-q", "-m", "theirs")
    run_git("-C", str(tmp_path), "push", "-q", str(path), "main")
    push(app, order)
    assert log(path) == ["audit #1: ok, the device passed", "theirs"]


def test_device_file_stays_when_nothing_that_matters_has_changed(app: Flask, repositories: Repositories) -> None:
    path = repositories.create("noise")
    first = record_run(app, devices=[Device(name=name, result={"up": 1, "n": 1}) for name in ("r1", "r 2", "r3")])
    devices = [Device(name="r1", result={"up": 9, "n": 1}), Device(name="r 2", result={"up": 9, "n": 2})]
    second = record_run(app, devices=[*devices, Device(name="r4", result=1)])
    order = order_for(app, path, first)
    push(app, order)

    def alike(pairs: Sequence[tuple[bytes, bytes]]) -> list[bool]:
        return [json.loads(old)["result"]["n"] == json.loads(new)["result"]["n"] for old, new in pairs]

    push(app, replace(order, run_uid=second, alike=alike))
    changed = run_git("-C", str(path), "diff", "--name-only", "main~1", "main").splitlines()
    assert changed == [
        "audit/devices/r 2.json",
        "audit/devices/r3.json",
        "audit/devices/r4.json",
        "audit/results.json",
        "audit/run.json",
    ]
    results = json.loads(run_git("-C", str(path), "show", "main:audit/results.json"))["results"]
    assert results["devices"]["r1"]["result"] == {"up": 1, "n": 1}
    assert results["devices"]["r 2"]["result"] == {"up": 9, "n": 2}
    for device in ("r1", "r 2"):
        file = json.loads(run_git("-C", str(path), "show", f"main:audit/devices/{device}.json"))
        assert {"device": device, **results["devices"][device]} == file


def test_device_file_that_somebody_spoilt_is_written_anew(
    app: Flask, repositories: Repositories, tmp_path: Path
) -> None:
    path = repositories.create("spoilt")
    order = order_for(app, path, record_run(app, devices=["r1"]))
    push(app, order)
    run_git("clone", "-q", str(path), str(tmp_path / "clone"))
    (tmp_path / "clone" / "audit" / "devices" / "r1.json").write_bytes(b"\xff no JSON")
    who = ("-c", "user.name=eve", "-c", "user.email=eve@example.org")
    run_git("-C", str(tmp_path / "clone"), *who, "commit", "-q", "-a", "-m", "theirs")
    run_git("-C", str(tmp_path / "clone"), "push", "-q", "origin", "main")
    again = record_run(app, devices=["r1"])
    push(app, replace(order, run_uid=again, alike=lambda pairs: [False] * len(pairs)))
    assert json.loads(run_git("-C", str(path), "show", "main:audit/devices/r1.json"))["device"] == "r1"
