"""What is a run called before the server knows it: UUIDs of version 7, sorted by time (RFC 9562, section 5.7)."""

import secrets
from datetime import datetime
from uuid import UUID

VERSION = 7
VARIANT = 0b10


def make_uid(now: datetime) -> str:
    """Return a new UUID of version 7 in its usual form."""
    milliseconds = int(now.timestamp() * 1000) & (2**48 - 1)
    return str(
        UUID(int=milliseconds << 80 | VERSION << 76 | secrets.randbits(12) << 64 | VARIANT << 62 | secrets.randbits(62))
    )
