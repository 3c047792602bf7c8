"""How does a run get into a repository: as one commit, whoever else pushes at the same time, and only once."""

import errno
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from webapp.domain.outcome import RunStatus
from webapp.domain.verdict import Tally, verdict_of
from webapp.gitexport.failures import RepositoryError, Trouble
from webapp.gitexport.fastimport import Commit
from webapp.gitexport.filenames import file_name
from webapp.gitexport.noise import Alike, Keeper
from webapp.gitexport.repository import FOLDER, Cache, Target
from webapp.gitexport.tree import Links, iterate_files
from webapp.store.db import Session
from webapp.store.repositories import Repository
from webapp.store.runs import Run, find_previous_run, get_run

COMMITTER = "Afterrun"
LONGEST_VERDICT = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is pushed where.

    Args:
        run_uid: the run, which has ended.
        repository: where it goes.
        target: the repository's branch, and what opens it.
        server_url: where people find this server.
        alike: what is no change, so that a device's file stays as it is in Git; None takes every change.
    """

    run_uid: str
    repository: Repository
    target: Target
    server_url: str
    alike: Alike | None = None


def export_run(order: Order, *, instance: Path, reading: Callable[[], AbstractContextManager[Session]]) -> str:
    """Push a run and return its commit's id; a run whose commit is there already is not pushed again.

    Args:
        order: the run and the repository.
        instance: the instance folder, where the caches lie.
        reading: opens a reading session; none is open while the network is waited for.

    Raises:
        RepositoryError: it was not pushed; the error says why and whether trying again helps.
        NotFoundError: there is no such run.
    """
    folder = instance / FOLDER
    cache = Cache(folder, str(order.repository.id), order.target)
    try:
        with cache.locked():
            tip = cache.refresh()
            there = cache.find_run(tip, order.run_uid)
            if there is not None:
                return there
            with reading() as session:
                run = get_run(session, order.run_uid)
                links = _links(session, run, order.server_url)
                commit = describe(run, links, order)
                choose = None
                if order.alike is not None and tip is not None:
                    choose = Keeper(cache, tip=tip, folder=commit.folder, alike=order.alike).choose
                files = iterate_files(session, run, links, scratch=folder, choose=choose)
                tree = cache.import_files(files, tip=tip, folder=commit.folder)
            made = cache.publish(tree, commit, tip)
            cache.tidy()
            return made
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise RepositoryError(Trouble.DISK_FULL, "The disk of this server is full") from None
        raise


def describe(run: Run, links: Links, order: Order) -> Commit:
    """Return what the commit of a run says."""
    service = f"{order.server_url}/services/{quote(run.service, safe='')}"
    trailers = [f"Run: {links.run}", f"Service: {service}"]
    if links.compare:
        trailers.append(f"Compare: {links.compare}")
    domain = order.repository.author_domain or "afterrun.invalid"
    author = run.submitter or COMMITTER
    prefix = f"{order.repository.folder}/" if order.repository.folder else ""
    return Commit(
        uid=run.uid,
        author=(author, f"{_mail_name(author)}@{domain}"),
        committer=(COMMITTER, f"{_mail_name(COMMITTER)}@{domain}"),
        at=run.ended_at or run.touched_at,
        message=f"{_subject(run)}\n\n" + "\n".join(trailers) + "\n",
        folder=prefix + file_name(run.service),
        number=run.number,
    )


def _links(session: Session, run: Run, server_url: str) -> Links:
    previous = find_previous_run(session, run)
    compare = f"{server_url}/compare?a={previous.uid}&b={run.uid}" if previous else None
    return Links(run=f"{server_url}/runs/{run.uid}", compare=compare)


def _subject(run: Run) -> str:
    """Return the one line of a run: `backup-core #118: errors, 3 of 45 devices failed`."""
    tally = Tally(
        devices=run.device_counts,
        cases=run.case_counts,
        flaky_devices=run.flaky_devices,
        log_errors=run.log_errors,
        log_warnings=run.log_warnings,
    )
    verdict = " ".join(verdict_of(run.status, tally, message=run.message).split())
    if len(verdict) > LONGEST_VERDICT:
        verdict = verdict[: LONGEST_VERDICT - 1] + "…"
    word = run.level.value if run.level else run.status.value
    lead = "" if run.status is RunStatus.CANCELED else f"{word}, "
    return f"{run.service} #{run.number}: {lead}{verdict[:1].lower()}{verdict[1:]}"


def _mail_name(name: str) -> str:
    return re.sub(r"[^a-z0-9._-]+", "-", name.lower()).strip("-.") or "unknown"
