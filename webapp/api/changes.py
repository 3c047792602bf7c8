"""What was found to have changed in a run when it ended?"""

import msgspec
from flask import Blueprint

from webapp.api.compare import SideAnswer
from webapp.api.runs import readable_run
from webapp.api.schema import operation
from webapp.compare.stored import find_comparison
from webapp.domain.access import Scope
from webapp.errors import NotFoundError
from webapp.store.db import db

blueprint = Blueprint("api_changes", __name__, url_prefix="/api/v1")


class ChangesAnswer(msgspec.Struct, frozen=True):
    """How many devices and cases have each class of change against the baseline.

    `word` says which baseline it is: `previous`, `last-ok`, `pinned` or `query:<owner>/<name>`; `first` is none.
    """

    baseline: SideAnswer | None
    word: str
    reason: str
    is_partial: bool
    devices: dict[str, int]
    cases: dict[str, int]


@operation(blueprint, "GET", "/runs/<uid>/changes", scope=Scope.READ, answers={200: ChangesAnswer})
def show_changes_of_run(uid: str) -> ChangesAnswer:
    """Show what changed in a run against the baseline of its service, as it was found soon after the run's end.

    A run that goes on, or was canceled, is not compared.
    """
    run = readable_run(uid)
    found = find_comparison(db.session(), run.id)
    if found is None:
        raise NotFoundError(f"the run {uid} has not been compared")
    name = found.baseline
    return ChangesAnswer(
        baseline=None if name is None else SideAnswer(uid=name.uid, service=name.service, number=name.number),
        word=found.word,
        reason=found.reason,
        is_partial=found.is_partial,
        devices={str(kind): count for kind, count in found.devices.items()},
        cases={str(kind): count for kind, count in found.cases.items()},
    )
