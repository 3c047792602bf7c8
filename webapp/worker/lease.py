"""How does nobody else take a thing in the outbox while it takes long to be done, and how does it not take for ever?"""

import contextvars
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from datetime import timedelta
from typing import TypeVar

from webapp.clock import now
from webapp.errors import AfterrunError
from webapp.store import outbox
from webapp.store.db import writing
from webapp.store.outbox import Work

# So long after a worker's death is taken up what it had in hand.
LEASE = timedelta(seconds=120)
RENEW_S = 30.0
# Every channel of ours ends by itself long before, a push of a large repository last.
LONGEST_S = 1800.0

log = logging.getLogger(__name__)

Result = TypeVar("Result")


class TooLongError(AfterrunError):
    """What was to be done did not come to an end."""


def do_leased(work: Work, do: Callable[[], Result]) -> Result:
    """Do a claimed thing and return what it came to; nobody else takes it meanwhile, unless somebody has it by now.

    Needs an application context. What takes longer than `LONGEST_S` is left to itself, in a thread of its own.

    Raises:
        TooLongError: it did not end in time; whatever it raises otherwise is raised here.
    """
    came_to: Future[Result] = Future()
    run = contextvars.copy_context().run
    thread = threading.Thread(target=run, args=(_do, do, came_to), name=f"outbox {work.id}", daemon=True)
    ends = time.monotonic() + LONGEST_S
    thread.start()
    is_mine = True
    while not wait([came_to], timeout=max(0.0, min(RENEW_S, ends - time.monotonic()))).done:
        if time.monotonic() >= ends:
            raise TooLongError(f"it did not come to an end within {LONGEST_S / 60:g} minutes")
        is_mine = is_mine and _renew(work)
    thread.join()
    return came_to.result()


def _do(do: Callable[[], Result], came_to: Future[Result]) -> None:
    try:
        came_to.set_result(do())
    except BaseException as error:  # noqa: BLE001  (raised again by whoever waits)
        came_to.set_exception(error)


def _renew(work: Work) -> bool:
    """Keep a row for longer; False when somebody else has it."""
    try:
        with writing() as session:
            return outbox.renew(session, work, until=now() + LEASE)
    except Exception:
        log.exception("the lease of the outbox row %d could not be renewed", work.id)
        return True
