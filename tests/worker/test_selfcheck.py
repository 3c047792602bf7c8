"""Does the server find its own faults, and report them like any other run?"""

import socket
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from tests.databases import is_on_postgres
from tests.programs import needs_program
from tests.servers.git_hosts import Repositories
from tests.servers.product import free_port
from webapp.clock import now
from webapp.domain.outcome import CaseResult
from webapp.settings.resolve import Settings
from webapp.store.db import db, reading, writing
from webapp.store.integrity import UnsoundError, check_database
from webapp.store.models.inventory import DeviceRow, ServiceRow
from webapp.store.models.results import CaseResultRow, DeviceResultRow
from webapp.store.models.runs import RunRow
from webapp.store.repositories import RepositoryFields, add_repository
from webapp.worker.checks import Bench, check_clock, check_disk, check_git, check_mail, check_store, examine
from webapp.worker.selfcheck import report_selfcheck

pytestmark = pytest.mark.integration
sqlite_only = pytest.mark.skipif(is_on_postgres(), reason="looks through the pages of a SQLite file")


@contextmanager
def _mail_server(*answers: bytes) -> Iterator[int]:
    """Run a mail server that greets, then answers each line with the next of some answers; yield its port."""

    def serve() -> None:
        peer, _ = server.accept()
        with peer, peer.makefile("rb") as lines:
            peer.sendall(b"220 test\r\n")
            for answer in answers:
                if not lines.readline():
                    break
                peer.sendall(answer + b"\r\n")

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve)
        thread.start()
        yield server.getsockname()[1]
        thread.join(10)


def _bench(app: Flask, **environment: str) -> Bench:
    settings = Settings(environment=environment, file={}, vault=None)
    return Bench(instance=Path(app.instance_path), settings=settings, started_at=now(), started_mono=time.monotonic())


def _mail_bench(app: Flask, port: int, **more: str) -> Bench:
    own = {"MAIL_SERVER": "127.0.0.1", "MAIL_PORT": str(port), "MAIL_USE_TLS": "no", "MAIL_SENDER": "a@example.org"}
    return _bench(app, **{**own, **more})


def test_selfcheck_is_a_run_of_this_host(app: Flask) -> None:
    report_selfcheck(_bench(app), trigger="start")
    with reading() as session:
        run = session.scalars(select(RunRow)).one()
        assert session.scalars(select(ServiceRow.slug)).one() == "selfcheck"
        assert session.scalars(select(DeviceRow.name)).one() == socket.gethostname()
        assert session.scalars(select(DeviceResultRow.blob_id)).one() is not None
        results = sorted(session.scalars(select(CaseResultRow.result)))
    assert (run.status, run.level, run.trigger) == ("complete", "ok", "start")
    assert results == ["pass", "pass", "pass", "skip", "skip"]


def test_failed_check_makes_the_run_fail(app: Flask) -> None:
    report_selfcheck(_bench(app, GIT_AUTOMATION="/nowhere/at/all", GIT_LOCAL_ROOTS="/nowhere"), trigger="schedule")
    with reading() as session:
        assert session.scalars(select(RunRow.level)).one() == "errors"
        assert "git: There is no such repository" in session.scalars(select(DeviceResultRow.message)).one()


def test_sound_database_passes(app: Flask) -> None:
    finding = check_store(_bench(app))
    assert finding.result is CaseResult.PASS
    assert finding.facts["checked_wholly"] is True


@sqlite_only
def test_look_through_a_database_stops_when_its_time_is_over(app: Flask) -> None:
    with db.engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE big (x TEXT)")
        fill = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60000) "
        connection.exec_driver_sql(fill + "INSERT INTO big SELECT hex(randomblob(40)) FROM n")
    assert check_database(now=now(), budget_s=0).is_checked is False
    assert check_database(now=now(), budget_s=60).is_checked is True


@sqlite_only
def test_damaged_database_is_found(app: Flask) -> None:
    with db.engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE damaged (x TEXT)")
        page = connection.exec_driver_sql("SELECT rootpage FROM sqlite_schema WHERE name = 'damaged'").scalar_one()
        connection.exec_driver_sql("INSERT INTO damaged VALUES (hex(randomblob(400)))")
    path = Path(app.instance_path, "afterrun.db")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with path.open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(b"\xff" * 4096)
    with pytest.raises(UnsoundError):
        check_database(now=now(), budget_s=60)
    assert examine(check_store, _bench(app)).result is CaseResult.FAIL


def test_disk_has_room(app: Flask) -> None:
    assert check_disk(_bench(app)).facts["total_bytes"] != 0


def test_moved_clock_is_noticed(app: Flask) -> None:
    bench = _bench(app)
    assert check_clock(bench).result is CaseResult.PASS
    moved = Bench(
        instance=bench.instance,
        settings=bench.settings,
        started_at=bench.started_at - timedelta(hours=1),
        started_mono=bench.started_mono,
    )
    finding = check_clock(moved)
    assert finding.result is CaseResult.FAIL
    assert "moved by 3600.0 s" in finding.message


def test_unset_mail_and_git_are_skipped_with_the_reason(app: Flask) -> None:
    for check, name in ((check_mail, "MAIL_SENDER"), (check_git, "GIT_AUTOMATION")):
        finding = check(_bench(app))
        assert finding.result is CaseResult.SKIP
        assert name in finding.message


def test_mail_server_that_answers_passes(app: Flask) -> None:
    with _mail_server(b"250 hello", b"250 ok", b"250 ok", b"221 bye") as port:
        finding = check_mail(_mail_bench(app, port))
    assert finding.result is CaseResult.PASS
    assert finding.facts == {"server": "127.0.0.1", "port": port, "encrypted": False}


def test_mail_server_that_refuses_the_sender_fails(app: Flask) -> None:
    with _mail_server(b"250 hello", b"550 not you", b"250 ok", b"221 bye") as port:
        finding = check_mail(_mail_bench(app, port))
    assert finding.result is CaseResult.FAIL
    assert "not you" in finding.message


@pytest.mark.parametrize(
    ("more", "answers"),
    [
        ({"MAIL_USE_TLS": "yes"}, (b"250 hello", b"500 no")),
        ({"MAIL_USE_SSL": "yes"}, ()),
        ({"MAIL_USERNAME": "me"}, (b"250 hello", b"500 no", b"500 no")),
    ],
)
def test_mail_server_without_what_is_asked_for_fails(
    app: Flask, more: dict[str, str], answers: tuple[bytes, ...]
) -> None:
    with _mail_server(*answers) as port:
        finding = check_mail(_mail_bench(app, port, **more))
    assert finding.result is CaseResult.FAIL
    assert str(port) in finding.message


def test_closed_mail_port_fails(app: Flask) -> None:
    finding = check_mail(_mail_bench(app, free_port()))
    assert finding.result is CaseResult.FAIL
    assert "refused" in finding.message


def test_check_that_breaks_is_a_finding(app: Flask) -> None:
    def broken(_bench: Bench) -> None:
        raise ZeroDivisionError("oh")

    finding = examine(broken, _bench(app))  # type: ignore[arg-type]
    assert (finding.result, finding.message) == (CaseResult.FAIL, "ZeroDivisionError: oh")


@needs_program("git")
def test_default_repository_is_asked_with_what_opens_it(app: Flask, tmp_path: Path) -> None:
    path = Repositories(folder=tmp_path).create("results")
    with writing() as session:
        add_repository(session, RepositoryFields(name="lab", url=str(path)), now=now())
    finding = check_git(_bench(app, GIT_LOCAL_ROOTS=str(tmp_path)))
    assert (finding.result, finding.message) == (CaseResult.PASS, f"{path} answers")
