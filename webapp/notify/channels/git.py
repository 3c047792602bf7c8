"""A Git repository: each run becomes one commit, with a file for each device.

A service chooses its repositories on its Git page; an administrator adds them under Admin, Git, where access is tried
and the host key of an ssh server is pinned. Commits are built on the branch's newest one and pushed, never forced; a
run whose commit is there already is not pushed again. What cannot be pushed waits and goes later, in order.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from webapp.clock import now
from webapp.compare.meaning import are_alike
from webapp.domain.compare_options import read_compare_options
from webapp.domain.notices import Verbosity
from webapp.domain.outcome import ENDED
from webapp.errors import NotFoundError
from webapp.gitexport.exporting import Order, export_run
from webapp.gitexport.failures import RepositoryError
from webapp.gitexport.noise import Alike
from webapp.gitexport.roster import find_chosen, open_target
from webapp.notify.contract import Answer, ChannelError, Envelope, Payload, Target, Templates
from webapp.notify.report import Report
from webapp.notify.wording import subject_of
from webapp.plugins.fields import Text, option
from webapp.store.db import writing
from webapp.store.inventory import get_service
from webapp.store.repositories import Repository, mark_fault, mark_pushed
from webapp.store.runs import Run, get_run

name = "git"
title = "Git"
address = "channel"
is_ordered = True

ONLY_MEANINGFUL = "git_only_meaningful"  # the option of a service


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Which repository is pushed to."""

    repository: str = option(Text(label="Repository", help="Its name under Admin, Git; empty is the default one."))


def find_targets(config: Config) -> Sequence[Target]:
    """Return the one repository."""
    return [Target(to=config.repository)]


def render(report: Report, *, verbosity: Verbosity, target: Target, templates: Templates) -> Payload:
    """Say which run is pushed; its files are made when it is."""
    del verbosity, target, templates
    subject = subject_of(report)
    text = f"{subject}\n\nThe commit holds the run's results, a file for each device.\n"
    return Payload(summary=subject, parts={"text/plain": text}, fields={"run": report.run.uid})


def send(payload: Payload, config: Config, *, envelope: Envelope) -> Answer:
    """Push the run, and keep its commit, or why it was not pushed, with the repository."""
    try:
        with envelope.reading() as session:
            repository = find_chosen(session, envelope.target.to or config.repository)
            run = get_run(session, payload.fields["run"])
            options = get_service(session, run.service).options
    except NotFoundError as error:
        raise ChannelError(str(error), permanent=True) from error
    request = f"git push {repository.url} {repository.branch}"
    if run.status not in ENDED:
        raise ChannelError("the run goes on: it is pushed when it has ended", permanent=True, request=request)
    try:
        commit = _push(repository, run, envelope, alike=_alike(options))
    except RepositoryError as error:
        _note_fault(repository, str(error))
        permanent, code = error.is_permanent, error.trouble.value
        raise ChannelError(str(error), permanent=permanent, code=code, request=request) from error
    with writing() as session:
        mark_pushed(session, repository.id, run_id=run.id, commit_id=commit, now=now())
    return Answer(text=f"{repository.branch} holds {commit}", request=request)


def _alike(options: Mapping[str, Any]) -> Alike | None:
    """Return what the service calls no change, if it wants only changes that matter."""
    return partial(are_alike, options=read_compare_options(options)) if options.get(ONLY_MEANINGFUL) is True else None


def _push(repository: Repository, run: Run, envelope: Envelope, *, alike: Alike | None) -> str:
    target = open_target(envelope.settings, repository)
    order = Order(
        run_uid=run.uid,
        repository=repository,
        target=replace(target, answer_s=min(target.answer_s, envelope.policy.total_s)),
        server_url=envelope.server_url,
        alike=alike,
    )
    return export_run(order, instance=envelope.instance, reading=envelope.reading)


def _note_fault(repository: Repository, fault: str) -> None:
    with writing() as session:
        mark_fault(session, repository.id, fault, now=now())
