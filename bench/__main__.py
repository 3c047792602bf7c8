"""How fast and how large: run the benchmarks and write their sections to docs/performance.md.

`python -m bench` runs all of them, `python -m bench ingest logs` only those and keeps the other sections. A benchmark
is a program in this folder that prints one Markdown section and exits with 1 when a target is missed.
"""

import argparse
import os
import platform
import re
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
PAGE = FOLDER.parent / "docs" / "performance.md"
SECTION = re.compile(r"<!-- bench: (\w+) -->\n(.*?)<!-- end -->\n", re.DOTALL)

HEAD = """# Performance

*Written by `make bench`: each section is what one program in `bench/` measured.*

Taken on {machine}. Where a target is a ratio, both sides were measured in the same run.
"""


def names() -> list[str]:
    """Return the benchmarks there are."""
    return sorted(path.stem for path in FOLDER.glob("*.py") if not path.stem.startswith("_") and is_program(path))


def is_program(path: Path) -> bool:
    """Say whether a file is meant to be run; the others are what several programs share."""
    return '__name__ == "__main__"' in path.read_text(encoding="utf-8")


def machine() -> str:
    """Say what the figures were taken on."""
    version = f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
    return f"{os.cpu_count()} cores, {platform.machine()}, {version}"


def run(name: str) -> tuple[str, bool]:
    """Run one benchmark; return its section and whether it reached its targets."""
    started = time.monotonic()
    print(f"{name} ...", file=sys.stderr, flush=True)
    done = subprocess.run(
        [sys.executable, "-m", f"bench.{name}"], cwd=FOLDER.parent, stdout=subprocess.PIPE, text=True, check=False
    )
    verdict = "reached" if done.returncode == 0 else f"NOT REACHED (exit code {done.returncode})"
    print(f"{name}: targets {verdict}, {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
    return done.stdout.strip() + "\n", done.returncode == 0


def write(sections: dict[str, str]) -> None:
    """Write the page; sections that were not measured now stay as they are."""
    kept = dict(SECTION.findall(PAGE.read_text(encoding="utf-8"))) if PAGE.exists() else {}
    kept = {name: text for name, text in kept.items() if name in names()}
    body = "".join(
        f"\n<!-- bench: {name} -->\n{text}<!-- end -->\n" for name, text in sorted((kept | sections).items())
    )
    PAGE.write_text(HEAD.format(machine=machine()) + body, encoding="utf-8")


def main() -> int:
    """Run what was asked for and write the page."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(names()))
    chosen = parser.parse_args().names or names()
    unknown = sorted(set(chosen) - set(names()))
    if unknown:
        parser.error(f"no benchmark called {', '.join(unknown)}; there are {', '.join(names())}")
    results = {name: run(name) for name in chosen}
    write({name: text for name, (text, _reached) in results.items() if text.strip()})
    return 0 if all(reached for _text, reached in results.values()) else 1


if __name__ == "__main__":
    raise SystemExit(main())
