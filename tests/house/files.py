"""Which files are the project's own, as the guards read them?"""

from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

PYTHON_FOLDERS = ("webapp", "tests", "bench")
PYTHON_FILES = ("conftest.py", "wsgi.py")
TEXT_FOLDERS = (*PYTHON_FOLDERS, ".ci", "docs", "static", "templates")
# What was recorded from others, and what Alembic wrote from the models.
NOT_CODE = ("tests/samples", "webapp/store/migrations/versions")
BINARY = frozenset({".png", ".ico", ".gz", ".zst", ".db", ".bin", ".woff2"})


def python_files(root: Path = ROOT) -> list[Path]:
    """Return the Python files of the product, its tests and benchmarks, but none that was recorded or generated."""
    found = [path for path in _below(root, PYTHON_FOLDERS) if path.suffix == ".py"]
    return found + [root / name for name in PYTHON_FILES if (root / name).exists()]


def product_files(root: Path = ROOT) -> list[Path]:
    """Return the Python files of the product alone."""
    return [path for path in python_files(root) if path.is_relative_to(root / "webapp")]


def template_files(root: Path = ROOT) -> list[Path]:
    """Return every template that makes a web page; the texts of notices follow other rules."""
    pages = (path for path in _below(root, ("templates",)) if path.suffix == ".html")
    return [path for path in pages if not path.is_relative_to(root / "templates" / "notify")]


def front_end_files(root: Path = ROOT) -> list[Path]:
    """Return every style sheet and browser module."""
    return [path for path in _below(root, ("static",)) if path.suffix in {".css", ".js"}]


def text_files(root: Path = ROOT) -> list[Path]:
    """Return every text file that is committed, with the ones at the top."""
    top = (path for path in root.iterdir() if path.is_file() and not path.name.startswith((".coverage", ".git")))
    return sorted(path for path in (*_below(root, TEXT_FOLDERS), *top) if path.suffix not in BINARY)


def relative(path: Path, root: Path = ROOT) -> str:
    """Return how a violation names a file."""
    return path.relative_to(root).as_posix()


def _below(root: Path, folders: Iterable[str]) -> Iterator[Path]:
    for folder in folders:
        for path in sorted((root / folder).rglob("*")):
            is_code = path.suffix == ".py" and any(path.is_relative_to(root / each) for each in NOT_CODE)
            if path.is_file() and not is_code and path.suffix != ".pyc":
                yield path
