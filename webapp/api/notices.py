"""Is a notify block right, which rules does a run meet, and what did its callbacks send?"""

from typing import Annotated, Any

import msgspec
from flask import Blueprint, Response, g, request

from webapp import clock
from webapp.api.bodies import read_body
from webapp.api.office import office
from webapp.api.runs import readable_run
from webapp.api.schema import RawAnswer, RawBody, Takes, operation
from webapp.domain.access import Caller, Scope
from webapp.domain.notice_block import MAX_TEXT, read_notify
from webapp.domain.notice_privacy import may_see_content, shown_address
from webapp.domain.notices import Event
from webapp.domain.outcome import ENDED
from webapp.domain.policy import dump_policy
from webapp.errors import ForbiddenError, InvalidError
from webapp.ingest.doors import check_service
from webapp.notify.again import plan_again
from webapp.notify.jobdata import job_data
from webapp.notify.known import require_block
from webapp.notify.rules import Occasion, rules_of
from webapp.store.db import db, writing

blueprint = Blueprint("api_notices", __name__, url_prefix="/api/v1")

BLOCK = RawBody(
    media_types=("application/json", "application/yaml", "text/plain"),
    description="A notify block as JSON or YAML, at most 64 KiB; with or without `notify:` around it.",
)


class CheckedBlock(msgspec.Struct, frozen=True):
    """A right block, every default written out and secrets masked."""

    ok: bool
    notify: dict[str, Any]


class RecipientAnswer(msgspec.Struct, frozen=True):
    """Somebody whom a rule names; `skipped` says why they could not be reached."""

    channel: str
    to: str
    skipped: str


class RuleAnswer(msgspec.Struct, frozen=True):
    """One rule held against a run; `mismatch` says why it does not fire."""

    route: str
    is_met: bool
    mismatch: str
    faults: list[str]
    recipients: list[RecipientAnswer]


class RuleList(msgspec.Struct, frozen=True):
    """Every rule that applies to a run; an empty list: nothing is configured anywhere, and nothing is sent."""

    event: Event
    items: list[RuleAnswer]


class Accepted(msgspec.Struct, frozen=True):
    """The event is planned again; whoever was told of it already is not told twice."""

    planned: bool


class JobDataQuery(msgspec.Struct, frozen=True):
    """Who calls, for what can't send the header `Authorization`: an account's name and a token of it."""

    user: Annotated[str, msgspec.Meta(max_length=255)] = ""
    token: Annotated[str, msgspec.Meta(max_length=255)] = ""


@operation(
    blueprint,
    "POST",
    "/notify/check",
    scope=Scope.READ,
    answers={200: CheckedBlock},
    takes=Takes(body=BLOCK, errors=(413,)),
)
def check_notify() -> CheckedBlock:
    """Check a notify block: every fault at once, each with its path and what was expected."""
    raw = read_body(request, limit=4 * MAX_TEXT)
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        raise InvalidError(("body", f"expected UTF-8: {error}")) from error
    block = read_notify(text)
    if set(block) == {"notify"}:
        block = block["notify"]
    checked = require_block(db.session(), office(), block, now=clock.now(), viewer=g.caller)
    if checked.policy is None:
        raise InvalidError(("notify", "expected criteria"))
    return CheckedBlock(ok=True, notify=dump_policy(checked.policy))


@operation(blueprint, "GET", "/runs/<uid>/notify", scope=Scope.READ, answers={200: RuleList})
def list_rules(uid: str) -> RuleList:
    """Show which rules a run meets and whom they tell, and why the others do not fire; nothing is sent."""
    caller: Caller = g.caller
    run = readable_run(uid)
    event = Event.ENDED if run.status in ENDED else Event.RUNNING
    rules = rules_of(Occasion(session=db.session(), office=office(), run=run, event=event, now=clock.now()))
    return RuleList(
        event=event,
        items=[
            RuleAnswer(
                route=rule.route,
                is_met=not rule.mismatch,
                mismatch=rule.mismatch,
                faults=[f"{path}: {message}" for path, message in rule.faults],
                recipients=[
                    RecipientAnswer(
                        channel=each.channel,
                        to=shown_address(
                            each.shown, caller=caller, user_id=each.target.user_id, submitter=run.submitter
                        ),
                        skipped=each.skipped,
                    )
                    for each in rule.addressees
                ],
            )
            for rule in rules
        ],
    )


@operation(
    blueprint,
    "POST",
    "/runs/<uid>/notify",
    scope=Scope.INGEST,
    answers={202: Accepted},
    takes=Takes(errors=(409,)),
)
def plan_run_again(uid: str) -> Accepted:
    """Plan a run's last event again, after its rules were put right: whoever was told already is not told twice."""
    run = readable_run(uid)
    check_service(g.caller, run.service)
    with writing() as session:
        plan_again(session, run, by_id=g.caller.user_id, now=clock.now())
    return Accepted(planned=True)


@operation(
    blueprint,
    "GET",
    "/runs/<uid>/job_data",
    scope=Scope.READ,
    answers={200: RawAnswer(media_type="application/gzip", description="The gzip of one JSON object")},
    takes=Takes(query=JobDataQuery, token_in_address=True),
)
def show_job_data(uid: str, query: JobDataQuery) -> Response:
    """Download the data that a run's callbacks sent; for its submitter and administrators."""
    del query  # was looked at to know who calls
    run = readable_run(uid)
    if not may_see_content(g.caller, run.submitter):
        raise ForbiddenError("only the run's submitter and administrators may read what its callbacks send")
    answer = Response(job_data(db.session(), run), mimetype="application/gzip")
    answer.headers.set("Content-Disposition", "attachment", filename="job_data.gz")
    return answer
