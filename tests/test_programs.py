"""Is a test skipped by name where a program is absent, and failed where nothing may be absent?"""

from pathlib import Path

import pytest

from tests.programs import find_program, is_ci, needs_program, require_program

pytest_plugins = ["pytester"]
pytestmark = pytest.mark.unit

SUITE = """
from tests.programs import needs_program

pytestmark = needs_program("sshd")

def test_never_reached():
    raise SystemExit("a marked test ran")
"""


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Hide every program but those on an empty PATH."""
    monkeypatch.setattr("tests.programs.search_path", lambda environ: environ["PATH"])
    return {"PATH": "/nonexistent"}


def test_absent_program_skips_with_the_package(nowhere: dict[str, str]) -> None:
    with pytest.raises(pytest.skip.Exception, match="postgres is not installed: apt-get install postgresql"):
        require_program("postgres", nowhere)


def test_absent_program_fails_in_ci(nowhere: dict[str, str]) -> None:
    with pytest.raises(pytest.fail.Exception, match="apt-get install chromium"):
        require_program("chromium", nowhere | {"CI": "true"})


def test_present_program_is_found_on_path(tmp_path: Path) -> None:
    program = tmp_path / "nginx"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    assert find_program("nginx", {"PATH": str(tmp_path)}) == str(program)
    assert require_program("nginx", {"PATH": str(tmp_path), "CI": "true"}) == str(program)


@pytest.mark.parametrize(("value", "expected"), [("true", True), ("1", True), ("", False), ("false", False)])
def test_ci_is_said_by_its_variable(*, value: str, expected: bool) -> None:
    assert is_ci({"CI": value}) is expected
    assert is_ci({}) is False


def test_unknown_program_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="unknown program emacs: add it"):
        needs_program("emacs")


@pytest.mark.parametrize(("ci", "outcome"), [("", {"skipped": 1}), ("true", {"errors": 1})])
def test_marked_test_does_not_run(
    ci: str, outcome: dict[str, int], pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.programs.search_path", lambda _environ: "/nonexistent")
    monkeypatch.setenv("CI", ci)
    pytester.makepyfile(SUITE)
    result = pytester.runpytest_inprocess(
        "-p", "tests.programs", "-p", "no:cacheprovider", "-p", "no:playwright", "-rsE"
    )
    result.assert_outcomes(**outcome)
    result.stdout.fnmatch_lines(["*sshd is not installed: apt-get install openssh-server*"])
