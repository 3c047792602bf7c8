"""Are the requirements complete and exact, and would the guard notice when they are not?"""

import re
import tomllib
from importlib.metadata import packages_distributions, requires

import pytest

from tests.house.files import ROOT, product_files
from tests.house.requirements import badly_pinned, imported, pinned, unpinned

pytestmark = pytest.mark.unit

# Belongs to an extra of pyproject.toml, or to the program that a reporter is copied into.
ELSEWHERE = frozenset({"apprise", "celery", "kombu", "psycopg"})
REPORTERS = ROOT / "webapp" / "reporters"


def requirements(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def test_extra_of_celery_brings_what_redis_needs() -> None:
    extra = tomllib.loads(requirements("pyproject.toml"))["project"]["optional-dependencies"]["celery"]
    wanted = [line for line in requires("kombu") or () if 'extra == "redis"' in line]
    assert {_distribution(line) for line in wanted} - {_distribution(line) for line in extra} == set()


def _distribution(line: str) -> str:
    return re.split(r"[^\w.-]", line)[0].lower()


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_everything_is_pinned_with_its_licence(name: str) -> None:
    assert badly_pinned(requirements(name)) == []


def test_what_the_product_imports_is_required() -> None:
    paths = [path for path in product_files() if not path.is_relative_to(REPORTERS)]
    packages = {package for path in paths for package in imported(path.read_text(encoding="utf-8"))}
    missing = unpinned(packages - ELSEWHERE, pinned(requirements("requirements.txt")), packages_distributions())
    assert "flask" in packages
    assert missing == []


@pytest.mark.parametrize(
    "line", ["Flask", "Flask>=3  # BSD-3-Clause", "Flask==3.1.3", "git+https://example.org/x # MIT"]
)
def test_loose_requirement_is_noticed(line: str) -> None:
    assert badly_pinned(f"# what runs\n-r other.txt\nzstandard==0.25.0    # BSD-3-Clause\n{line}\n") == [line]


def test_import_without_requirement_is_noticed() -> None:
    packages = imported("import os, yaml.nodes\nfrom flask import g\nfrom webapp import clock\nfrom . import near\n")
    assert imported("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import yaml\n") == set()
    owners = {"yaml": ["PyYAML"], "flask": ["Flask"]}
    assert packages == {"yaml", "flask"}
    assert unpinned(packages, {"flask"}, owners) == ["yaml"]
    assert unpinned(packages, {"flask", "pyyaml"}, owners) == []
