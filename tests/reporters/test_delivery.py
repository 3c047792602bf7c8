"""Does every fact arrive once and in order, whatever the server and the network do in between?"""

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.reporters.peer import Peer
from webapp.reporters import afterrun
from webapp.reporters.afterrun import Reporter

pytestmark = pytest.mark.integration

Wait = Callable[[], bool]


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait less between two tries; what is tried stays the same."""
    monkeypatch.setattr(afterrun, "MAX_DELAY_S", 0.05)
    monkeypatch.setattr(afterrun, "LINGER_S", 0.05)


def start(peer: Peer, spool: Path, **more: object) -> Reporter:
    return Reporter(peer.url, peer.token, service="backup", spool=spool, **more)  # type: ignore[arg-type]


def eventually(condition: Wait) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.01)


def names(peer: Peer) -> list[str]:
    return [event["device"] for event in peer.of_type("device.end")]


def rejected(spool: Path) -> list[dict[str, object]]:
    [file] = spool.glob("*.rejected")
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def test_lost_answer_costs_duplicates_only(peer: Peer, spool: Path) -> None:
    peer.misstep("/events", times=3, is_after_storing=True)
    with start(peer, spool) as run:
        for number in range(10):
            run.device_end(f"edge-{number}", "ok")
    assert run.is_delivered
    assert names(peer) == [f"edge-{number}" for number in range(10)]
    assert peer.duplicates > 0


@pytest.mark.parametrize("status", [0, 302, 404, 429, 500, 502, 503])
def test_fault_that_passes_loses_nothing(peer: Peer, spool: Path, status: int) -> None:
    peer.misstep("/events", times=2, status=status, headers=(("Location", "http://127.0.0.1:9/"),))
    with start(peer, spool) as run:
        run.device_end("edge-1", "ok")
    assert run.is_delivered
    assert [event["type"] for event in peer.all_events] == ["run.start", "device.end", "run.end"]
    assert list(spool.iterdir()) == []


def test_answer_of_something_else_is_not_an_ack(peer: Peer, spool: Path) -> None:
    peer.misstep("/events", times=2, status=200, body=b"<html>Welcome to the hotel</html>")
    with start(peer, spool) as run:
        run.device_end("edge-1", "ok")
    assert names(peer) == ["edge-1"]


def test_slow_server_does_not_slow_the_program(peer: Peer, spool: Path) -> None:
    is_released = threading.Event()
    peer.misstep("/events", until=is_released)
    run = start(peer, spool)
    eventually(lambda: any("/events" in path for _, path in peer.requests))
    for number in range(200):
        run.device_end(f"edge-{number}", "ok")
    assert names(peer) == []
    is_released.set()
    assert run.close()
    assert len(names(peer)) == 200


def test_close_keeps_its_deadline(peer: Peer, spool: Path, capfd: pytest.CaptureFixture[str]) -> None:
    peer.misstep("/events", times=9999, status=503)
    run = start(peer, spool)
    began = time.monotonic()
    assert not run.close(deadline=0.4)
    assert time.monotonic() - began < 10
    assert run.kept_in
    assert (run.kept_in / "journal.0").exists()
    assert str(run.kept_in) in capfd.readouterr().err


def test_server_that_forgot_gets_everything_again(peer: Peer, spool: Path) -> None:
    run = start(peer, spool)
    for number in range(20):
        run.device_end(f"edge-{number}", "ok")
    eventually(lambda: len(names(peer)) == 20)
    with peer.lock:
        del next(iter(peer.events.values()))[5:]
    run.device_end("edge-20", "ok")
    assert run.close()
    assert names(peer) == [f"edge-{number}" for number in range(21)]
    assert [event["seq"] for event in peer.all_events] == list(range(1, 24))


def test_batches_shrink_to_what_the_server_takes(peer: Peer, spool: Path) -> None:
    peer.max_events = 7
    with start(peer, spool) as run:
        for number in range(100):
            run.device_end(f"edge-{number}", "ok")
    assert run.is_delivered
    assert len(names(peer)) == 100


def test_refused_event_is_kept_and_the_rest_goes_on(peer: Peer, spool: Path, capfd: pytest.CaptureFixture[str]) -> None:
    peer.refuse = lambda event: ("status", "no such word") if event.get("status") == "odd" else None
    with start(peer, spool) as run:
        run.device_end("edge-1", "ok")
        run.device_end("edge-2", "odd")
        run.device_end("edge-3", "ok")
    assert run.is_delivered
    assert names(peer) == ["edge-1", "edge-3"]
    [kept] = rejected(spool)
    assert json.loads(str(kept["event"]))["device"] == "edge-2"
    assert kept["errors"] == [{"path": "line 3: status", "message": "no such word"}]
    [note] = [event for event in peer.of_type("log") if event["stream"] == "reporter"]
    assert "device.end edge-2 was refused" in note["text"]
    assert "no such word" in capfd.readouterr().err


def test_refused_field_costs_only_itself(peer: Peer, spool: Path) -> None:
    peer.refuse = lambda event: ("result.deep", "too deep") if "result" in event else None
    with start(peer, spool) as run:
        run.device_end("edge-1", "failed", message="broken", result={"deep": 1})
    [event] = peer.of_type("device.end")
    assert (event["status"], event["message"]) == ("failed", "broken")
    assert "result" not in event
    assert json.loads(str(rejected(spool)[0]["event"]))["result"] == {"deep": 1}


def test_refusal_without_a_place_is_found_by_halving(peer: Peer, spool: Path) -> None:
    peer.is_vague = True
    peer.refuse = lambda event: ("", "something is wrong") if event.get("device") == "edge-33" else None
    with start(peer, spool) as run:
        for number in range(50):
            run.device_end(f"edge-{number}", "ok")
    assert run.is_delivered
    assert names(peer) == [f"edge-{number}" for number in range(50) if number != 33]
    assert [json.loads(str(kept["event"]))["device"] for kept in rejected(spool)] == ["edge-33"]


def test_run_that_is_refused_as_a_whole_is_kept(peer: Peer, spool: Path, capfd: pytest.CaptureFixture[str]) -> None:
    peer.misstep("/events", times=999, status=422, body=b'{"errors": [{"path": "", "message": "not here"}]}')
    run = start(peer, spool)
    assert not run.close(deadline=5)
    assert "refused as a whole: not here" in capfd.readouterr().err
    assert run.kept_in
    assert run.kept_in.is_dir()


@pytest.mark.parametrize("status", [401, 403])
def test_refused_token_stops_and_keeps(peer: Peer, spool: Path, capfd: pytest.CaptureFixture[str], status: int) -> None:
    peer.misstep("/", times=999, status=status, body=b'{"errors": [{"path": "", "message": "revoked"}]}')
    run = start(peer, spool)
    eventually(lambda: len(peer.requests) == 1)
    for number in range(30):
        assert run.device_end(f"edge-{number}", "ok")
        time.sleep(0.01)
    assert not run.close(deadline=5)
    assert len(peer.requests) == 1
    said = capfd.readouterr().err
    assert said.count("afterrun:") == 1
    assert "revoked" in said
    assert run.kept_in
    assert (run.kept_in / "journal.0").read_bytes().count(b"device.end") == 30


def test_faulty_field_of_the_run_does_not_cost_the_others(peer: Peer, spool: Path) -> None:
    def refuse(path: str, body: bytes) -> list[dict[str, str]] | None:
        is_faulty = path == "" and b"notify" in body
        return [{"path": "notify.criteria.status", "message": "'finish' is not a status"}] if is_faulty else None

    peer.refuse_put = refuse
    with start(peer, spool, labels=["nightly"], notify={"criteria": {"status": "finish"}}) as run:
        pass
    assert run.is_delivered
    assert json.loads(peer.puts[""]) == {"service": "backup", "trigger": "", "labels": ["nightly"]}
    assert "finish" in str(rejected(spool)[0]["errors"])


def test_fields_of_the_run_come_first(peer: Peer, spool: Path) -> None:
    with start(peer, spool, devices=["edge-1"], priority=7):
        pass
    assert peer.order == ["put ", "run.start", "run.end"]
    assert json.loads(peer.puts[""])["devices"] == ["edge-1"]


def test_log_bytes_arrive_before_the_event_that_follows_them(peer: Peer, spool: Path) -> None:
    run = start(peer, spool)
    run.write_log("run", b"line 1\nERROR \xff\n")
    run.device_end("edge-1", "ok")
    eventually(lambda: names(peer) == ["edge-1"])
    run.write_log("run", b"the end")
    assert run.close()
    assert peer.order == ["run.start", "log run", "device.end", "log run", "run.end"]
    assert bytes(peer.logs["run"]) == b"line 1\nERROR \xff\nthe end"


def test_log_survives_faults_gaps_and_small_limits(peer: Peer, spool: Path) -> None:
    peer.misstep("/logs/", times=2, status=500)
    peer.misstep("/logs/", times=2, is_after_storing=True)
    peer.max_log = 50_000
    data = b"".join(b"line %d\n" % number for number in range(30_000))
    run = start(peer, spool)
    run.write_log("run", data[:100_000])
    eventually(lambda: len(peer.logs.get("run", b"")) == 100_000)
    with peer.lock:
        del peer.logs["run"][70_000:]
    run.write_log("run", data[100_000:])
    assert run.close()
    assert bytes(peer.logs["run"]) == data


def test_refused_log_is_kept_and_the_rest_goes_on(peer: Peer, spool: Path) -> None:
    peer.misstep("/logs/run", status=422, body=b'{"errors": [{"path": "", "message": "odd bytes"}]}')
    with start(peer, spool) as run:
        run.write_log("run", b"bad\xff\n")
        run.device_end("edge-1", "ok")
        eventually(lambda: names(peer) == ["edge-1"])
        run.write_log("run", b"good\n")
    assert run.is_delivered
    assert bytes(peer.logs["run"]) == b"good\n"
    [kept] = rejected(spool)
    assert kept["log"] == "bad\\xff\n"
    assert "odd bytes" in str(kept["errors"])


def test_cancel_on_the_server_is_seen(peer: Peer, spool: Path) -> None:
    with start(peer, spool) as run:
        assert not run.canceled
        peer.is_canceled = True
        run.device_end("edge-1", "ok")
        eventually(lambda: run.canceled)
    assert peer.of_type("run.end")[0]["status"] == "canceled"


def test_heartbeat_only_while_nothing_else_is_said(peer: Peer, spool: Path) -> None:
    run = start(peer, spool, heartbeat_s=0.2)
    eventually(lambda: len(peer.of_type("heartbeat")) >= 2)
    peer.misstep("/events", times=5, status=503)
    count = len(peer.of_type("heartbeat"))
    eventually(lambda: len(peer.of_type("heartbeat")) > count)
    assert run.close()
    assert [event["seq"] for event in peer.all_events] == list(range(1, len(peer.all_events) + 1))


def test_large_result_and_attachment_travel_by_themselves(peer: Peer, spool: Path, tmp_path: Path) -> None:
    report = tmp_path / "report.txt"
    report.write_bytes(b"\x00all well")
    result = {"rows": ["x" * 100] * 30_000}
    with start(peer, spool) as run:
        run.device_end("a/b c", "ok", result=result, attempt=2)
        run.attach("report 1.txt", report)
        report.unlink()
        run.put_result("raw", b'{"kept": 1.0}')
    assert run.is_delivered
    assert json.loads(peer.puts["devices/a%2Fb%20c/result?attempt=2"]) == result
    assert peer.puts["attachments/report%201.txt"] == b"\x00all well"
    assert peer.puts["devices/raw/result?attempt=1"] == b'{"kept": 1.0}'
    assert "result" not in peer.of_type("device.end")[0]
    assert peer.order[1].startswith("device.end")
    assert list(spool.iterdir()) == []


def test_refused_attachment_is_kept_as_a_file(peer: Peer, spool: Path, tmp_path: Path) -> None:
    peer.misstep("/attachments/", status=413, body=b'{"errors": [{"path": "", "message": "64 MiB at most"}]}')
    report = tmp_path / "report.txt"
    report.write_text("large", encoding="utf-8")
    with start(peer, spool) as run:
        run.attach("report.txt", report)
        run.device_end("edge-1", "ok")
    assert run.is_delivered
    assert names(peer) == ["edge-1"]
    assert sorted(file.read_text(encoding="utf-8") for file in spool.glob("*.rejected.body-1")) == ["large"]


def test_token_goes_with_every_request(peer: Peer, spool: Path) -> None:
    with start(peer, spool, labels=["x"]) as run:
        run.write_log("run", b"x\n")
    assert set(peer.tokens) == {"Bearer secret"}
    assert len(peer.tokens) >= 3


def test_many_small_logs_between_events_travel_together(peer: Peer, spool: Path) -> None:
    with start(peer, spool) as run:
        for number in range(300):
            run.write_log("run", b"device %d\n" % number)
            run.device_end(f"edge-{number}", "ok")
    assert len(names(peer)) == 300
    assert bytes(peer.logs["run"]).count(b"\n") == 300
    assert len(peer.requests) < 30


def test_half_stored_log_piece_goes_on_behind_it(peer: Peer, spool: Path) -> None:
    with peer.lock:
        peer.logs["run"] = bytearray(b"abc")
    peer.misstep("/logs/run", status=422, body=b'{"errors": [{"path": "body", "message": "cut"}], "offset": 3}')
    with start(peer, spool) as run:
        run.write_log("run", b"abcdef\n")
    assert bytes(peer.logs["run"]) == b"abcdef\n"
    assert list(spool.iterdir()) == []
