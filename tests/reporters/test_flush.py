"""Is what an earlier process left sent once, completely, to the right server, and by one sender at a time?"""

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.reporters.peer import Peer
from webapp.reporters import afterrun
from webapp.reporters.afterrun import Reporter, flush, main

pytestmark = pytest.mark.integration

NOWHERE = "http://127.0.0.1:9"


def leave(peer_url: str, spool: Path, devices: int = 3) -> Path:
    """Report while the server is away; return the folder that is left."""
    run = Reporter(NOWHERE, "secret", service="backup", spool=spool, labels=["x"])
    for number in range(devices):
        run.write_log("run", b"device %d\n" % number)
        run.device_end(f"edge-{number}", "ok")
    assert not run.close(deadline=0)
    folder = run.kept_in
    assert folder
    about = json.loads((folder / "about.json").read_bytes())
    (folder / "about.json").write_text(json.dumps({**about, "url": peer_url}), encoding="utf-8")
    eventually_free(folder)
    return folder


def eventually_free(folder: Path) -> None:
    """Wait until the thread of the closed reporter has let go."""
    with (folder / "lock").open("rb") as file:
        for _ in range(200):
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                time.sleep(0.05)
            else:
                return
    raise AssertionError("still locked")


def test_everything_arrives_afterwards(peer: Peer, spool: Path) -> None:
    leave(peer.url, spool)
    leave(peer.url, spool)
    done = flush(peer.url, "secret", str(spool))
    assert (done.runs, done.events, done.left) == (2, 10, 0)
    streams = [[event["type"] for event in stream] for stream in peer.events.values()]
    assert streams == [["run.start", "device.end", "device.end", "device.end", "run.end"]] * 2
    assert peer.order[:4] == ["put ", "run.start", "log run", "device.end"]
    assert list(spool.iterdir()) == []


def test_flush_of_nothing(peer: Peer, spool: Path) -> None:
    assert flush(peer.url, "secret", str(spool)) == afterrun.Flushed(0, 0, 0, "")
    assert peer.requests == []


def test_torn_last_line_is_not_an_event(peer: Peer, spool: Path) -> None:
    folder = leave(peer.url, spool)
    with (folder / "journal.0").open("ab") as file:
        file.write(b'{"seq":6,"ts":"2026-01-01T00:00:0')
    assert flush(peer.url, "secret", str(spool)).events == 5
    assert list(spool.iterdir()) == []


def test_damaged_line_is_kept_and_said(peer: Peer, spool: Path) -> None:
    folder = leave(peer.url, spool)
    lines = (folder / "journal.0").read_bytes().split(b"\n")
    damaged = next(index for index, line in enumerate(lines) if b"edge-1" in line)
    lines[damaged] = b"\x00" * 50
    (folder / "journal.0").write_bytes(b"\n".join(lines))
    assert flush(peer.url, "secret", str(spool)).left == 0
    assert [event["device"] for event in peer.of_type("device.end")] == ["edge-0", "edge-2"]
    assert "lost on the reporter's disk" in peer.of_type("log")[0]["text"]
    assert len(list(spool.glob("*.rejected"))) == 1


def test_state_that_is_lost_costs_duplicates_only(peer: Peer, spool: Path) -> None:
    folder = leave(peer.url, spool)
    with peer.lock:
        peer.take_events(folder.name.partition(".")[2], _events(folder)[0] + b"\n" + _events(folder)[1] + b"\n")
        peer.take_log("run", 0, b"device 0\n")
    (folder / "state.json").write_bytes(b'{"offset": 12')
    assert flush(peer.url, "secret", str(spool)).left == 0
    assert [event["seq"] for event in peer.all_events] == [1, 2, 3, 4, 5]
    assert bytes(peer.logs["run"]) == b"device 0\ndevice 1\ndevice 2\n"


def _events(folder: Path) -> list[bytes]:
    return [line for line in (folder / "journal.0").read_bytes().split(b"\n") if line.startswith(b'{"seq"')]


def test_killed_program_loses_nothing_it_said(peer: Peer, spool: Path) -> None:
    code = f"""
import os, sys
sys.path.insert(0, {str(Path(afterrun.__file__).parent)!r})
from afterrun import Reporter
run = Reporter({peer.url!r}, "secret", service="backup", spool={str(spool)!r})
for number in range(3000):
    run.device_end("edge-%d" % number, "ok")
    run.write_log("run", b"device %d\\n" % number)
    if number % 100 == 0:
        print(number, flush=True)
print("done", flush=True)
os.kill(os.getpid(), 9)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == -signal.SIGKILL
    assert done.stdout.endswith("done\n")
    assert flush(peer.url, "secret", str(spool)).left == 0
    assert [event["device"] for event in peer.of_type("device.end")] == [f"edge-{n}" for n in range(3000)]
    assert bytes(peer.logs["run"]).count(b"\n") == 3000


def test_living_process_is_left_alone(peer: Peer, spool: Path) -> None:
    run = Reporter(NOWHERE, "secret", service="backup", spool=spool)
    assert flush(NOWHERE, "secret", str(spool)) == afterrun.Flushed(0, 0, 0, "")
    assert run.kept_in
    assert run.kept_in.exists()
    run.close(deadline=0)


def test_many_processes_share_a_spool(peer: Peer, spool: Path) -> None:
    code = f"""
import sys
sys.path.insert(0, {str(Path(afterrun.__file__).parent)!r})
from afterrun import Reporter
with Reporter({peer.url!r}, "secret", service="backup", spool={str(spool)!r}) as run:
    for number in range(100):
        run.device_end("edge-%d" % number, "ok")
"""
    running = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(4)]
    left = 0
    while any(process.poll() is None for process in running):
        left += flush(peer.url, "secret", str(spool)).left
    assert [process.wait() for process in running] == [0] * 4
    assert left == 0
    assert [len(stream) for stream in peer.events.values()] == [102] * 4
    assert peer.duplicates == 0
    assert list(spool.iterdir()) == []


def test_token_is_not_handed_to_another_server(peer: Peer, spool: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    leave("http://127.0.0.1:1", spool)
    monkeypatch.setenv("AFTERRUN_URL", peer.url)
    monkeypatch.setenv("AFTERRUN_TOKEN", "secret")
    done = flush(spool=str(spool))
    assert (done.left, done.runs) == (1, 0)
    assert "is for http://127.0.0.1:1" in done.reason
    assert peer.requests == []
    assert flush(peer.url, spool=str(spool)).runs == 1


def test_one_run_that_cannot_be_sent_does_not_hold_the_others(peer: Peer, spool: Path) -> None:
    leave(peer.url, spool)
    leave(peer.url, spool)
    peer.misstep("/runs/", times=1, status=403)
    done = flush(peer.url, "secret", str(spool))
    assert (done.runs, done.left) == (1, 1)


def test_command_says_what_it_did(
    peer: Peer, spool: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    leave(peer.url, spool)
    monkeypatch.setenv("AFTERRUN_TOKEN", "secret")
    capfd.readouterr()
    assert main(["flush", "--spool", str(spool), "--url", NOWHERE]) == 1
    said = capfd.readouterr()
    assert said.out == "0 events of 0 runs sent, 1 run left\n"
    assert "does not answer" in said.err
    assert main(["flush", "--spool", str(spool), "--url", peer.url, "--json"]) == 0
    assert json.loads(capfd.readouterr().out) == {"runs": 1, "events": 5, "left": 0, "reason": ""}


def test_without_a_server_everything_stays(peer: Peer, spool: Path, capfd: pytest.CaptureFixture[str]) -> None:
    folder = leave(peer.url, spool)
    assert main(["flush", "--spool", str(spool)]) == 1
    assert "no server is configured" in capfd.readouterr().err
    assert folder.exists()


def test_default_spools_are_looked_through(peer: Peer, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(home))
    leave(peer.url, home / ".local" / "state" / "afterrun")
    leave(peer.url, home / f"afterrun-{os.getuid()}")
    assert flush(peer.url, "secret").runs == 2
