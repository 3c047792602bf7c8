"""Which placeholders may stand in a callback's address, and how are they filled in?

A closed list: whatever else stands in braces is refused when the block is handed in. Source: docs/notifying.md.
"""

import re
from collections.abc import Iterator, Mapping
from urllib.parse import quote

PLACEHOLDERS = (
    "ID", "STATUS", "STATUS_STRING", "STATE", "STATE_STRING", "HEALTH", "HEALTH_STRING", "SUBMITTER", "DESCRIPTION",
    "PRIORITY", "ACTUAL_DEVICE_ID", "REQUESTED_DEVICE_TYPE", "HEALTH_CHECK", "SUBMIT_TIME", "START_TIME", "END_TIME",
    "DURATION", "FAILURE_COMMENT", "RESULTS_LINK", "SERVICE", "NUMBER", "LEVEL",
)  # fmt: skip

_BRACES = re.compile(r"\{([^{}]*)\}")


def find_unknown(text: str) -> list[str]:
    """Return what stands in braces and is no placeholder, each once."""
    return list(dict.fromkeys(name for name in _names(text) if name not in PLACEHOLDERS))


def fill(text: str, values: Mapping[str, str]) -> str:
    """Put values for the placeholders, percent-encoded; blanks inside the braces are allowed.

    Args:
        text: an address.
        values: the value of every placeholder.
    """
    return _BRACES.sub(lambda found: _encoded(found, values), text)


def _names(text: str) -> Iterator[str]:
    return (found.group(1).strip() for found in _BRACES.finditer(text))


def _encoded(found: re.Match[str], values: Mapping[str, str]) -> str:
    value = values.get(found.group(1).strip())
    if value is None:
        return found.group()
    return quote(value.encode(errors="replace"), safe="")
