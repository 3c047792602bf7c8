"""Does every command of docs/reporting.md do what the page says, as it stands there?"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import LiveServer
from webapp.reporters import afterrun

pytestmark = pytest.mark.e2e

PAGE = Path(afterrun.__file__).parents[2] / "docs" / "reporting.md"
BLOCK = re.compile(r"^```(sh|python)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
JUNIT = '<testsuite name="smoke" tests="1"><testcase classname="net" name="pings" time="0.1"/></testsuite>'


def blocks() -> list[tuple[str, str]]:
    return BLOCK.findall(PAGE.read_text(encoding="utf-8"))


def test_page_has_its_commands() -> None:
    assert [language for language, _ in blocks()].count("sh") == 9
    assert [language for language, _ in blocks()].count("python") == 1


@pytest.mark.needs_program("curl")
@pytest.mark.parametrize("number", range(10))
def test_block_works_as_it_stands(live_server: LiveServer, tmp_path: Path, spool: Path, number: int) -> None:
    language, text = blocks()[number]
    folder = tmp_path / "work"
    folder.mkdir()
    shutil.copy(afterrun.__file__, folder / "afterrun.py")
    (folder / "backup.sh").write_text("#!/bin/sh\necho saved\n", encoding="utf-8")
    (folder / "backup.sh").chmod(0o755)
    (folder / "junit.xml").write_text(JUNIT, encoding="utf-8")
    (folder / "block").write_text(text.replace("curl ", "curl --fail-with-body "), encoding="utf-8")
    done = subprocess.run(
        ["sh", "-eu", "block"] if language == "sh" else [sys.executable, "block"],
        cwd=folder,
        env={
            "PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin",
            "AFTERRUN_URL": live_server.url,
            "AFTERRUN_TOKEN": live_server.token,
            "AFTERRUN_SPOOL": str(spool),
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "refused" not in done.stderr
    assert "delivered" not in done.stderr
