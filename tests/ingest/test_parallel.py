"""Do several senders at once lose nothing, count nothing twice and never wait for each other for ever?"""

import threading
from collections.abc import Callable
from uuid import uuid4

import msgspec
import pytest
from flask import Flask
from sqlalchemy import func, select

from tests.factories.runs import NOW, SERVER
from tests.ingest.recount import recounted_sums, stored_sums
from webapp.domain.messages import AnyEvent, Case, DeviceEnd, RunStart
from webapp.domain.outcome import CaseResult, DeviceStatus
from webapp.ingest.stream import accept_messages
from webapp.store.db import reading
from webapp.store.models.results import CaseResultRow, DeviceResultRow
from webapp.store.models.runs import RunRow, RunStreamRow

pytestmark = pytest.mark.integration

SENDERS = 4
BATCHES = 5
SIZE = 8


def together(app: Flask, work: Callable[[int], None]) -> None:
    """Do the work of every sender at once and fail with the first of their errors."""
    errors: list[BaseException] = []
    ready = threading.Barrier(SENDERS)

    def run(number: int) -> None:
        try:
            with app.app_context():
                ready.wait(30)
                work(number)
        except BaseException as error:  # noqa: BLE001  (handed to the test)
            errors.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(SENDERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)
    if errors:
        raise errors[0]


def messages(sender: int, batch: int, service: str) -> list[AnyEvent]:
    """Return a batch that shares devices, cases and contents with those of the other senders."""
    first = batch * SIZE * 2 + 1
    found: list[AnyEvent] = [RunStart(seq=1, ts=NOW, service=service)] if batch == 0 else []
    for number in range(SIZE):
        name = f"d{(sender * 3 + batch * SIZE + number * (1 if sender % 2 else -1)) % 25}"
        result = msgspec.Raw(b"[%d]" % ((batch + number) % 7))
        seq = first + 2 * number + 1
        found.append(DeviceEnd(seq=seq, ts=NOW, device=name, status=DeviceStatus.OK, attempt=batch + 1, result=result))
        case = CaseResult.PASS if number % 3 else CaseResult.FAIL
        found.append(Case(seq=seq + 1, ts=NOW, suite="s", name=f"c{number}", result=case, device=name))
    return found


def test_streams_of_one_run_come_together(any_app: Flask) -> None:
    uid = str(uuid4())

    def send(sender: int) -> None:
        for batch in range(BATCHES):
            for _again in range(2):
                accept_messages(messages(sender, batch, "audit"), uid=uid, stream=f"s{sender}", caller=SERVER, now=NOW)

    together(any_app, send)
    with reading() as session:
        assert stored_sums(session, uid) == recounted_sums(session, uid)
        assert session.scalars(select(RunStreamRow.seq)).all() == [2 * SIZE * BATCHES + 1] * SENDERS
        assert session.scalar(select(func.count()).select_from(CaseResultRow)) == SENDERS * BATCHES * SIZE
        assert session.scalars(select(RunRow.number)).all() == [1]


def test_runs_that_share_devices_do_not_block_each_other(any_app: Flask) -> None:
    uids = [str(uuid4()) for _ in range(SENDERS)]

    def send(sender: int) -> None:
        for batch in range(BATCHES):
            accept_messages(messages(sender, batch, "audit"), uid=uids[sender], caller=SERVER, now=NOW)

    together(any_app, send)
    with reading() as session:
        for uid in uids:
            assert stored_sums(session, uid) == recounted_sums(session, uid)
        assert sorted(session.scalars(select(RunRow.number))) == [1, 2, 3, 4]
        stored = session.scalar(select(func.count()).select_from(DeviceResultRow).where(DeviceResultRow.is_given))
    assert stored == SENDERS * BATCHES * SIZE
