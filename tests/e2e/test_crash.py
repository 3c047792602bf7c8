"""The server killed in the middle of taking events in: is all that it acknowledged there, and nothing twice?"""

import http.client
import json
import sqlite3
import threading
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.servers.product import Product, free_port, running_product

pytestmark = pytest.mark.e2e

KILLS = 2
BATCHES_BETWEEN = 12
SIZE = 30


class Sender:
    """Sends batches until told to stop; after a lost answer it sends again what is not acknowledged."""

    def __init__(self, port: int, uid: str) -> None:
        self.port, self.uid = port, uid
        self.token = ""
        self.acked = 0
        self.has_stopped = threading.Event()
        self.thread = threading.Thread(target=self.send, name="sender")

    def send(self) -> None:
        """Send batch after batch."""
        while not self.has_stopped.is_set():
            self.send_batch([event(seq) for seq in range(self.acked + 1, self.acked + SIZE + 1)])

    def send_batch(self, events: list[dict[str, Any]]) -> None:
        """Send one batch and note what was acknowledged."""
        body = b"\n".join(json.dumps(each).encode() for each in events)
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/x-ndjson"}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request("POST", f"/api/v1/runs/{self.uid}/events?stream=s", body, headers)
            answer = connection.getresponse()
            said = json.loads(answer.read())
            assert answer.status == 200, said
            self.acked = said["acked"]
        except (OSError, http.client.HTTPException, ValueError):
            time.sleep(0.05)  # the server is down; the same batch goes again
        finally:
            connection.close()


def event(seq: int) -> dict[str, Any]:
    head = {"seq": seq, "ts": "2026-11-22T12:00:00Z"}
    if seq == 1:
        return {**head, "type": "run.start", "service": "crash"}
    kinds: list[dict[str, Any]] = [
        {"type": "device.end", "device": f"d{seq}", "status": "ok", "result": {"seq": seq, "pad": "x" * 500}},
        {"type": "case", "suite": "s", "name": f"c{seq}", "result": "pass"},
        {"type": "log", "text": f"line {seq}"},
    ]
    return {**head, **kinds[seq % 3]}


def wait_for(sender: Sender, acked: int) -> None:
    deadline = time.monotonic() + 60
    while sender.acked < acked:
        assert time.monotonic() < deadline, f"stuck at {sender.acked}"
        time.sleep(0.01)


def test_nothing_acknowledged_is_lost_and_nothing_is_doubled(tmp_path: Path) -> None:
    instance, port = tmp_path / "instance", free_port()
    sender = Sender(port, str(uuid4()))
    for _ in range(KILLS):
        with running_product(instance, port=port, token=sender.token) as server:
            sender.token = server.token
            if not sender.thread.is_alive():
                sender.thread.start()
            wait_for(sender, sender.acked + BATCHES_BETWEEN * SIZE)
            server.kill()
    with running_product(instance, port=port, token=sender.token) as server:
        wait_for(sender, sender.acked + SIZE)
        sender.has_stopped.set()
        sender.thread.join(30)
        last = sender.acked
        end = {"seq": last + 1, "ts": "2026-11-22T12:00:00Z", "type": "run.end", "status": "complete"}
        sender.send_batch([end])
        assert sender.acked == last + 1
        log = read(server, f"/runs/{sender.uid}/logs/run")
    expect_each_once(instance / "afterrun.db", last)
    assert log.decode().split() == [word for seq in range(2, last + 1) if seq % 3 == 2 for word in ("line", str(seq))]


def read(server: Product, path: str) -> bytes:
    connection = http.client.HTTPConnection("127.0.0.1", int(server.url.rpartition(":")[2]), timeout=20)
    connection.request("GET", f"/api/v1{path}", headers={"Authorization": f"Bearer {server.token}"})
    answer = connection.getresponse()
    data = answer.read()
    connection.close()
    assert answer.status == 200, data
    return data


def expect_each_once(database: Path, last: int) -> None:
    connection = sqlite3.connect(database)
    run = "run_id = (SELECT run.id FROM run JOIN service ON service.id = service_id WHERE slug = 'crash')"
    devices = connection.execute(f"SELECT name FROM device JOIN device_result ON device.id = device_id WHERE {run}")
    assert sorted(row[0] for row in devices) == sorted(f"d{seq}" for seq in range(2, last + 1) if seq % 3 == 0)
    cases = connection.execute(
        f"SELECT name FROM test_case JOIN case_result ON test_case.id = test_case_id WHERE {run}"
    )
    assert sorted(row[0] for row in cases) == sorted(f"c{seq}" for seq in range(2, last + 1) if seq % 3 == 1)
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()
