"""What becomes of a message: its states, when it is tried again, and after how many tries it has failed."""

from datetime import timedelta
from enum import StrEnum


class DeliveryState(StrEnum):
    """Where a delivery stands."""

    PENDING = "pending"
    SENDING = "sending"
    RETRYING = "retrying"
    SENT = "sent"
    FAILED = "failed"
    SKIPPED = "skipped"
    CANCELED = "canceled"


OPEN = frozenset({DeliveryState.PENDING, DeliveryState.SENDING, DeliveryState.RETRYING})
RETRIES = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=8),
)
MAX_ATTEMPTS = len(RETRIES) + 1
LONGEST_WAIT = timedelta(days=1)
JITTER = 0.2


def wait_after(attempt: int, *, share: float, asked_s: float | None = None) -> timedelta | None:
    """Return how long to wait after a try that failed, or None when it was the last one.

    Args:
        attempt: the number of the try, from 1.
        share: a random number from 0 to 1; up to a fifth of the time is added, so that many do not come at once.
        asked_s: how long the other side asked to wait, which is never cut short of but for a day.
    """
    if attempt >= MAX_ATTEMPTS:
        return None
    wait = RETRIES[attempt - 1]
    if asked_s is not None:
        wait = min(max(wait, timedelta(seconds=max(0.0, min(asked_s, 1e7)))), LONGEST_WAIT)
    return wait * (1 + JITTER * share)
