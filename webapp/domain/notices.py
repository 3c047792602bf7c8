"""Which words do notices use: the event, how much is said, and what a callback carries.

The words are those of LAVA's `notify` block. Source: docs/notifying.md.
"""

from enum import StrEnum

# What a callback's request itself needs, or is signed in; none of them can carry a token.
REQUEST_HEADERS = frozenset(
    {
        "connection",
        "content-length",
        "content-type",
        "host",
        "transfer-encoding",
        "webhook-id",
        "webhook-signature",
        "webhook-timestamp",
    }
)


class Event(StrEnum):
    """What happened to a run that somebody may hear of."""

    RUNNING = "running"
    ENDED = "ended"


class Verbosity(StrEnum):
    """How much a message says."""

    VERBOSE = "verbose"
    QUIET = "quiet"
    STATUS_ONLY = "status-only"


class Dataset(StrEnum):
    """What a callback's POST carries beside the run's facts."""

    MINIMAL = "minimal"
    LOGS = "logs"
    RESULTS = "results"
    ALL = "all"


class ContentType(StrEnum):
    """How a callback's POST is written."""

    URLENCODED = "urlencoded"
    JSON = "json"


class CallbackFormat(StrEnum):
    """Whose words a callback's POST uses."""

    LAVA = "lava"
    AFTERRUN = "afterrun"
