"""What data did a run's callbacks send, for whoever debugs a receiver? Source: docs/notifying.md."""

import gzip
import json

from webapp.domain.notices import Dataset, Event
from webapp.domain.outcome import ENDED
from webapp.errors import NotFoundError
from webapp.notify.callbacks import data_of_form
from webapp.notify.contract import Payload
from webapp.notify.wants import read_payload, read_target, read_wants
from webapp.store.db import Session
from webapp.store.deliveries import Delivery, find_payload, list_of_run
from webapp.store.runs import Run

WEBHOOK = "webhook"
JSON = "application/json"
ORDER = (Dataset.ALL, Dataset.RESULTS, Dataset.LOGS, Dataset.MINIMAL)


def job_data(session: Session, run: Run) -> bytes:
    """Return the gzip of one JSON object: what the callbacks of the run's end sent, in the fullest dataset asked for.

    A receiver that did not answer makes no difference; what came to the run later is not in it.

    Raises:
        NotFoundError: the run has not ended, has no callback that posts, or none of them was tried yet.
    """
    if run.status not in ENDED:
        raise NotFoundError(f"the run {run.uid} has not ended")
    posted = sorted((each for each in list_of_run(session, run.id) if _posts(each)), key=_rank)
    if not posted:
        raise NotFoundError(f"the run {run.uid} has no callbacks that post data")
    for each in posted:
        kept = find_payload(session, each.id)
        if kept is not None:
            return gzip.compress(_json(read_payload(kept)).encode(), mtime=0)
    raise NotFoundError(f"no callback of the run {run.uid} was tried yet")


def _posts(delivery: Delivery) -> bool:
    """Say whether a delivery is a callback that carries data of the run's end."""
    if delivery.event is not Event.ENDED or delivery.channel != WEBHOOK:
        return False
    callback = read_target(delivery.target).callback
    return callback is not None and callback.method == "POST" and read_wants(delivery.wants).dataset is not None


def _rank(delivery: Delivery) -> int:
    return ORDER.index(read_wants(delivery.wants).dataset or Dataset.MINIMAL)


def _json(payload: Payload) -> str:
    media_type = payload.fields["content_type"]
    body = payload.parts[media_type]
    return body if media_type == JSON else json.dumps(data_of_form(body), ensure_ascii=False)
