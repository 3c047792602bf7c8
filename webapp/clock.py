"""What time is it: the one source of now, which tests replace."""

from datetime import UTC, datetime


def now() -> datetime:
    """Return the current moment as an aware UTC datetime."""
    return datetime.now(UTC)
