"""What does a message about a past run look like, and what does the other side answer: one try, nothing is kept."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from flask import Response, make_response

from webapp.clock import now
from webapp.domain.notices import Dataset, Event, Verbosity
from webapp.domain.uids import make_uid
from webapp.errors import InvalidError, SettingError
from webapp.notify.build import Told, build_report
from webapp.notify.contract import Channel, ChannelError, Envelope, Payload, Target
from webapp.notify.office import Office
from webapp.notify.report import Report
from webapp.notify.trial import Trial, try_out
from webapp.notify.wants import Wants
from webapp.plugins.fields import options_of
from webapp.query.fields import View
from webapp.query.parser import parse
from webapp.store.db import Session, db, reading
from webapp.store.runs import Run, find_run, page_runs
from webapp.web.headers import FRAMED_POLICY

LATEST_RUNS = 30
PATIENCE_S = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody wants to try.

    Args:
        run: the uid of the run that is told.
        to: whom; empty is whom the configuration names.
        verbosity: how much is said.
    """

    run: str = ""
    to: str = ""
    verbosity: Verbosity = Verbosity.QUIET


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a try came to, for a page; `fault` says why nothing was tried."""

    trial: Trial | None = None
    fault: str = ""


def list_trial_runs(session: Session, wish: Wish) -> list[Run]:
    """Return the runs that can be chosen: the newest that ended, and the one that is wished for."""
    ended = list(page_runs(session, where=parse("status:finished", view=View.RUNS, now=now()), limit=LATEST_RUNS).items)
    if wish.run and wish.run not in {run.uid for run in ended}:
        found = find_run(session, wish.run)
        return [found, *ended] if found is not None else ended
    return ended


def read_wish(values: Any) -> Wish:
    """Return what the parameters of a form or an address wish for; words that are none are as usual."""
    word = values.get("verbosity", "")
    verbosity = Verbosity(word) if word in set(Verbosity) else Verbosity.QUIET
    return Wish(run=values.get("run", "")[:64], to=values.get("to", "").strip()[:320], verbosity=verbosity)


def try_channel(office: Office, channel: Channel, config: Any, wish: Wish) -> Shown:
    """Send one message about a run with a configuration that may not be saved, and return both sides."""
    db.session.rollback()  # nothing is held open while the other side thinks
    with reading() as session:
        report = _report(session, office, wish)
        if report is None:
            return Shown(fault="That run is not there any more: choose another one.")
        moment = now()
        envelope = Envelope(
            target=Target(to=wish.to),
            message_id=make_uid(moment),
            attempt=1,
            at=moment,
            thread_key="",
            thread_ref="",
            server_url=report.server_url,
            policy=replace(office.policy(session), total_s=PATIENCE_S),
            instance=office.instance,
            settings=office.settings,
            reading=reading,
        )
    try:
        trial = try_out(
            channel,
            config,
            report=report,
            verbosity=wish.verbosity,
            templates=office.templates,
            envelope=envelope,
        )
    except (InvalidError, SettingError) as error:
        return not_sent(channel, error)
    return Shown(trial=trial)


def not_sent(channel: Channel, error: InvalidError | SettingError) -> Shown:
    """Return why nothing was sent; the options that have faults are called as on their form."""
    said = [str(error)]
    if isinstance(error, InvalidError):
        labels = {name: what.label for name, what in options_of(channel.Config).items()}
        said = [f"{labels[path]}: {text}" if path in labels else text for path, text in error.faults]
    return Shown(fault=f"Nothing was sent. {'; '.join(said)}")


def preview(session: Session, office: Office, channel: Channel, wish: Wish) -> Payload | None:
    """Return the message about a run, or None when the run is gone or the channel cannot write it."""
    report = _report(session, office, wish)
    if report is None:
        return None
    try:
        return channel.render(report, verbosity=wish.verbosity, target=Target(to=wish.to), templates=office.templates)
    except ChannelError:
        return None


def framed(html: str) -> Response:
    """Answer a message's own HTML so that a page of ours can show it in a frame, and nothing in it can act."""
    answer = make_response(html)
    answer.headers["Content-Security-Policy"] = FRAMED_POLICY
    answer.headers["X-Frame-Options"] = "SAMEORIGIN"
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _report(session: Session, office: Office, wish: Wish) -> Report | None:
    run = find_run(session, wish.run)
    if run is None:
        return None
    wants = Wants(verbosity=wish.verbosity, dataset=Dataset.MINIMAL)
    return build_report(session, office, Told(run=run, event=Event.ENDED, wants=wants, now=now()))


def runs_as_options(runs: Sequence[Run]) -> list[tuple[str, str]]:
    """Return runs as the values and texts of a choice."""
    return [(run.uid, f"{run.service} #{run.number}: {run.level or run.status}") for run in runs]
