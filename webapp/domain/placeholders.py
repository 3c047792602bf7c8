"""Which placeholders may stand in a callback's address?

A closed list: whatever else stands in braces is refused when the block is handed in. Source: docs/notifying.md.
"""

import re

PLACEHOLDERS = (
    "ID", "STATUS", "STATUS_STRING", "STATE", "STATE_STRING", "HEALTH", "HEALTH_STRING", "SUBMITTER", "DESCRIPTION",
    "PRIORITY", "ACTUAL_DEVICE_ID", "REQUESTED_DEVICE_TYPE", "HEALTH_CHECK", "SUBMIT_TIME", "START_TIME", "END_TIME",
    "DURATION", "FAILURE_COMMENT", "RESULTS_LINK", "SERVICE", "NUMBER", "LEVEL",
)  # fmt: skip

_BRACES = re.compile(r"\{([^{}]*)\}")


def find_unknown(text: str) -> list[str]:
    """Return what stands in braces and is no placeholder, each once; blanks inside the braces are allowed."""
    names = (found.group(1).strip() for found in _BRACES.finditer(text))
    return list(dict.fromkeys(name for name in names if name not in PLACEHOLDERS))
