"""Do the recipes of CONTRIBUTING hold: are the files they name all that has to be touched?

Each is followed with a toy in a copy of the tree: files are added, and the lines that a recipe names are inserted. The
toy's own tests then run there, and what is recorded is recorded anew.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.files import ROOT

pytestmark = pytest.mark.integration

TOYS = ROOT / "tests" / "samples" / "recipes"
COPIED = ("webapp", "templates", "static", "docs", "tests")
LEFT_OUT = shutil.ignore_patterns("__pycache__", "samples", "e2e", "instance", "*.png")

# The one line that a recipe adds to a shared file, and the line it goes under.
LINES = (
    (
        "webapp/settings/catalogue.py",
        "SETTINGS: tuple[Setting, ...] = (\n",
        '    _integer("TOY_LIMIT", 5, S.START, "How many toys are kept on the shelf.", 1, 9),\n',
    ),
    (
        "webapp/query/fields.py",
        "\nFIELDS = (\n",
        '    _field("toy_host", Kind.NAME, "runs", "The machine that the run was started on", "toy_host:ci-*"),\n',
    ),
    ("webapp/store/filtering.py", "    View.RUNS: {\n", '        "toy_host": _name(RunRow.host),\n'),
)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the project in which every recipe was followed."""
    tree = tmp_path_factory.mktemp("recipes")
    for name in COPIED:
        shutil.copytree(ROOT / name, tree / name, ignore=LEFT_OUT)
    for name in ("conftest.py", "pyproject.toml"):
        shutil.copy(ROOT / name, tree)
    shutil.copytree(TOYS, tree, dirs_exist_ok=True)
    for name, above, line in LINES:
        path = tree / name
        text = path.read_text(encoding="utf-8")
        assert text.count(above) == 1, f"{name} has no line {above.strip()!r} any more: change the recipe"
        path.write_text(text.replace(above, above + line), encoding="utf-8")
    return tree


def run_pytest(tree: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run pytest in the copy, unmeasured and on its own."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("COVERAGE_", "COV_", "PYTEST_"))}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments],
        cwd=tree,
        env=own | {"PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_toys_work(tree: Path) -> None:
    done = run_pytest(tree, "tests/toys")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]


def test_recorded_files_follow(tree: Path) -> None:
    before = run_pytest(tree, "tests/house/test_routes.py")
    assert before.returncode == 1
    assert "routes.txt differs: make snapshots" in before.stdout
    done = run_pytest(tree, "--update", "tests/house/test_routes.py", "tests/query", "tests/settings")
    assert done.returncode == 0, done.stdout[-3000:]
    routes = (tree / "tests" / "house" / "routes.txt").read_text(encoding="utf-8")
    assert [line.split() for line in routes.splitlines() if line.startswith("/toys")] == [
        ["/toys", "GET", "toys.index", "view"]
    ]
    assert "/api/v1/toys" in routes
    assert "| `toy_host` |" in (tree / "docs" / "filters.md").read_text(encoding="utf-8")
    assert "| `TOY_LIMIT` |" in (tree / "docs" / "settings.md").read_text(encoding="utf-8")
