"""Is a program there that a test wants to drive, and what is said when it is not?

A test that drives a real program says so: `pytestmark = needs_program("chromium")`. Where the program is absent the
test is skipped with the package to install; under `CI=true`, where everything is meant to be there, it fails instead.
A fixture that starts a program itself calls `require_program("nginx")`, which answers its path.
"""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

# What a test asks for -> (the executable, its Debian package)
PROGRAMS: dict[str, tuple[str, str]] = {
    "chromium": ("chromium", "chromium"),
    "curl": ("curl", "curl"),
    "fcgiwrap": ("fcgiwrap", "fcgiwrap"),
    "git": ("git", "git"),
    "nginx": ("nginx", "nginx"),
    "ngircd": ("ngircd", "ngircd"),
    "postgres": ("initdb", "postgresql"),
    "rabbitmq": ("rabbitmq-server", "rabbitmq-server"),
    "redis": ("redis-server", "redis-server"),
    "sshd": ("sshd", "openssh-server"),
    "zstd": ("zstd", "zstd"),
}


def search_path(environ: Mapping[str, str]) -> str:
    """Return the folders to look in: PATH, then where Debian keeps servers outside of it."""
    folders = [environ.get("PATH", os.defpath), "/usr/local/sbin", "/usr/sbin", "/sbin"]
    versions = Path("/usr/lib/postgresql").glob("*/bin")
    folders += [str(folder) for folder in sorted(versions, key=lambda each: each.parent.name.zfill(4), reverse=True)]
    return os.pathsep.join(folders)


def find_program(name: str, environ: Mapping[str, str] = os.environ) -> str | None:
    """Return the path of a program of the list above, or None when it is not installed."""
    executable, _package = PROGRAMS[name]
    return shutil.which(executable, path=search_path(environ))


def is_ci(environ: Mapping[str, str] = os.environ) -> bool:
    """Say whether this is the run in which everything must be there."""
    return environ.get("CI", "").lower() in {"1", "true", "yes"}


def absence(name: str) -> str:
    """Say what is missing and how to get it."""
    return f"{name} is not installed: apt-get install {PROGRAMS[name][1]}"


def require_program(name: str, environ: Mapping[str, str] = os.environ) -> str:
    """Return the path of a program; skip the test when it is absent, or fail it under CI=true."""
    path = find_program(name, environ)
    if path is None:
        if is_ci(environ):
            pytest.fail(f"{absence(name)} (CI=true allows no skip)", pytrace=False)
        pytest.skip(absence(name))
    return path


def needs_program(*names: str) -> pytest.MarkDecorator:
    """Mark a test, or a module by `pytestmark`, as driving these programs."""
    unknown = sorted(set(names) - PROGRAMS.keys())
    if unknown:
        raise ValueError(f"unknown program {', '.join(unknown)}: add it to PROGRAMS in tests/programs.py")
    return pytest.mark.needs_program(*names)


def pytest_configure(config: pytest.Config) -> None:
    """Make the mark known."""
    config.addinivalue_line("markers", "needs_program(*names): drives real programs; skipped by name without them")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip or fail a marked test before its fixtures start anything."""
    for mark in item.iter_markers("needs_program"):
        for name in mark.args:
            require_program(name)
