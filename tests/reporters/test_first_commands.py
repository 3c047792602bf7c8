"""Does every command that the empty list of runs shows do what it says, pasted into a shell as it stands there?"""

import subprocess
import sys
from pathlib import Path

import pytest
from flask import Flask

from tests.conftest import LiveServer
from webapp.store.db import reading
from webapp.store.runs import Run, find_run_by_number
from webapp.web.hints import first_commands

pytestmark = [pytest.mark.e2e, pytest.mark.needs_program("curl")]


def paste(app: Flask, server: LiveServer, folder: Path, *, instead: str = "df -h") -> None:
    """Run the commands of the page in a shell, with a token at its place and another command than `df -h`."""
    with app.test_request_context(base_url=server.url):
        texts = [command["text"] for command in first_commands()]
    script = "\n".join(texts).replace("art_...", server.token).replace("df -h", instead)
    environment = {"PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin", "HOME": str(folder)}
    done = subprocess.run(
        ["sh", "-u"], input=script, cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def newest(service: str) -> Run:
    """Return the first run of a service."""
    with reading() as session:
        run = find_run_by_number(session, service, 1)
    assert run is not None
    return run


def test_first_commands_work_as_they_stand(app: Flask, live_server: LiveServer, tmp_path: Path) -> None:
    paste(app, live_server, tmp_path)
    with app.app_context():
        assert newest("hello").device_counts == {"ok": 1}
        assert newest("disk").level == "ok"
        assert newest("tests").case_counts == {"pass": 1, "fail": 1}


def test_a_failing_command_is_not_reported_as_a_success(app: Flask, live_server: LiveServer, tmp_path: Path) -> None:
    paste(app, live_server, tmp_path, instead="./not-there")
    with app.app_context():
        assert newest("disk").level in ("errors", "failed")
