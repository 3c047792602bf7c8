"""Does what a reporter says stand in the application afterwards, read back through its API?"""

import json
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import LiveServer
from webapp.reporters import afterrun
from webapp.reporters.afterrun import Reporter, flush

pytestmark = pytest.mark.e2e

PROGRAM = [sys.executable, afterrun.__file__]


@pytest.fixture(autouse=True)
def environment(live_server: LiveServer, spool: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tell every reporter, here and in children, where the server is."""
    monkeypatch.setenv("AFTERRUN_URL", live_server.url)
    monkeypatch.setenv("AFTERRUN_TOKEN", live_server.token)
    monkeypatch.setenv("AFTERRUN_SPOOL", str(spool))


def ask(server: LiveServer, path: str, method: str = "GET") -> bytes:
    headers = {"Authorization": f"Bearer {server.token}"}
    request = urllib.request.Request(f"{server.url}/api/v1{path}", headers=headers, method=method)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=20) as reply:
        data: bytes = reply.read()
    return data


def ask_json(server: LiveServer, path: str) -> Any:
    return json.loads(ask(server, path))


def test_run_with_attempts_reads_back(live_server: LiveServer, spool: Path) -> None:
    fields: dict[str, Any] = {"devices": ["a", "b"], "labels": ["nightly"], "parameters": {"depth": 3}}
    with Reporter(
        service="backup", trigger="cron", external_key="gh:1", metadata={"n": 1}, priority=7, **fields
    ) as run:
        for attempt, names in ((1, "ab"), (2, "b")):
            run.attempt_start(attempt)
            for name in names:
                run.device_start(name, attempt)
                status = "ok" if name == "a" or attempt == 2 else "unreachable"
                run.device_end(name, status, attempt=attempt, duration_s=0.5, result={"name": name, "try": attempt})
            run.attempt_end(attempt)
    assert run.is_delivered
    assert list(spool.iterdir()) == []
    sections = ask_json(live_server, f"/runs/{run.uid}/results.json")
    assert sections["results"]["success"] is True
    assert sections["attempt1"]["summary"] == {"success": ["a"], "failure": ["b"]}
    assert list(sections["attempt2"]["devices"]) == ["b"]
    assert sections["results"]["devices"]["b"]["result"] == {"name": "b", "try": 2}
    shown = ask_json(live_server, f"/runs/{run.uid}")
    assert (shown["service"], shown["status"], shown["trigger"]) == ("backup", "complete", "cron")
    assert (shown["external_key"], shown["labels"], shown["priority"]) == ("gh:1", ["nightly"], 7)
    assert shown["parameters"] == {"depth": 3}


def test_cases_and_measurements_read_back(live_server: LiveServer) -> None:
    with Reporter(service="tests") as run:
        run.plan(cases=3)
        run.case("boots", "pass", suite="smoke", device="edge-1", duration_s=1.5)
        run.case("pings", "fail", suite="smoke", device="edge-1", message="no answer", output="x" * 2_000_000)
        run.measurement("speed", 10.5, "MB/s", suite="net", device="edge-1")
    assert run.is_delivered
    shown = ask_json(live_server, f"/runs/{run.uid}")
    assert shown["counts"]["cases"] == {"pass": 2, "fail": 1}
    assert shown["level"] == "errors"
    [attachment] = ask_json(live_server, f"/runs/{run.uid}/attachments")["items"]
    assert attachment["name"].startswith("output-")


def test_logs_read_back(live_server: LiveServer) -> None:
    data = b"".join(b"line %d \xff\n" % number for number in range(200_000))
    with Reporter(service="backup") as run:
        run.write_log("edge/1 x", data)
        run.log("ERROR: no space", level="error")
    assert run.is_delivered
    assert ask(live_server, f"/runs/{run.uid}/logs/{urllib.parse.quote('edge/1 x')}") == data
    assert ask(live_server, f"/runs/{run.uid}/logs/run").endswith(b"ERROR: no space\n")


def test_large_result_and_attachment_read_back(live_server: LiveServer, tmp_path: Path) -> None:
    result = {"rows": [f"row {number}" * 5 for number in range(100_000)]}
    file = tmp_path / "report.html"
    file.write_bytes(b"<b>\x00")
    with Reporter(service="backup") as run:
        run.device_end("rack 1/edge", "ok", result=result)
        run.attach("report.html", file)
    assert run.is_delivered
    name = urllib.parse.quote("rack 1/edge", safe="")
    assert ask_json(live_server, f"/runs/{run.uid}/devices/{name}/result") == result
    assert ask(live_server, f"/runs/{run.uid}/attachments/report.html") == b"<b>\x00"


def test_refused_event_names_its_field(live_server: LiveServer, spool: Path) -> None:
    deep: list[object] = []
    for _ in range(600):
        deep = [deep]
    with Reporter(service="backup") as run:
        run.device_end("edge-1", "ok")
        run.device_end("edge-2", "no such status")
        run.device_end("edge-3", "ok", result=deep)
        run.device_end("edge-4", "ok", message="x" * 70_000)
    assert run.is_delivered
    shown = ask_json(live_server, f"/runs/{run.uid}")
    assert shown["counts"]["devices"] == {"ok": 3}
    assert b"device.end edge-2 was refused" in ask(live_server, f"/runs/{run.uid}/logs/reporter")
    [kept] = spool.glob("*.rejected")
    events = [json.loads(line) for line in kept.read_text(encoding="utf-8").splitlines()]
    assert [json.loads(event["event"])["device"] for event in events] == ["edge-2", "edge-3"]


def test_faulty_field_of_the_run_leaves_the_others(live_server: LiveServer) -> None:
    with Reporter(service="backup", labels=["ok"], priority=1000) as run:
        pass
    assert run.is_delivered
    assert ask_json(live_server, f"/runs/{run.uid}")["labels"] == ["ok"]


def test_unknown_token_is_said_once(live_server: LiveServer, capfd: pytest.CaptureFixture[str]) -> None:
    run = Reporter(token="unknown", service="backup")
    for number in range(10):
        run.device_end(f"edge-{number}", "ok")
    assert not run.close(deadline=3)
    assert capfd.readouterr().err.count("afterrun:") == 1
    assert flush().left == 0
    assert ask_json(live_server, f"/runs/{run.uid}")["counts"]["devices"] == {"ok": 10}


def test_exec_reads_back(live_server: LiveServer) -> None:
    script = "echo out; echo ERROR: bad >&2; test $AFTERRUN_RUN; exit 3"
    line = [*PROGRAM, "exec", "--service", "job", "--device", "host-1", "--retries", "1", "--", "sh", "-c", script]
    done = subprocess.run(line, capture_output=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (3, b"out\nout\n")
    url = done.stderr.decode().splitlines()[-1].removeprefix("afterrun: ")
    uid = url.rpartition("/")[2]
    shown = ask_json(live_server, f"/runs/{uid}")
    assert (shown["status"], shown["level"], shown["attempts"]) == ("complete", "errors", 2)
    sections = ask_json(live_server, f"/runs/{uid}/results.json")
    assert sections["results"]["devices"]["host-1"]["result"]["exit_code"] == 3
    assert sorted(ask(live_server, f"/runs/{uid}/logs/run").splitlines()) == [b"ERROR: bad"] * 2 + [b"out"] * 2


def test_cancel_ends_the_command(live_server: LiveServer, monkeypatch: pytest.MonkeyPatch) -> None:
    line = [*PROGRAM, "exec", "--service", "job", "--device", "h", "--", "sh", "-c", "echo $AFTERRUN_RUN; sleep 60"]
    process = subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout
    uid = process.stdout.readline().decode().strip()
    for _ in range(100):
        try:
            ask(live_server, f"/runs/{uid}/cancel", "POST")
            break
        except urllib.error.HTTPError:
            time.sleep(0.1)
    assert process.wait(30) == -15
    process.communicate()
    assert ask_json(live_server, f"/runs/{uid}")["status"] == "canceled"


def test_many_runs_at_once(live_server: LiveServer) -> None:
    runs: list[Reporter] = []

    def report(number: int) -> None:
        with Reporter(service=f"service-{number}") as run:
            runs.append(run)
            for device in range(300):
                run.device_end(f"edge-{device}", "ok", result={"n": device})

    threads = [threading.Thread(target=report, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for run in runs:
        assert run.is_delivered or flush().left == 0
        assert ask_json(live_server, f"/runs/{run.uid}")["counts"]["devices"] == {"ok": 300}


def test_served_file_is_the_reporter(live_server: LiveServer) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"{live_server.url}/reporters/afterrun.py", timeout=20) as reply:
        assert reply.read() == Path(afterrun.__file__).read_bytes()
