"""How does a text of a foreign file become a name, a message or a number of ours: cleaned, bounded, still telling."""

import hashlib
import math
from datetime import UTC, datetime

from webapp.domain.ansi import ESC, strip_escapes
from webapp.domain.messages import MAX_MESSAGE
from webapp.domain.names import MAX_NAME, find_text_fault
from webapp.errors import InvalidError

MAX_DURATION_S = 1e9
HASH_DIGITS = 8
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
CUT = "\n[cut: the text goes on]"


def as_name(text: str, *, limit: int = MAX_NAME) -> str:
    """Return a text as a name: one line without escapes; a long one is cut and told apart by a hash of the whole.

    The same text always gives the same name, so that runs stay comparable. It may come out empty.
    """
    if not text.isprintable():
        text = " ".join(_without_escapes(text).split())
        text = "".join(char if find_text_fault(char) is None else REPLACEMENT for char in text)
    text = text.strip()
    if len(text) <= limit:
        return text
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:HASH_DIGITS]
    return f"{text[: limit - HASH_DIGITS - 2].rstrip()}… {digest}"


def as_message(text: str) -> str | None:
    """Return a text as a message, without escapes and not longer than one may be; None when it is blank."""
    text = _without_escapes(text).strip()
    if len(text) > MAX_MESSAGE:
        text = text[: MAX_MESSAGE - len(CUT)] + CUT
    return text or None


def as_seconds(text: str | float | None) -> float | None:
    """Return a duration, or None for what is none, such as `NaN` or a negative number; `1,234.5` is read."""
    try:
        value = float(text.replace(",", "") if isinstance(text, str) else text or 0)
    except ValueError:
        return None
    return value if text not in (None, "") and math.isfinite(value) and 0 <= value <= MAX_DURATION_S else None


def as_moment(text: str | None) -> datetime | None:
    """Return an ISO 8601 time, in UTC when it names no zone; None for what is no time."""
    try:
        moment = datetime.fromisoformat((text or "").strip())
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def first_line(text: str) -> str:
    """Return the first line that is not blank."""
    return next((line.strip() for line in text.split("\n") if line.strip()), "")


def placed(error: InvalidError, place: str) -> InvalidError:
    """Return faults with the place in the file that they are of, such as `line 3`."""
    return InvalidError(*((f"{place}: {path}" if path else place, message) for path, message in error.faults))


def _without_escapes(text: str) -> str:
    if ESC not in text:
        return text
    return strip_escapes(text.encode("utf-8", "surrogatepass")).decode("utf-8", "surrogatepass")
