"""Does a command run under `exec` as it would by itself, and is all of it reported?"""

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.reporters.peer import Peer
from webapp.reporters import afterrun
from webapp.reporters.afterrun import Command, main

pytestmark = pytest.mark.integration

PROGRAM = [sys.executable, afterrun.__file__]
Process = subprocess.Popen[bytes]


@pytest.fixture
def environment(peer: Peer, spool: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tell every child where to report."""
    monkeypatch.setenv("AFTERRUN_URL", peer.url)
    monkeypatch.setenv("AFTERRUN_TOKEN", peer.token)
    monkeypatch.setenv("AFTERRUN_SPOOL", str(spool))


def run_exec(*arguments: str, script: str) -> "subprocess.CompletedProcess[bytes]":
    line = [*PROGRAM, "exec", "--service", "backup", *arguments, "--", "sh", "-c", script]
    return subprocess.run(line, capture_output=True, timeout=60, check=False)


@pytest.fixture
def started() -> Iterator[list[Process]]:
    """Collect processes that are ended with the test, however it ends; none of them inherits an ignored SIGINT."""
    former = signal.signal(signal.SIGINT, signal.default_int_handler)
    processes: list[Process] = []
    yield processes
    signal.signal(signal.SIGINT, former)
    for process in processes:
        process.kill()
        process.communicate()


def start_exec(started: list[Process], *arguments: str, script: str) -> Process:
    line = [*PROGRAM, "exec", "--service", "backup", *arguments, "--", "sh", "-c", script]
    process = subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    started.append(process)
    return process


def test_success_is_reported_in_full(environment: None, peer: Peer, spool: Path) -> None:
    done = run_exec("--device", "edge-1", "--label", "nightly", script="echo out; echo err >&2; printf end")
    assert (done.returncode, done.stdout) == (0, b"out\nend")
    first, last = done.stderr.decode().splitlines()
    assert first == "err"
    assert last.startswith(f"afterrun: {peer.url}/runs/")
    assert [event["type"] for event in peer.all_events] == [
        *("run.start", "attempt.start", "device.start", "device.end", "attempt.end", "run.end")
    ]
    [end] = peer.of_type("device.end")
    assert (end["device"], end["status"], end["attempt"]) == ("edge-1", "ok", 1)
    assert end["result"] == {"exit_code": 0, "signal": None, "lines": 3, "bytes": 11}
    assert peer.of_type("run.end")[0]["status"] == "complete"
    assert bytes(peer.logs["run"]) == b"out\nerr\nend"
    fields = json.loads(peer.puts[""])
    assert fields["labels"] == ["nightly"]
    assert fields["parameters"]["command"][:2] == ["sh", "-c"]
    assert list(spool.iterdir()) == []


def test_exit_code_is_the_commands(environment: None, peer: Peer) -> None:
    assert run_exec(script="echo no space >&2; exit 7").returncode == 7
    [end] = peer.of_type("device.end")
    assert (end["status"], end["message"]) == ("failed", "exit code 7: no space")
    assert peer.of_type("run.end")[0]["status"] == "complete"


def test_signal_is_the_commands(environment: None, peer: Peer) -> None:
    assert run_exec(script="kill -USR1 $$").returncode == -signal.SIGUSR1
    [end] = peer.of_type("device.end")
    assert (end["status"], end["message"]) == ("failed", "killed by SIGUSR1")
    assert end["result"]["signal"] == "SIGUSR1"
    assert peer.of_type("run.end")[0]["status"] == "incomplete"


@pytest.mark.parametrize(("command", "code"), [("/no/such/command", 127), ("/etc/hostname", 126)])
def test_command_that_cannot_run(environment: None, peer: Peer, command: str, code: int) -> None:
    done = subprocess.run([*PROGRAM, "exec", "--service", "x", "--", command], capture_output=True, check=False)
    assert done.returncode == code
    assert b"cannot be run" in done.stderr
    assert peer.of_type("run.end")[0]["status"] == "incomplete"
    assert "cannot be run" in peer.of_type("run.end")[0]["message"]


def test_retries_are_attempts_until_one_succeeds(environment: None, peer: Peer, tmp_path: Path) -> None:
    script = f"echo x >> {tmp_path}/count; test $(wc -l < {tmp_path}/count) -ge 3"
    assert run_exec("--retries", "5", "--retry-delay", "0.1", script=script).returncode == 0
    ends = [(event["attempt"], event["status"]) for event in peer.of_type("device.end")]
    assert ends == [(1, "failed"), (2, "failed"), (3, "ok")]
    assert [event["reason"] for event in peer.of_type("attempt.start")] == ["initial", "retry", "retry"]


def test_last_attempt_decides_the_exit_code(environment: None, peer: Peer) -> None:
    assert run_exec("--retries", "1", script="exit 4").returncode == 4
    assert len(peer.of_type("device.end")) == 2


def test_timeout_ends_the_whole_group(environment: None, peer: Peer) -> None:
    began = time.monotonic()
    done = run_exec(
        "--timeout", "0.5", "--grace", "0.3", script="trap '' TERM; sleep 30 & echo begun; sleep 30; sleep 30"
    )
    assert time.monotonic() - began < 25
    assert (done.returncode, done.stdout) == (124, b"begun\n")
    [end] = peer.of_type("device.end")
    assert (end["status"], end["result"]["signal"]) == ("timeout", "SIGKILL")
    assert end["message"].startswith("no end within 0.5 s")


def test_cancel_on_the_server_ends_the_command(environment: None, peer: Peer, started: list[Process]) -> None:
    process = start_exec(started, script="echo begun; sleep 60")
    assert process.stdout
    assert process.stdout.readline() == b"begun\n"
    peer.is_canceled = True
    assert process.wait(30) == -signal.SIGTERM
    assert peer.of_type("device.end")[0]["status"] == "canceled"
    assert peer.of_type("run.end")[0]["status"] == "canceled"


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGTERM, "incomplete"), (signal.SIGHUP, "incomplete"), (signal.SIGINT, "canceled")]
)
def test_signals_reach_the_command(
    environment: None, peer: Peer, started: list[Process], number: signal.Signals, status: str
) -> None:
    # A shell that is about to start a program may miss a signal, with and without us: it becomes the program itself.
    process = start_exec(started, "--retries", "3", script="echo begun; exec sleep 60")
    assert process.stdout
    assert process.stdout.readline() == b"begun\n"
    process.send_signal(number)
    assert process.wait(30) == -number
    assert len(peer.of_type("device.end")) == 1
    [end] = peer.of_type("run.end")
    assert (end["status"], end["message"]) == (status, f"stopped by {number.name}")


def test_signal_that_the_command_handles_is_its_own_matter(
    environment: None, peer: Peer, started: list[Process]
) -> None:
    script = "trap 'echo saved; exit 0' TERM; echo begun; while :; do sleep 0.1; done"
    process = start_exec(started, script=script)
    assert process.stdout
    assert process.stdout.readline() == b"begun\n"
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0
    assert process.stdout.read() == b"saved\n"
    assert peer.of_type("run.end")[0]["status"] == "complete"


def test_output_is_live_and_log_lines_stay_whole(environment: None, peer: Peer, started: list[Process]) -> None:
    process = start_exec(started, script="printf half; sleep 0.3; echo other >&2; sleep 0.3; echo ' done'; read x")
    assert process.stdout
    assert process.stderr
    assert os.read(process.stdout.fileno(), 100) == b"half"
    assert process.stderr.readline() == b"other\n"
    process.wait(30)
    assert bytes(peer.logs["run"]) == b"other\nhalf done\n"


def test_large_binary_output_passes_unchanged(environment: None, peer: Peer) -> None:
    done = run_exec(script="head -c 3000000 /dev/urandom")
    assert len(done.stdout) == 3_000_000
    assert bytes(peer.logs["run"]) == done.stdout


def test_reader_that_goes_away_ends_the_command_as_without_us(environment: None, peer: Peer) -> None:
    line = f"{shlex.join(PROGRAM)} exec --quiet --service x -- yes | head -1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", line], capture_output=True, timeout=60, check=False)
    assert done.stdout == b"y\n141\n"
    assert peer.of_type("device.end")[0]["result"]["signal"] == "SIGPIPE"


def test_background_process_is_not_waited_for(environment: None, peer: Peer) -> None:
    began = time.monotonic()
    assert run_exec(script="echo begun; sleep 40 >/dev/null 2>&1 & exit 0").returncode == 0
    assert time.monotonic() - began < 30


def test_input_reaches_the_command(environment: None, peer: Peer) -> None:
    line = [*PROGRAM, "exec", "--service", "x", "--", "cat"]
    assert subprocess.run(line, input=b"typed", capture_output=True, timeout=60, check=False).stdout == b"typed"


def test_command_knows_its_run(environment: None, peer: Peer) -> None:
    uid = run_exec(script="echo $AFTERRUN_RUN").stdout.decode().strip()
    assert f"/api/v1/runs/{uid}/events" in peer.requests[-1][1]


def test_without_a_server_the_command_runs(peer: Peer, home: Path) -> None:
    done = run_exec(script="echo out; exit 3")
    assert (done.returncode, done.stdout) == (3, b"out\n")
    assert done.stderr.count(b"no server is configured") == 1
    assert list(home.rglob("*")) == []


def test_server_that_is_away_costs_the_command_nothing(
    environment: None, peer: Peer, spool: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AFTERRUN_URL", "http://127.0.0.1:9")
    began = time.monotonic()
    done = run_exec("--deadline", "0.5", script="echo out; exit 3")
    assert (done.returncode, done.stdout) == (3, b"out\n")
    assert time.monotonic() - began < 5
    assert b"afterrun flush" in done.stderr
    assert main(["flush", "--url", peer.url]) == 0
    assert peer.of_type("run.end")[0]["status"] == "complete"
    assert bytes(peer.logs["run"]) == b"out\n"


def test_read_only_home_is_enough(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/proc")
    monkeypatch.setenv("AFTERRUN_URL", peer.url)
    monkeypatch.setenv("AFTERRUN_TOKEN", peer.token)
    done = run_exec("--quiet", script="echo out")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"out\n", b"")
    assert len(peer.of_type("run.end")) == 1


def test_notify_block_goes_along_or_is_left_out(environment: None, peer: Peer, tmp_path: Path) -> None:
    block = tmp_path / "notify.yaml"
    block.write_text("criteria: {status: finished}\n", encoding="utf-8")
    assert run_exec("--notify", str(block), script="true").returncode == 0
    assert json.loads(peer.puts[""])["notify"] == "criteria: {status: finished}\n"
    done = run_exec("--notify", str(tmp_path / "none"), script="exit 5")
    assert done.returncode == 5
    assert b"is not used" in done.stderr


def test_stale_prompt_reaches_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(afterrun, "STALE_S", 0.1)
    pieces: list[bytes] = []
    script = "printf '50%%'; sleep 0.6; echo 100%"
    command = Command(["sh", "-c", script], write_log=pieces.append, is_canceled=lambda: False)
    outcome = command.run()
    assert pieces == [b"50%", b"100%\n"]
    assert (outcome.lines, outcome.size, outcome.status) == (1, 8, "ok")


@pytest.mark.parametrize(
    "arguments",
    [["exec", "--service", "x"], ["exec", "--service", "x", "--retries", "-1", "true"], ["exec", "true"], []],
)
def test_wrong_usage_is_two(arguments: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    try:
        code = main(arguments)
    except SystemExit as error:
        code = int(str(error.code))
    assert code == 2
    assert capfd.readouterr().err
