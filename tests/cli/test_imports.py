"""Do files become runs by typing: in this instance's database, or on a server?"""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from tests.conftest import LiveServer
from webapp.app import create_app
from webapp.cli.program import run
from webapp.query.expressions import EVERYTHING
from webapp.store.db import reading
from webapp.store.runs import page_runs

pytestmark = pytest.mark.integration

Typed = Callable[..., str]
SUITE = '<testsuite><testcase name="x"/></testsuite>'
DEVICES = '{"edge-1": {"success": true, "result": {"a": 1}}}'


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with files to import, as the working folder, without any server in the environment."""
    monkeypatch.chdir(tmp_path)
    for name in ("AFTERRUN_URL", "AFTERRUN_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    Path("unit.xml").write_text(SUITE)
    Path("devices.json").write_text(DEVICES)
    Path("bad.xml").write_text("<testsuite>\n<oops")
    return tmp_path


@pytest.fixture
def typed(files: Path, app: Flask, capsys: pytest.CaptureFixture[str]) -> Typed:
    """Return a function that types `afterrun import ...` on the application and returns what it printed."""

    def type_import(*words: str, status: int = 0) -> str:
        with pytest.raises(SystemExit) as ended:
            run(lambda: app, ["import", *words])
        out, err = capsys.readouterr()
        assert (ended.value.code or 0) == status, out + err
        return out if status == 0 else err

    return type_import


def stored() -> list[tuple[str, int, dict[str, int]]]:
    with reading() as session:
        found = page_runs(session, where=EVERYTHING, before=None, limit=100).items
        return [(run.service, run.number, dict(run.case_counts)) for run in reversed(found)]


def test_files_become_runs_of_the_own_database(typed: Typed) -> None:
    found = json.loads(typed("unit.xml", "devices.json", "--service", "lab", "--json"))
    assert [(row["service"], row["number"]) for row in found] == [("lab", 1), ("lab", 2)]
    assert found[0]["url"].endswith(f"/runs/{found[0]['uid']}")
    assert stored() == [("lab", 1, {"pass": 1}), ("lab", 2, {})]
    with reading() as session:
        assert page_runs(session, where=EVERYTHING, before=None, limit=1).items[0].submitter is None


def test_key_and_attempts_are_taken_over(typed: Typed) -> None:
    typed("unit.xml", "--service", "lab", "--key", "gh:7")
    (row,) = json.loads(typed("unit.xml", "--service", "lab", "--key", "gh:7", "--json"))
    typed("unit.xml", "devices.json", "--run", row["uid"], "--attempt", "2")
    assert stored() == [("lab", 1, {"pass": 1})]


def test_faults_are_one_sentence(typed: Typed) -> None:
    said = typed("unit.xml", "bad.xml", "--service", "lab", status=1)
    assert said == "afterrun: bad.xml: line 2: expected well-formed XML: the file ends too early\n"
    assert "expected the name of a service" in typed("unit.xml", status=1)
    assert "expected one of junit" in typed("unit.xml", "--format", "x", "--service", "lab", status=1)
    assert "does not exist" in typed("gone.xml", status=2)
    assert stored() == []


@pytest.mark.parametrize("way", ["options", "environment"])
def test_files_are_sent_to_a_server(
    typed: Typed, live_server: LiveServer, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    words = ["--url", live_server.url, "--token", live_server.token]
    if way == "environment":
        words = []
        monkeypatch.setenv("AFTERRUN_URL", live_server.url)
        monkeypatch.setenv("AFTERRUN_TOKEN", live_server.token)
    found = json.loads(typed("unit.xml", "devices.json", "--service", "far", "--json", *words))
    assert [row["url"] for row in found] == [f"{live_server.url}/runs/{row['uid']}" for row in found]
    typed("unit.xml", "unit.xml", "--service", "far", "--run", found[0]["uid"], "--attempt", "2", *words)
    assert stored() == [("far", 1, {"pass": 1}), ("far", 2, {})]


def test_server_that_refuses_or_is_away_is_told(typed: Typed, live_server: LiveServer) -> None:
    words = ("--service", "far", "--url", live_server.url)
    said = typed("unit.xml", "bad.xml", *words, "--token", live_server.token, status=1)
    assert said.startswith("afterrun: bad.xml: body: line 2: expected well-formed XML")
    assert said.endswith("; 1 of 2 files are imported\n")
    assert "unit.xml is not imported: the token is unknown" in typed("unit.xml", *words, "--token", "x", status=1)
    assert "does not answer" in typed("unit.xml", "--url", "http://127.0.0.1:9", status=1)


def test_own_database_can_be_meant_although_a_server_is_known(typed: Typed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AFTERRUN_URL", "http://127.0.0.1:9")
    typed("unit.xml", "--service", "lab", "--local")
    assert stored() == [("lab", 1, {"pass": 1})]


def test_tables_of_another_release_are_refused(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run(lambda: create_app(files / "new", config={"TESTING": True}), ["import", "unit.xml", "--service", "lab"])
    assert "afterrun db upgrade" in capsys.readouterr().err
