"""Is this the right password, and is a new one good enough?"""

import threading

from werkzeug.security import check_password_hash, generate_password_hash

from webapp.errors import InvalidError

MIN_LENGTH = 10
MAX_LENGTH = 1024
AT_ONCE = 2

# One check takes 32 MB for a tenth of a second: a crowd of strangers must not take it all at once.
_room = threading.BoundedSemaphore(AT_ONCE)

# What the password of an unknown name is checked against, so that its answer takes as long as any other's.
_NOBODY = (
    "scrypt:32768:8:1$Jn0nbCDXvlUKJqx1$"
    "2d5bb0dd8ba6b1bf7a7e4c4f4f3f1d6a2f1e3b9a4c8d7e6f5a4b3c2d1e0f9a8b"
    "7c6d5e4f3a2b1c0d9e8f7a6b5c4d3e2f1a0b9c8d7e6f5a4b3c2d1e0f9a8b7c6d"
)


def hash_password(password: str) -> str:
    """Return what is kept of a password that is good enough."""
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        raise InvalidError(("password", f"must have {MIN_LENGTH} to {MAX_LENGTH} characters"))
    with _room:
        return generate_password_hash(password, method="scrypt")


def check_password(password_hash: str | None, password: str) -> bool:
    """Say whether a password fits; it takes as long when there is no hash to compare with."""
    with _room:
        is_right = check_password_hash(password_hash or _NOBODY, password[:MAX_LENGTH])
    return is_right and password_hash is not None
