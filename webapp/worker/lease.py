"""How does nobody else take a thing in the outbox while it takes long to be done?"""

import contextvars
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from webapp.clock import now
from webapp.store import outbox
from webapp.store.db import writing
from webapp.store.outbox import Work

# So long after a worker's death is taken up what it had in hand.
LEASE = timedelta(seconds=120)
RENEW_S = 30.0

log = logging.getLogger(__name__)


@contextmanager
def renewed(work: Work) -> Iterator[None]:
    """Keep a claimed row as long as the block goes on, unless somebody else has it by now.

    Needs an application context.
    """
    is_over = threading.Event()
    run = contextvars.copy_context().run
    thread = threading.Thread(target=run, args=(_renew, work, is_over), name=f"lease {work.id}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


def _renew(work: Work, is_over: threading.Event) -> None:
    while not is_over.wait(RENEW_S):
        try:
            with writing() as session:
                is_mine = outbox.renew(session, work, until=now() + LEASE)
        except Exception:
            log.exception("the lease of the outbox row %d could not be renewed", work.id)
            continue
        if not is_mine:
            return
