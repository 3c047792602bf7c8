"""What was sent to whom, what was answered, and what can be sent again: the log of deliveries."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from webapp import clock
from webapp.domain.access import Permission
from webapp.domain.deliveries import OPEN, DeliveryState
from webapp.errors import InvalidError
from webapp.notify import again
from webapp.query.editing import terms_of, with_term, without_field
from webapp.query.expressions import And, Expression, Op, Term
from webapp.query.fields import View
from webapp.query.parser import parse
from webapp.store.db import db, reading, writing
from webapp.store.deliveries import Delivery
from webapp.store.delivery_lists import (
    COUNTED_ROWS,
    count_matching,
    list_last_tries,
    list_matching,
    page_matching,
    version_of_deliveries,
)
from webapp.store.paging import Page
from webapp.web.delivery import read_opened
from webapp.web.filters import read_filter, understand
from webapp.web.guard import requires
from webapp.web.headers import FRAMING_POLICY
from webapp.web.links import local_path
from webapp.web.live import event_stream
from webapp.web.office import office
from webapp.web.paging import here, pager_of, read_after, read_before

blueprint = Blueprint("deliveries", __name__, url_prefix="/admin/deliveries")

CHIPS = (
    ("Sent", DeliveryState.SENT),
    ("Retrying", DeliveryState.RETRYING),
    ("Pending", DeliveryState.PENDING),
    ("Failed", DeliveryState.FAILED),
    ("Skipped", DeliveryState.SKIPPED),
    ("Canceled", DeliveryState.CANCELED),
)


@blueprint.get("")
@requires(Permission.ADMIN)
def index() -> ResponseReturnValue:
    """List messages, newest first; the one that `open` names shows what was asked and answered."""
    session = db.session()
    found = read_filter(View.DELIVERIES)
    page: Page[Delivery] = Page(items=[])
    counts: Mapping[DeliveryState, int] = {}
    if found.fault is None:
        page = page_matching(session, where=found.tree, before=read_before(), after=read_after())
        base = parse(without_field(found.text, "status"), view=View.DELIVERIES, now=clock.now())
        counts = count_matching(session, where=base)
    uid = request.args.get("open", "")
    chosen = next((each for each in page.items if each.uid == uid), None)
    values = {
        "filter": found,
        "page": page,
        "pager": pager_of(page),
        "tries": list_last_tries(session, [each.id for each in page.items]),
        "opened": None if chosen is None else read_opened(session, chosen),
        "chips": _status_chips(found.text, counts),
        "channels": _channel_chips(found.text),
        "is_capped": sum(counts.values()) >= COUNTED_ROWS,
        "failed": counts.get(DeliveryState.FAILED, 0),
        "shown": sum(count for state, count in counts.items() if state in _wanted(found.text, counts)),
    }
    template = "deliveries/_list.html" if request.headers.get("X-Partial") else "deliveries/index.html"
    answer = make_response(render_template(template, **values), found.status)
    answer.headers["Vary"] = "X-Partial"
    answer.headers["Content-Security-Policy"] = FRAMING_POLICY
    return answer


@blueprint.get("/events")
@requires(Permission.ADMIN)
def events() -> Response:
    """Tell the list when a message changed."""
    return event_stream(_version)


@blueprint.post("/again")
@requires(Permission.ADMIN)
def replay() -> ResponseReturnValue:
    """Send all messages of a filter again, or only those of them that failed."""
    found = understand(request.form.get("q", ""), View.DELIVERIES)
    if found.fault is not None:
        raise InvalidError(("q", f"nothing was sent: {found.fault.message}"))
    where: Expression = found.tree
    if request.form.get("which") != "all":
        where = And(parts=(where, Term(field="status", op=Op.IS, values=(DeliveryState.FAILED.value,))))
    with writing() as session:
        wanted = list_matching(session, where=where, limit=again.MAX_REPLAYED)
        uids = again.resend_all(session, office(), wanted, by_id=current_user.id, now=clock.now())
    flash(f"{len(uids):,} {'message is' if len(uids) == 1 else 'messages are'} sent again.", "success")
    return redirect(local_path(request.form.get("next")))


def _version() -> int:
    with reading() as session:
        return version_of_deliveries(session)


def _wanted(text: str, counts: Mapping[DeliveryState, int]) -> set[DeliveryState]:
    words = set(terms_of(text, "status"))
    words |= set(OPEN) if "open" in words else set()
    return {state for state in counts if not words or state in words}


def _status_chips(text: str, counts: Mapping[DeliveryState, int]) -> list[dict[str, Any]]:
    base = without_field(text, "status")
    chips: list[dict[str, Any]] = [_chip(text, base, "All", count=sum(counts.values()))]
    for label, state in CHIPS:
        if counts.get(state) or state in terms_of(text, "status"):
            wanted = with_term(base, "status", state)
            chips.append({**_chip(text, wanted, label, count=counts.get(state, 0)), "word": state})
    return chips


def _channel_chips(text: str) -> list[dict[str, Any]]:
    base = without_field(text, "channel")
    titles = [(office().channels.get(name).title, name) for name in office().channels.names]
    return [_chip(text, base, "Any"), *(_chip(text, with_term(base, "channel", name), title) for title, name in titles)]


def _chip(text: str, wanted: str, label: str, *, count: int | None = None) -> dict[str, Any]:
    return {
        "label": label,
        "url": here(q=wanted, before=None, after=None, open=None),
        "count": count,
        "current": text.strip() == wanted.strip(),
    }


@blueprint.app_template_global("delivery_url")
def delivery_url(delivery: Delivery, *, is_open: bool) -> str:
    """Return the address of the list with a row open or closed."""
    if request.endpoint == "deliveries.index":
        return here(open=None if is_open else delivery.uid)
    return url_for("delivery.show", uid=delivery.uid)
