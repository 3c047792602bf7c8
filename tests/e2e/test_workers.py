"""Server and workers as processes of their own, killed, and with a broker that goes away: is everybody told once?"""

import http.client
import json
import os
import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from subprocess import Popen
from uuid import uuid4

import pytest

from tests.programs import require_program
from tests.servers.broker import BrokerServer
from tests.servers.certificates import Certificates
from tests.servers.postgres import PostgresServer
from tests.servers.product import Product, end, running_product, start_verb
from tests.servers.receiver import Receiver
from tests.servers.redis import running_redis

pytestmark = pytest.mark.e2e

# By sweeps of every five seconds alone it would take two of them: to plan, and to deliver.
SOON_S = 4.0
AT = "2026-11-22T12:00:00Z"


@contextmanager
def running_worker(instance: Path, settings: dict[str, str]) -> Iterator[Popen[bytes]]:
    """Start a worker, yield its process, and end it."""
    process = start_verb(instance, "worker", settings)
    try:
        yield process
    finally:
        end(process)


def settings_of(broker: str, database: str = "") -> dict[str, str]:
    return {
        "TASK_ENGINE": "celery",
        "CELERY_BROKER_URL": broker,
        "DATABASE_URL": database,
        "CALLBACK_ALLOW_PRIVATE": "127.0.0.0/8",
    }


def ask(server: Product, method: str, path: str, body: object = None) -> tuple[int, bytes]:
    port = int(server.url.rpartition(":")[2])
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=20)) as connection:
        headers = {"Authorization": f"Bearer {server.token}", "Content-Type": "application/json"}
        data = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        connection.request(method, path, data, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()


def finish_run(server: Product, address: str) -> float:
    """Have a run whose end is told to an address; return how many seconds its last request took."""
    uid = str(uuid4())
    notify = {"criteria": {"status": "complete"}, "callback": {"url": address, "method": "POST"}}
    status, said = ask(server, "PUT", f"/api/v1/runs/{uid}", {"service": "audit", "notify": notify})
    assert status == 201, said
    events = [
        {"seq": 1, "ts": AT, "type": "run.start", "service": "audit"},
        {"seq": 2, "ts": AT, "type": "run.end", "status": "complete"},
    ]
    began = time.monotonic()
    status, said = ask(server, "POST", f"/api/v1/runs/{uid}/events", b"\n".join(json.dumps(e).encode() for e in events))
    assert status == 200, said
    return time.monotonic() - began


def wait_for(check: Callable[[], object], *, timeout_s: float = 60) -> None:
    deadline = time.monotonic() + timeout_s
    while not check():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def has_taken_more(receiver: Receiver, known: int) -> bool:
    return len(receiver.taken) > known


def least_time_to(receiver: Receiver, server: Product) -> float:
    """Return the least seconds, of a few runs, from asking for the end until it is told."""
    times = []
    for _ in range(4):
        known, began = len(receiver.taken), time.monotonic()
        finish_run(server, f"{receiver.url}/ok")
        wait_for(partial(has_taken_more, receiver, known))
        times.append(time.monotonic() - began)
    return min(times)


def expire_leases(database: Path) -> None:
    """Let the time pass that a worker has for one thing."""
    with closing(sqlite3.connect(database, timeout=10)) as connection, connection:
        connection.execute("UPDATE outbox SET lease_until = 0 WHERE state = 'sending'")


def test_worker_and_broker_may_go_away(tmp_path: Path, certificates: Certificates, receiver: Receiver) -> None:
    instance = tmp_path / "instance"
    with running_redis(require_program("redis"), certificates) as redis:
        settings = settings_of(redis.url)
        with running_product(instance, settings=settings) as server, running_worker(instance, settings) as worker:
            assert least_time_to(receiver, server) < SOON_S

            redis.kill()
            known = len(receiver.taken)
            assert max(finish_run(server, f"{receiver.url}/ok") for _ in range(3)) < 2
            wait_for(lambda: len(receiver.taken) == known + 3)
            redis.restart()

            finish_run(server, f"{receiver.url}/held")
            wait_for(lambda: receiver.taken[-1].path == "/held")
            os.killpg(worker.pid, signal.SIGKILL)
            worker.wait()
            expire_leases(instance / "afterrun.db")
            receiver.is_released.set()
            with running_worker(instance, settings):
                wait_for(lambda: receiver.taken[-2].path == "/held")
                assert least_time_to(receiver, server) < SOON_S
    ids = Counter(taken.headers["webhook-id"] for taken in receiver.taken)
    assert sorted(ids.values()) == [1] * (len(ids) - 1) + [2]
    assert [ids[taken.headers["webhook-id"]] for taken in receiver.taken if taken.path == "/held"] == [2, 2]


def test_many_workers_do_everything_once(
    tmp_path: Path, postgres_server: PostgresServer, rabbitmq_server: BrokerServer, receiver: Receiver
) -> None:
    settings = settings_of(rabbitmq_server.url, postgres_server.create_database())
    instance = tmp_path / "instance"
    with (
        running_product(instance, settings=settings) as server,
        running_worker(instance, settings) as one,
        running_worker(instance, settings) as other,
    ):
        assert least_time_to(receiver, server) < SOON_S
        for _ in range(20):
            finish_run(server, f"{receiver.url}/ok")
        wait_for(lambda: len(receiver.taken) >= 24)
        wait_for(lambda: b"selfcheck" in ask(server, "GET", "/api/v1/runs?q=service:selfcheck+status:complete")[1])
        status, said = ask(server, "GET", "/api/v1/runs?q=service:selfcheck")
        assert (status, len(json.loads(said)["items"])) == (200, 1)
        status, said = ask(server, "GET", "/healthz")
        assert status == 200, said
        assert (one.poll(), other.poll()) == (None, None)
    assert len({taken.headers["webhook-id"] for taken in receiver.taken}) == len(receiver.taken) == 24
