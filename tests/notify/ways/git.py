"""How is the channel of Git brought before repositories that take, refuse, are out of reach or say nothing?"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import current_app

from tests.factories.reports import REPORTS
from tests.factories.runs import NOW, record_run
from tests.gitexport.pushing import allow_roots
from tests.notify.ways import SECRET, Way
from tests.programs import require_program
from tests.servers.git_hosts import Repositories, silent_port
from tests.servers.product import free_port
from webapp.gitexport.roster import RepositoryInput, add_repository
from webapp.notify.contract import Target
from webapp.store.db import writing


def target() -> Target:
    return Target(to="results")


def _way(url: str) -> Way:
    """Return the way to a repository, once the run that is told of is stored."""
    require_program("git")
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    settings = allow_roots(app, tempfile.gettempdir())
    record_run(app, uid=REPORTS["red"]().run.uid, devices=["r1"])
    given = RepositoryInput(name="results", url=url, token=SECRET if url.startswith("https:") else None)
    with writing() as session:
        add_repository(session, settings, given, by_id=None, now=NOW)
    return Way(config={}, target=target())


@contextmanager
def healthy() -> Iterator[Way]:
    with tempfile.TemporaryDirectory() as folder:
        yield _way(str(Repositories(folder=Path(folder)).create("results")))


@contextmanager
def refusing() -> Iterator[Way]:
    with tempfile.TemporaryDirectory() as folder:
        hook = f"echo 'no entry for {SECRET[:3]}' >&2; exit 1"
        yield _way(str(Repositories(folder=Path(folder)).create("results", pre_receive=hook)))


@contextmanager
def busy() -> Iterator[Way]:
    yield _way(f"https://127.0.0.1:{free_port()}/results.git")


@contextmanager
def silent() -> Iterator[Way]:
    with silent_port() as port:
        yield _way(f"https://127.0.0.1:{port}/results.git")
