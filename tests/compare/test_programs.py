"""Is a program that never ends killed in time, and does what it has done until then count?"""

import sys
import textwrap
from pathlib import Path

import pytest

from webapp.compare import programs
from webapp.compare.programs import run_program
from webapp.compare.text_keys import find_text_keys
from webapp.diff.likeness import text_key
from webapp.diff.rules import Rule, check_rules

pytestmark = pytest.mark.integration

# Neither repetition lies in the other, so that it passes the check; still it takes for ever on this text.
ENDLESS = Rule(pattern=r"(?:x|x|y)*(?:x|y|x)*(?:y|x|x)*(?:x|x|y)*(?:x|y|x)*z")
SLOW_TEXT = "xy" * 5_000


def write_program(folder: Path, body: str) -> None:
    lines = f"""
        from webapp.compare.programs import answer
        def work(raw):
            yield raw.upper()
            {body}
        answer(work)
    """
    (folder / "program.py").write_text(textwrap.dedent(lines))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(programs, "PACKAGES", f"{programs.PACKAGES}:{tmp_path}")
    return tmp_path


def test_lines_of_a_program(folder: Path) -> None:
    write_program(folder, "yield b'second'")
    found = run_program("program", b"task", budget_s=30)
    assert (found.lines, found.is_whole) == ([b"TASK", b"second"], True)


def test_a_program_is_given_no_secrets(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = ("AFTERRUN_SECRET_KEY", "DATABASE_URL", "MAIL_PASSWORD", "SLACK_TOKEN", "PGPASSWORD", "TOKEN_OF_ANOTHER")
    for name in secrets:
        monkeypatch.setenv(name, "hunter2")
    monkeypatch.setenv("TZ", "UTC")
    write_program(folder, "import os; yield ' '.join(os.environ).encode()")
    given = run_program("program", b"task", budget_s=30).lines[1].decode().split()
    assert not set(secrets) & set(given)
    assert {"PATH", "TZ"} <= set(given)


def test_a_program_that_fails_is_not_whole(folder: Path) -> None:
    write_program(folder, "raise ValueError")
    found = run_program("program", b"task", budget_s=30)
    assert (found.lines, found.is_whole) == ([b"TASK"], False)


def test_a_program_without_end_is_killed(folder: Path) -> None:
    write_program(folder, "while True: pass")
    found = run_program("program", b"task", budget_s=1.5)
    assert (found.lines, found.is_whole) == ([b"TASK"], False)


def test_keys_of_texts_with_rules_are_those_without_a_process() -> None:
    rules = [Rule(pattern=r"serial \w+"), Rule(pattern="^DEBUG", whole_line=True)]
    texts = ["serial A\u00e91\nDEBUG x", "serial B2\n", "5 ms"]
    found = find_text_keys(texts, level="volatile", rules=rules, budget_s=30)
    assert found == {text: text_key(text, level="volatile", rules=check_rules(rules)) for text in texts}
    assert find_text_keys(texts, level="volatile", rules=[], budget_s=0) == {
        text: text_key(text, level="volatile") for text in texts
    }


def test_rules_without_end_are_given_up() -> None:
    check_rules([ENDLESS])
    assert find_text_keys([SLOW_TEXT], level="volatile", rules=[ENDLESS], budget_s=1) is None
    assert sys.executable
