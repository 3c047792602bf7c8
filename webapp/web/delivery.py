"""What became of one message: what was asked and answered, what it said, and sending it again or taking it back."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from webapp import clock
from webapp.domain.access import Caller, Permission, Scope
from webapp.domain.deliveries import OPEN, DeliveryState
from webapp.domain.notice_privacy import may_see_content, shown_address
from webapp.errors import ConflictError, ForbiddenError, NotFoundError
from webapp.notify import again
from webapp.notify.addressee import Addressee
from webapp.notify.contract import Payload
from webapp.notify.handlers import CUSTOM
from webapp.notify.wants import read_payload
from webapp.store.db import Session, db, writing
from webapp.store.deliveries import Attempt, Delivery, find_payload, get_delivery, list_attempts
from webapp.store.runs import Run
from webapp.web.guard import requires
from webapp.web.headers import FRAMING_POLICY
from webapp.web.links import local_path
from webapp.web.office import office
from webapp.web.trials import framed

blueprint = Blueprint("delivery", __name__, url_prefix="/deliveries")

PICTURES = {"email": "mail", "webhook": "hook", "git": "branch"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A message with its tries and its text.

    Args:
        delivery: the message.
        tries: what was tried, the first try first; without what was said unless the reader may see it.
        payload: the message as it was written; None while it wasn't, or when the reader may not see it.
        may_see: whether the reader may see what was said.
        can_retry: whether it can be sent again, or now.
        can_cancel: whether it can be taken back.
    """

    delivery: Delivery
    tries: Sequence[Attempt]
    payload: Payload | None
    may_see: bool
    can_retry: bool
    can_cancel: bool


def reader() -> Caller:
    """Return the person at the browser as the rules of privacy know them."""
    return Caller(
        user_id=current_user.id, name=current_user.name, role=current_user.role, scopes=frozenset({Scope.READ})
    )


def read_opened(session: Session, delivery: Delivery) -> Opened:
    """Return a message with what the person at the browser may see of it."""
    may_see = may_see_content(reader(), delivery.submitter)
    kept = find_payload(session, delivery.id) if may_see else None
    may_act = current_user.can(Permission.OPERATE)
    return Opened(
        delivery=delivery,
        tries=list_attempts(session, delivery.id),
        payload=None if kept is None else read_payload(kept),
        may_see=may_see,
        can_retry=may_act and delivery.state not in (DeliveryState.SKIPPED, DeliveryState.SENDING),
        can_cancel=may_act and delivery.state in OPEN and delivery.state is not DeliveryState.SENDING,
    )


@blueprint.app_template_global("shown_to")
def shown_to(delivery: Delivery) -> str:
    """Return whom a message goes to, as the person at the browser may see it."""
    return shown_address(delivery.to, caller=reader(), user_id=delivery.user_id, submitter=delivery.submitter)


@blueprint.app_template_global("shown_whom")
def shown_whom(one: Addressee, run: Run) -> str:
    """Return whom a rule tells, as the person at the browser may see it."""
    return shown_address(one.shown, caller=reader(), user_id=one.target.user_id, submitter=run.submitter)


@blueprint.app_template_global("channel_title")
def channel_title(name: str) -> str:
    """Return the name of a channel for people."""
    if name == CUSTOM:
        return "Handler"
    return office().channels.get(name).title if name in office().channels.names else name


@blueprint.app_template_global("channel_icon")
def channel_icon(name: str) -> str:
    """Return the icon of a channel."""
    return PICTURES.get(name, "send")


@blueprint.get("/<uid>")
@requires(Permission.VIEW)
def show(uid: str) -> ResponseReturnValue:
    """Show one message."""
    session = db.session()
    answer = make_response(
        render_template("deliveries/show.html", opened=read_opened(session, get_delivery(session, uid)))
    )
    answer.headers["Content-Security-Policy"] = FRAMING_POLICY
    return answer


@blueprint.get("/<uid>/message")
@requires(Permission.VIEW)
def message(uid: str) -> ResponseReturnValue:
    """Show the HTML of a message, for a frame; to the run's submitter and administrators."""
    opened = read_opened(db.session(), get_delivery(db.session(), uid))
    if not opened.may_see:
        raise ForbiddenError("only the run's submitter and administrators may read what a message says")
    if opened.payload is None or "text/html" not in opened.payload.parts:
        raise NotFoundError("this message has no HTML")
    return framed(opened.payload.parts["text/html"])


@blueprint.post("/<uid>/again")
@requires(Permission.OPERATE)
def resend(uid: str) -> ResponseReturnValue:
    """Send a message again, or now."""
    try:
        with writing() as session:
            again.resend(session, office(), get_delivery(session, uid), by_id=current_user.id, now=clock.now())
    except ConflictError as error:
        flash(f"It was not sent again: {error}.", "error")
    else:
        flash("It is sent now.", "success")
    return _back(uid)


@blueprint.post("/<uid>/cancel")
@requires(Permission.OPERATE)
def cancel(uid: str) -> ResponseReturnValue:
    """Take a message back that has not left yet."""
    try:
        with writing() as session:
            again.cancel(session, get_delivery(session, uid), by=reader(), now=clock.now())
    except ConflictError as error:
        flash(f"It was not taken back: {error}.", "error")
    else:
        flash("It is taken back.", "success")
    return _back(uid)


def _back(uid: str) -> ResponseReturnValue:
    given = request.form.get("next")
    return redirect(local_path(given) if given else url_for("delivery.show", uid=uid))
