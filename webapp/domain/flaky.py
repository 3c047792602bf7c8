"""Does something pass and fail by turns: how often did it switch in its last runs?

Source of the rule: docs/trends.md, section "Flaky".
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from webapp.domain.changes import CONCLUSIVE, FAILING

# One switch is a regression or a fix; only coming back makes it flaky.
FLAKY_SWITCHES = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """How often a device or case passed and failed, and how often it switched between the two."""

    passed: int
    failed: int
    switches: int

    @property
    def is_flaky(self) -> bool:
        """Say whether it passes and fails by turns."""
        return self.switches >= FLAKY_SWITCHES


def record_of(words: Iterable[str]) -> Record:
    """Return the record of one device or case.

    Args:
        words: its device statuses or case results run after run, oldest first; those that are not conclusive (skipped,
            canceled, unknown, going on) are passed over.
    """
    failures = [word in FAILING for word in words if word in CONCLUSIVE]
    failed = sum(failures)
    switches = sum(before != after for before, after in pairwise(failures))
    return Record(passed=len(failures) - failed, failed=failed, switches=switches)
