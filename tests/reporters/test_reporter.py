"""Does a program that reports ever notice it: by an exception, a pause, or its own end?"""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.reporters.peer import Peer
from webapp.reporters import afterrun
from webapp.reporters.afterrun import Reporter

pytestmark = pytest.mark.integration

NOWHERE = "http://127.0.0.1:9"


def journal(run: Reporter) -> list[dict[str, object]]:
    assert run.kept_in
    return [json.loads(line) for line in (run.kept_in / "journal.0").read_bytes().split(b"\n")[:-1]]


@pytest.fixture(autouse=True)
def short_linger(monkeypatch: pytest.MonkeyPatch) -> None:
    """Send sooner."""
    monkeypatch.setattr(afterrun, "LINGER_S", 0.05)


def start(peer: Peer, spool: Path) -> Reporter:
    return Reporter(peer.url, peer.token, service="backup", spool=spool)


def test_every_kind_of_fact_arrives_as_its_event(peer: Peer, spool: Path) -> None:
    with start(peer, spool) as run:
        run.plan(devices=["a", "b"], cases=3)
        run.attempt_start(1)
        run.device_start("a")
        run.device_end("a", "changed", message="m", duration_s=1.5, result={"x": 1}, raw_status="CHANGED")
        run.case(
            "boots", "fail", suite="smoke", device="a", message="no", measurement=2.5, units="s", raw_result="error"
        )
        run.measurement("speed", 10.5, "MB/s", suite="net", device="a")
        run.log("one\ntwo", level="error")
        run.heartbeat()
        run.attempt_end(1)
        run.attempt_start(2)
    events = [{name: event[name] for name in event if name not in ("seq", "ts")} for event in peer.all_events]
    assert events[0]["service"] == "backup"
    assert events[1:] == [
        {"type": "plan", "devices": ["a", "b"], "cases": 3},
        {"type": "attempt.start", "attempt": 1, "reason": "initial"},
        {"type": "device.start", "device": "a", "attempt": 1},
        {
            "type": "device.end",
            "device": "a",
            "status": "changed",
            "attempt": 1,
            "message": "m",
            "duration_s": 1.5,
            "raw_status": "CHANGED",
            "result": {"x": 1},
        },
        {
            "type": "case",
            "suite": "smoke",
            "name": "boots",
            "result": "fail",
            "attempt": 1,
            "device": "a",
            "message": "no",
            "measurement": 2.5,
            "units": "s",
            "raw_result": "error",
        },
        {
            "type": "measurement",
            "name": "speed",
            "value": 10.5,
            "units": "MB/s",
            "suite": "net",
            "device": "a",
            "attempt": 1,
        },
        {"type": "log", "stream": "run", "level": "error", "text": "one\ntwo"},
        {"type": "heartbeat"},
        {"type": "attempt.end", "attempt": 1},
        {"type": "attempt.start", "attempt": 2, "reason": "retry"},
        {"type": "run.end", "status": "complete"},
    ]


def test_odd_values_are_said_with_a_note(peer: Peer, spool: Path) -> None:
    circle: dict[str, object] = {}
    circle["self"] = circle
    with start(peer, spool) as run:
        assert run.device_end("edge\ud800-1", "ok", result={"load": float("nan"), "who": object})
        assert run.device_end("edge-2", "ok", result=circle, message="m" * 100_000)
    first, second = peer.of_type("device.end")
    assert first["device"] == "edge\ufffd-1"
    assert first["result"] == {"load": None, "who": "<class 'object'>"}
    assert len(second["message"]) <= 65_536
    notes = [event["text"] for event in peer.of_type("log") if event["stream"] == "reporter"]
    assert "load: nan became null" in notes[0]
    assert "nested too deep" in notes[1]


def test_large_texts_are_split_or_attached(peer: Peer, spool: Path) -> None:
    text = "".join(f"line {number}\n" for number in range(300_000))
    with start(peer, spool) as run:
        run.log(text)
        run.case("long", "pass", output="<" + "x" * 3_000_000 + ">")
        run.plan(devices=[f"edge-{number}" for number in range(100_001)])
    pieces = [event["text"] for event in peer.of_type("log")]
    assert len(pieces) > 1
    assert all(piece.endswith("\n") for piece in pieces)
    assert "".join(pieces) == text
    [(path, whole)] = peer.puts.items()
    assert path.startswith("attachments/output-")
    assert len(whole) == 3_000_002
    assert "characters cut" in peer.of_type("case")[0]["output"]
    assert peer.of_type("plan")[0]["devices"] == 100_001


class Broken(dict[str, object]):
    """Something that raises whenever it is looked at."""

    def items(self) -> None:  # type: ignore[override]
        """Raise."""
        raise RuntimeError("broken")

    def __str__(self) -> str:
        raise RuntimeError("broken")


def test_value_that_cannot_be_listed_costs_one_event(
    peer: Peer, spool: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with start(peer, spool) as run:
        assert not run.device_end("edge-1", "ok", result=Broken(a=float("nan")))
        assert run.device_end("edge-2", "ok")
    assert [event["device"] for event in peer.of_type("device.end")] == ["edge-2"]
    assert "1 events or pieces of logs could not be kept" in peer.of_type("log")[0]["text"]
    assert "broken" in capfd.readouterr().err


def test_wrong_arguments_do_not_raise(peer: Peer, spool: Path) -> None:
    odd: Any = Broken(a=1)
    with start(peer, spool) as run:
        calls: list[Callable[[], bool]] = [
            lambda: run.case("c", "pass", output=odd, message=odd),
            lambda: run.log(odd),
            lambda: run.log("x", stream=odd),
            lambda: run.write_log("run", odd),
            lambda: run.attach(odd, odd),
            lambda: run.put_result(odd, b"{}"),
            lambda: run.plan(devices=odd, cases=2.5),  # type: ignore[arg-type]
            lambda: run.device_end("edge-1", "ok", attempt="one", result="x" * 3_000_000),  # type: ignore[arg-type]
            lambda: run.device_start(odd, odd, odd),  # type: ignore[call-arg]
        ]
        assert [call() for call in calls] == [False] * len(calls)
        assert run.device_end("edge-2", "ok")
    assert run.dropped == len(calls)
    assert peer.of_type("device.end")[-1]["device"] == "edge-2"


def test_exception_without_words_still_ends_the_run(peer: Peer, spool: Path) -> None:
    class SilentError(Exception):
        def __str__(self) -> str:
            raise RuntimeError("no words")

    with pytest.raises(SilentError), start(peer, spool):
        raise SilentError
    assert peer.of_type("run.end")[0]["message"] == "SilentError"


def test_nothing_raises_after_close(peer: Peer, spool: Path) -> None:
    run = start(peer, spool)
    assert run.close()
    assert run.close()
    assert not run.device_end("edge-1", "ok")
    assert not run.write_log("run", b"x")
    assert not run.attach("x", "/nowhere")
    assert run.dropped >= 3


@pytest.mark.parametrize("url", [None, "ftp://x", "http://", "http://[::1", "http://x:99999", "nonsense"])
def test_without_a_server_nothing_happens_and_it_is_said_once(
    spool: Path, url: str | None, capfd: pytest.CaptureFixture[str]
) -> None:
    with Reporter(url, service="backup", spool=spool) as run:
        assert not run.device_end("edge-1", "ok")
        assert not run.write_log("run", b"x")
        assert not run.canceled
        assert run.run_url == ""
    assert not spool.exists()
    assert capfd.readouterr().err.count("nothing is reported") == 1


def test_exception_makes_the_run_incomplete(peer: Peer, spool: Path) -> None:
    with pytest.raises(ValueError, match="bad"), start(peer, spool):
        raise ValueError("bad \ud800 thing")
    [end] = peer.of_type("run.end")
    assert (end["status"], end["message"]) == ("incomplete", "ValueError: bad \ufffd thing")


def test_ordinary_exit_is_complete_and_interrupt_is_canceled(peer: Peer, spool: Path) -> None:
    with pytest.raises(SystemExit), start(peer, spool):
        sys.exit(0)
    with pytest.raises(SystemExit), start(peer, spool):
        sys.exit(3)
    with pytest.raises(KeyboardInterrupt), start(peer, spool):
        raise KeyboardInterrupt
    assert [end["status"] for end in peer.of_type("run.end")] == ["complete", "incomplete", "canceled"]


def test_unknown_end_is_incomplete(peer: Peer, spool: Path) -> None:
    start(peer, spool).close("failed", message="by mistake")
    [end] = peer.of_type("run.end")
    assert (end["status"], end["message"]) == ("incomplete", "ended as 'failed': by mistake")


@pytest.mark.parametrize("spool_name", ["file", "/proc/no/spool"])
def test_unusable_spool_is_replaced(
    peer: Peer, tmp_path: Path, spool_name: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with Reporter(peer.url, peer.token, service="backup", spool=tmp_path / spool_name) as run:
        run.device_end("edge-1", "ok")
        assert run.kept_in
        assert run.kept_in.parent == tmp_path / f"afterrun-{os.getuid()}"
    assert len(peer.all_events) == 3
    assert "cannot be the spool" in capfd.readouterr().err


def test_spool_of_somebody_else_is_not_used(peer: Peer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    with Reporter(peer.url, peer.token, service="backup", spool=shared) as run:
        assert run.kept_in
        assert run.kept_in.parent != shared
        assert run.kept_in.stat().st_mode & 0o077 == 0


def test_threads_share_one_numbering(peer: Peer, spool: Path) -> None:
    with start(peer, spool) as run:

        def say(worker: int) -> None:
            for number in range(200):
                run.device_end(f"{worker}-{number}", "ok")

        threads = [threading.Thread(target=say, args=(worker,)) for worker in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len({event["device"] for event in peer.of_type("device.end")}) == 1600
    assert [event["seq"] for event in peer.all_events] == list(range(1, 1603))


def test_log_by_lines_and_log_by_bytes_do_not_mix(peer: Peer, spool: Path) -> None:
    with start(peer, spool) as run:
        run.write_log("bytes", b"raw\n")
        run.log("a line", stream="bytes")
        run.log("a line", stream="lines")
        run.write_log("lines", b"raw \xff")
    assert bytes(peer.logs["bytes"]) == b"raw\na line\n"
    assert [event["text"] for event in peer.of_type("log")] == ["a line", "raw \ufffd"]


def test_many_raw_logs_keep_few_files_open(peer: Peer, spool: Path) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    with start(peer, spool) as run:
        for turn in range(3):
            for number in range(100):
                run.write_log(f"edge-{number}", b"%d\n" % turn)
        assert len(list(Path("/proc/self/fd").iterdir())) - before < 40
    assert len(peer.logs) == 100
    assert set(map(bytes, peer.logs.values())) == {b"0\n1\n2\n"}


PROGRAM = """
{first}
import os, sys, time
sys.path.insert(0, {folder!r})
from afterrun import Reporter
run = Reporter({url!r}, "secret", service="backup", spool={spool!r})
run.device_end("parent", "ok")
{rest}
"""


def run_program(url: str, spool: Path, rest: str, first: str = "") -> "subprocess.CompletedProcess[str]":
    folder = str(Path(afterrun.__file__).parent)
    code = PROGRAM.format(first=first, folder=folder, url=url, spool=str(spool), rest=rest)
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)


def test_forked_child_has_a_stream_of_its_own(peer: Peer, spool: Path) -> None:
    rest = "child = os.fork()\nif not child:\n    run.device_end('child', 'ok')\n    run.close()\n    os._exit(0)\n"
    done = run_program(peer.url, spool, rest + "os.waitpid(child, 0)\nrun.device_end('later', 'ok')\nrun.close()")
    assert done.returncode == 0, done.stderr
    streams = sorted([event["type"] for event in stream] for stream in peer.events.values())
    assert streams == [["device.end"], ["run.start", "device.end", "device.end", "run.end"]]
    assert len({path for _, path in peer.requests if "/events" in path}) == 2


def test_machine_without_any_place_to_write_reports_from_memory(peer: Peer) -> None:
    rest = """
run.write_log("run", b"line\\n")
run.device_end("edge-1", "ok")
run.device_end("edge-2", "ok", result="x" * 3_000_000)
assert run.kept_in is None
assert run.close()
"""
    first = "import tempfile; tempfile.tempdir = '/proc/no'"
    done = run_program(peer.url, Path("/proc/no"), rest, first)
    assert done.returncode == 0, done.stderr
    assert [event["device"] for event in peer.of_type("device.end")] == ["parent", "edge-1", "edge-2"]
    assert bytes(peer.logs["run"]) == b"line\n"
    assert "could not be kept" in json.dumps(peer.of_type("log"))
    assert "lost when this process ends" in done.stderr


def test_disk_that_fills_up_does_not_stop_the_report(peer: Peer, spool: Path) -> None:
    rest = """
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (2000, resource.RLIM_INFINITY))
for number in range(100):
    assert run.device_end("edge-%d" % number, "ok")
    assert run.write_log("run", b"x" * 99 + b"\\n")
time.sleep(1)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
for number in range(100, 150):
    assert run.device_end("edge-%d" % number, "ok")
assert run.close()
"""
    done = run_program(peer.url, spool, rest)
    assert done.returncode == 0, done.stderr
    devices = [event["device"] for event in peer.of_type("device.end")]
    assert devices == ["parent", *(f"edge-{number}" for number in range(150))]
    assert len(peer.logs["run"]) == 10_000
    assert list(spool.iterdir()) == []


def test_program_that_forgets_to_close_ends_incomplete(peer: Peer, spool: Path) -> None:
    assert run_program(peer.url, spool, "").returncode == 0
    assert peer.of_type("run.end")[0]["status"] == "incomplete"
    assert "without closing" in peer.of_type("run.end")[0]["message"]
