"""Who was told of this run, and who could not be?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from webapp.store.db import Session
from webapp.store.deliveries import Delivery, list_of_run
from webapp.store.delivery_lists import LastTry, list_last_tries


@dataclass(frozen=True, slots=True, kw_only=True)
class RunDeliveries:
    """The messages about a run in the order they were planned, and what each one's last try came to."""

    items: Sequence[Delivery]
    tries: Mapping[int, LastTry]


def read_deliveries(session: Session, run_id: int) -> RunDeliveries:
    """Return the messages about a run."""
    items = list_of_run(session, run_id)
    return RunDeliveries(items=items, tries=list_last_tries(session, [each.id for each in items]))
