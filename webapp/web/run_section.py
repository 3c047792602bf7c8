"""Which section of a run is on the page: overall, or one attempt?"""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import request

from webapp.errors import NotFoundError
from webapp.store.results import Attempt
from webapp.store.runs import Run


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A section of a run: `attempt` is None for the overall one."""

    run: Run
    attempt: int | None

    @property
    def name(self) -> str:
        """Return the section as the API and addresses call it."""
        return "overall" if self.attempt is None else str(self.attempt)


def read_section(run: Run, attempts: Sequence[Attempt]) -> Section:
    """Return the section that the address asks for.

    Raises:
        NotFoundError: the run has no such attempt.
    """
    text = request.args.get("attempt", "overall")
    if text in ("overall", ""):
        return Section(run=run, attempt=None)
    for attempt in attempts:
        if text == str(attempt.number):
            return Section(run=run, attempt=attempt.number)
    raise NotFoundError(f"this run has no attempt {text[:20]}")
