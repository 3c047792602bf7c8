"""How is done what may never end, such as regular expressions of people: in a program that is killed in time.

A program reads its task from its input, and writes a line for each piece of work that is done.
"""

import os
import resource
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

LONGEST_S = 60  # of processor time, for a program whose starter was killed
PACKAGES = str(Path(__file__).resolve().parents[2])
# What such a program may know of the environment, whose other variables may be settings and hold secrets.
PASSED = ("PATH", "HOME", "TMPDIR", "TZ", "LANG", "LC_ALL", "LC_CTYPE", "LD_LIBRARY_PATH", "VIRTUAL_ENV", "SYSTEMROOT")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The lines that a program has written, and whether it came to its end by itself."""

    lines: list[bytes]
    is_whole: bool


def run_program(module: str, task: bytes, *, budget_s: float) -> Answer:
    """Run a module of ours as a program.

    Args:
        module: its dotted name.
        task: what it reads from its input.
        budget_s: seconds after which it is killed; the lines that it has written by then count.
    """
    command = [sys.executable, "-m", module]
    given = environment()
    try:
        done = subprocess.run(command, input=task, capture_output=True, env=given, timeout=budget_s, check=False)
    except subprocess.TimeoutExpired as error:
        return Answer(lines=_lines(error.stdout or b""), is_whole=False)
    return Answer(lines=_lines(done.stdout), is_whole=done.returncode == 0)


def environment() -> dict[str, str]:
    """Return the variables that a program of ours is given: what it needs to start, and none that may be a secret."""
    return {**{name: os.environ[name] for name in PASSED if name in os.environ}, "PYTHONPATH": PACKAGES}


def answer(work: Callable[[bytes], Iterable[bytes]]) -> None:
    """Be such a program: do the task, line by line."""
    resource.setrlimit(resource.RLIMIT_CPU, (LONGEST_S, LONGEST_S))
    for line in work(sys.stdin.buffer.read()):
        sys.stdout.buffer.write(line + b"\n")
        sys.stdout.buffer.flush()


def _lines(written: bytes) -> list[bytes]:
    return written.split(b"\n")[:-1]
