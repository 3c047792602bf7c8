"""Do the rooms import only downward, and would each contract of pyproject.toml break on a room that does not?"""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.house.files import ROOT

pytestmark = pytest.mark.unit

# One import that each contract must refuse: contract id -> (the importing module, what it imports).
BREAKING = {
    "floors": ("diff/lines.py", "import webapp.store"),
    "reporters": ("reporters/afterrun.py", "import webapp.errors"),
    "cycles": ("domain/outcome.py", "import webapp.domain.messages"),
    "formats": ("importers/formats/tap.py", "import webapp.importers.formats.junit"),
    "channels": ("notify/channels/irc.py", "import webapp.notify.channels.slack"),
    "tables": ("web/runs.py", "import webapp.store.models.runs"),
    "flask": ("ingest/apply.py", "import flask"),
    "sql": ("web/runs.py", "import sqlalchemy"),
    "templates": ("notify/channels/slack.py", "import jinja2"),
    "server": ("web/health.py", "import waitress"),
    "wire": ("notify/channels/webhook.py", "import requests"),
    "mail": ("notify/render.py", "import flask_mail"),
    "engines": ("web/health.py", "import huey"),
    "devices": ("worker/jobs.py", "import nornir"),
}
# What keeps every contract: the other half of a circle and what the imports above need.
KEPT = {
    "domain/messages.py": "import webapp.domain.outcome",
    "importers/formats/junit.py": "",
    "notify/channels/slack.py": "",
    "store/models/runs.py": "import sqlalchemy",
    "app.py": "import webapp.store.models",
    "errors.py": "",
}


def lint_imports(folder: Path) -> tuple[int, dict[str, str]]:
    """Run the contracts in a folder; return the exit code and what became of each contract by name."""
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder), "COLUMNS": "500"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, dict(re.findall(r"^(.+?) (KEPT|BROKEN)\b", done.stdout, re.MULTILINE))


def contracts() -> dict[str, str]:
    """Return the name of each contract by its id."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return {each["id"]: each["name"] for each in settings["tool"]["importlinter"]["contracts"]}


def make_package(folder: Path, modules: dict[str, list[str]]) -> None:
    (folder / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text(encoding="utf-8"), encoding="utf-8")
    for name, lines in modules.items():
        path = folder / "webapp" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        for package in path.relative_to(folder).parents:
            (folder / package / "__init__.py").touch()
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "__init__.py").unlink()


def test_rooms_keep_the_contracts() -> None:
    code, results = lint_imports(ROOT)
    assert results == dict.fromkeys(contracts().values(), "KEPT")
    assert code == 0


def test_every_contract_can_break(tmp_path: Path) -> None:
    modules = {name: [line] for name, line in KEPT.items()}
    for name, line in BREAKING.values():
        modules.setdefault(name, []).append(line)
    make_package(tmp_path, modules)
    code, results = lint_imports(tmp_path)
    assert BREAKING.keys() == contracts().keys()
    assert results == dict.fromkeys(contracts().values(), "BROKEN")
    assert code == 1


def test_a_tidy_package_keeps_them_all(tmp_path: Path) -> None:
    make_package(tmp_path, {name: [line] for name, line in KEPT.items()})
    assert lint_imports(tmp_path) == (0, dict.fromkeys(contracts().values(), "KEPT"))


def test_an_unlisted_room_is_refused(tmp_path: Path) -> None:
    make_package(tmp_path, {name: [line] for name, line in KEPT.items()} | {"attic/boxes.py": [""]})
    _code, results = lint_imports(tmp_path)
    assert results[contracts()["floors"]] == "BROKEN"
