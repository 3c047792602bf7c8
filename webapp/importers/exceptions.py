"""Why did a device fail: the exception in what it answered, and the status that such an exception means."""

import re
from collections.abc import Iterator
from typing import Any

from webapp.domain.outcome import DeviceStatus

MAX_SEARCHED = 200
MAX_LENGTH = 4096
TRACEBACK = "Traceback (most recent call last)"

_RAISED = re.compile(
    r"(?:[A-Za-z_]\w*\.)*([A-Z]\w*(?:Exception|Error|Timeout|Refused|Failure|Failed))\b(?::\s*(.*))?$", re.DOTALL
)
_MEANINGS = (
    (re.compile(r"auth", re.IGNORECASE), DeviceStatus.UNREACHABLE),
    (re.compile(r"time_?d?_?out", re.IGNORECASE), DeviceStatus.TIMEOUT),
    (re.compile(r"connect|unreach|refused|ssh|eof|network|gaierror|hostkey", re.IGNORECASE), DeviceStatus.UNREACHABLE),
)


def find_exception(result: Any) -> tuple[DeviceStatus, str]:
    """Return the status and message of a failed device; without an exception it is just failed.

    Args:
        result: its decoded result; exceptions are texts such as `ReadTimeout: no answer`, or tracebacks.
    """
    for text in _texts(result):
        kind, reason = _raised(text)
        if kind:
            message = ": ".join(part for part in (kind, _first_sentence(reason)) if part)
            return next((status for word, status in _MEANINGS if word.search(kind)), DeviceStatus.FAILED), message
    return DeviceStatus.FAILED, ""


def _first_sentence(reason: str) -> str:
    """Return the first line with words, and those after it as long as they end in a colon: the cause comes last."""
    lines = [line.strip() for line in reason.split("\n") if line.strip()]
    end = next((number for number, line in enumerate(lines, start=1) if not line.endswith(":")), len(lines))
    return " ".join(lines[:end])


def _raised(text: str) -> tuple[str, str]:
    text = text.strip()
    if text.startswith(TRACEBACK):
        # The exception follows the indented lines of the last traceback.
        lines = text[-MAX_LENGTH:].split("\n")
        last = max((number for number, line in enumerate(lines) if line.startswith(" ")), default=-1)
        text = "\n".join(lines[last + 1 :])
    found = _RAISED.match(text[:MAX_LENGTH])
    return (found[1], found[2] or "") if found else ("", "")


def _texts(result: Any) -> Iterator[str]:
    """Yield the texts of a result, outermost first; a result of many parts is not searched to its end."""
    level, seen = [result], 0
    while level and seen < MAX_SEARCHED:
        inner: list[Any] = []
        for value in level[: MAX_SEARCHED - seen]:
            seen += 1
            if isinstance(value, str):
                yield value
            elif isinstance(value, dict):
                inner += value.values()
            elif isinstance(value, list):
                inner += value
        level = inner
