"""What do the failures of a run have in common, for programs?"""

from collections.abc import Sequence

import msgspec
from flask import Blueprint

from webapp.api.answers import Limit
from webapp.api.cause_rows import causes_of
from webapp.api.results import Section, section_of
from webapp.api.runs import readable_run
from webapp.api.schema import Takes, operation
from webapp.compare.baseline import find_usual_baseline
from webapp.compare.causes import Cause
from webapp.domain.access import Scope
from webapp.store.db import db

blueprint = Blueprint("api_causes", __name__, url_prefix="/api/v1")


class CauseQuery(msgspec.Struct, frozen=True):
    """Whose causes."""

    attempt: Section = "overall"
    limit: Limit = 100


class ExampleAnswer(msgspec.Struct, frozen=True):
    """One failure of a cause; a device has no suite and no name."""

    device: str
    suite: str
    name: str
    message: str


class CauseAnswer(msgspec.Struct, frozen=True):
    """Failures with the same signature; `is_new` says that the base has none of them, null without a base.

    In `text` the kind of what differs between them stands in angle brackets. `code` is the same in every run, and
    narrows the lists of results and cases.
    """

    code: str
    text: str
    count: int
    devices: int
    cases: int
    is_new: bool | None
    example: ExampleAnswer


class BaseAnswer(msgspec.Struct, frozen=True):
    """The run that causes are held against; a saved query may choose one of another service."""

    service: str
    uid: str
    number: int


class CauseList(msgspec.Struct, frozen=True):
    """The causes of a run's failures, the most frequent first, and those that only the base has."""

    failures: int
    causes: int
    base: BaseAnswer | None
    items: list[CauseAnswer]
    gone: list[CauseAnswer]


@operation(
    blueprint,
    "GET",
    "/runs/<uid>/causes",
    scope=Scope.READ,
    answers={200: CauseList},
    takes=Takes(query=CauseQuery),
)
def list_causes(uid: str, query: CauseQuery) -> CauseList:
    """List the causes of a run's failures.

    Failing devices and cases are grouped by the first line of what was said about them, without what differs from one
    to the next. The causes of the overall section are held against those of the run that the
    service's runs are compared with.
    """
    run = readable_run(uid)
    attempt = section_of(query.attempt)
    usual = find_usual_baseline(db.session(), run) if attempt is None else None
    base = None if usual is None else usual.run
    found = causes_of(run, attempt, base=base)
    return CauseList(
        failures=found.failures,
        causes=len(found.items),
        base=None if base is None else BaseAnswer(service=base.service, uid=base.uid, number=base.number),
        items=_answers(found.items[: query.limit]),
        gone=_answers(found.gone[: query.limit]),
    )


def _answers(causes: Sequence[Cause]) -> list[CauseAnswer]:
    return [
        CauseAnswer(
            code=cause.code,
            text=cause.text,
            count=cause.count,
            devices=len(cause.devices),
            cases=len(cause.cases),
            is_new=cause.is_new,
            example=ExampleAnswer(
                device=cause.example.device, suite=cause.example.suite, name=cause.example.name, message=cause.message
            ),
        )
        for cause in causes
    ]
