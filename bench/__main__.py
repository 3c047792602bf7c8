"""How fast and how large: run the benchmarks and write their sections to docs/performance.md.

`python -m bench` runs all of them, `python -m bench ingest logs` only those. A benchmark is a program in this folder
that prints one Markdown section and exits with 1 when a target is missed. Each section has its marks on the page; text
outside of them stays. With `--quick` each does less, and the sections are printed: they are no figures for the page.
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

HEAD = "# Performance\n"


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


def run(name: str, *options: str) -> tuple[str, bool]:
    """Run one benchmark; return its section and whether it reached its targets."""
    started = time.monotonic()
    print(f"{name} ...", file=sys.stderr, flush=True)
    done = subprocess.run(
        [sys.executable, "-m", f"bench.{name}", *options],
        cwd=FOLDER.parent,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    verdict = "reached" if done.returncode == 0 else f"NOT REACHED (exit code {done.returncode})"
    print(f"{name}: targets {verdict}, {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
    return done.stdout.strip() + "\n", done.returncode == 0


def merge(page: str, sections: dict[str, str]) -> str:
    """Return the page with these sections in their places, new ones at its end; whatever else it says stays."""
    for name, text in sorted(sections.items()):
        section = f"<!-- bench: {name} -->\n{text}<!-- end -->\n"
        found = re.search(rf"<!-- bench: {name} -->\n.*?<!-- end -->\n", page, re.DOTALL)
        before, after = (page[: found.start()], page[found.end() :]) if found else (f"{page.rstrip()}\n\n", "")
        page = before + section + after
    return page


def main() -> int:
    """Run what was asked for and write the page."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(names()))
    parser.add_argument("--quick", action="store_true", help="measure less and print it")
    asked = parser.parse_args()
    chosen = asked.names or names()
    unknown = sorted(set(chosen) - set(names()))
    if unknown:
        parser.error(f"no benchmark called {', '.join(unknown)}; there are {', '.join(names())}")
    results = {name: run(name, *(["--quick"] if asked.quick else [])) for name in chosen}
    if asked.quick:
        print("\n".join(text for text, _reached in results.values()))
    else:
        write_page({name: text for name, (text, _reached) in results.items() if text.strip()})
    return 0 if all(reached for _text, reached in results.values()) else 1


def write_page(sections: dict[str, str]) -> None:
    """Put the sections on the page."""
    page = PAGE.read_text(encoding="utf-8") if PAGE.exists() else HEAD
    measured = {name: f"{text}\nTaken on {machine()}.\n" for name, text in sections.items()}
    PAGE.write_text(merge(page, measured), encoding="utf-8")


if __name__ == "__main__":
    raise SystemExit(main())
