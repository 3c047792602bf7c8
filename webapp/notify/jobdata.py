"""What data did a run's callbacks send, for whoever debugs a receiver? Source: docs/notifying.md."""

import gzip
from datetime import datetime

from webapp.domain.notices import ContentType, Dataset, Event
from webapp.domain.outcome import ENDED
from webapp.errors import NotFoundError
from webapp.notify.build import Told, build_report
from webapp.notify.callbacks import body_of, data_of
from webapp.notify.contract import Callback
from webapp.notify.office import Office
from webapp.notify.wants import read_target, read_wants
from webapp.store.db import Session
from webapp.store.deliveries import list_of_run
from webapp.store.runs import Run

WEBHOOK = "webhook"
ORDER = (Dataset.ALL, Dataset.RESULTS, Dataset.LOGS, Dataset.MINIMAL)


def job_data(session: Session, office: Office, run: Run, *, now: datetime) -> bytes:
    """Return the gzip of one JSON object: the data of the run's end, of the fullest dataset that a callback asked for.

    Raises:
        NotFoundError: the run has not ended, or has no callbacks.
    """
    wanted = [
        (read_wants(each.wants), read_target(each.target).callback)
        for each in list_of_run(session, run.id)
        if each.event is Event.ENDED and each.channel == WEBHOOK
    ]
    callbacks = [(wants, callback) for wants, callback in wanted if callback is not None and wants.dataset is not None]
    if run.status not in ENDED or not callbacks:
        raise NotFoundError(f"the run {run.uid} has no callbacks, or has not ended")
    wants, callback = min(callbacks, key=lambda each: ORDER.index(each[0].dataset or Dataset.MINIMAL))
    report = build_report(session, office, Told(run=run, event=Event.ENDED, wants=wants, now=now))
    said = Callback(dataset=wants.dataset or Dataset.MINIMAL, format=callback.format)
    body, _ = body_of(data_of(report, said), ContentType.JSON)
    return gzip.compress(body.encode(), mtime=0)
