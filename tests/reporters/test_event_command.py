"""Can a shell script say single events of a run?"""

import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.reporters.peer import Peer
from webapp.reporters import afterrun
from webapp.reporters.afterrun import main

pytestmark = pytest.mark.integration


@pytest.fixture(autouse=True)
def environment(peer: Peer, spool: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Say where to report."""
    monkeypatch.setenv("AFTERRUN_URL", peer.url)
    monkeypatch.setenv("AFTERRUN_TOKEN", peer.token)
    monkeypatch.setenv("AFTERRUN_SPOOL", str(spool))


def test_script_tells_a_whole_run(peer: Peer) -> None:
    script = """
        export AFTERRUN_RUN=$($AFTERRUN event run.start service=backup)
        $AFTERRUN event device.end device=edge-1 status=ok result:='{"n": 1}' duration_s:=2.5
        $AFTERRUN event log text='a=b'
        $AFTERRUN event run.end status=complete
    """
    line = script.replace("$AFTERRUN ", f"{shlex.join([sys.executable, afterrun.__file__])} ")
    done = subprocess.run(["sh", "-ec", line], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert [event["type"] for event in peer.all_events] == ["run.start", "device.end", "log", "run.end"]
    assert len({path.split("/")[4] for _, path in peer.requests}) == 1
    assert len(set(done.stdout.split())) == 1
    [end] = peer.of_type("device.end")
    assert (end["result"], end["duration_s"]) == ({"n": 1}, 2.5)
    assert peer.of_type("log")[0]["text"] == "a=b"


@pytest.mark.parametrize("field", ["status", "=ok", ":=1", "result:={", "result:="])
def test_faulty_field_is_named(peer: Peer, field: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["event", "device.end", field]) == 2
    assert "event: " in capfd.readouterr().err
    assert peer.requests == []


def test_server_away_keeps_the_event(peer: Peer, spool: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["event", "heartbeat", "--run", "x", "--url", "http://127.0.0.1:9", "--deadline", "0.1"]) == 1
    assert capfd.readouterr().out == "x\n"
    assert len(list(spool.iterdir())) == 1
