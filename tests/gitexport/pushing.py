"""A commit to push, and what a repository holds afterwards."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from flask import Flask

from tests.servers.git_hosts import run_git
from webapp.gitexport.access import Access
from webapp.gitexport.addresses import parse_address
from webapp.gitexport.fastimport import Commit
from webapp.gitexport.repository import Cache, Target
from webapp.gitexport.tree import File
from webapp.settings.resolve import Settings
from webapp.web.links import SETTINGS_KEY

AT = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
FILES = {"run.json": b"{}\n"}


def allow_roots(app: Flask, roots: str) -> Settings:
    """Set GIT_LOCAL_ROOTS as the environment would, and return the settings."""
    settings: Settings = app.extensions[SETTINGS_KEY]
    settings._environment = {**settings._environment, "GIT_LOCAL_ROOTS": roots}
    return settings


def target(url: str, *, access: Access | None = None, root: Path = Path("/"), branch: str = "main") -> Target:
    return Target(address=parse_address(url, local_roots=[root]), branch=branch, access=access or Access())


def commit_of(uid: str, *, folder: str = "audit") -> Commit:
    return Commit(
        uid=uid,
        author=("ada", "ada@example.org"),
        committer=("Afterrun", "afterrun@example.org"),
        at=AT,
        message=f"audit #1: ok\n\nRun: http://127.0.0.1/runs/{uid}\n",
        folder=folder,
    )


def files_of(contents: Mapping[str, bytes]) -> Iterator[File]:
    for path, text in contents.items():
        yield File(path=path, size=len(text), pieces=(text,))


def push(cache: Cache, commit: Commit, contents: Mapping[str, bytes] = FILES) -> str:
    """Push a commit as an export does."""
    with cache.locked():
        tip = cache.refresh()
        there = cache.find_run(tip, commit.uid)
        if there is not None:
            return there
        made = cache.publish(cache.import_files(files_of(contents), tip=tip, folder=commit.folder), commit, tip)
        cache.tidy()
        return made


def listed(repository: Path, branch: str = "main") -> list[str]:
    return run_git("-C", str(repository), "ls-tree", "-r", "-z", "--name-only", branch).split("\0")[:-1]


def log(repository: Path, form: str = "%s", branch: str = "main") -> list[str]:
    return run_git("-C", str(repository), "log", f"--format={form}", branch).splitlines()
