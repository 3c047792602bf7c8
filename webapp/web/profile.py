"""What may I change about myself: where I am reached, my password, and my API tokens."""

import re
from datetime import timedelta

from flask import Response, flash, make_response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from flask_wtf import FlaskForm

from webapp.accounts.passwords import hash_password
from webapp.accounts.people import Account
from webapp.accounts.roster import change_contact
from webapp.accounts.signin import change_password, has_password
from webapp.accounts.tokens import MadeToken, TokenRequest, make_token, revoke_token
from webapp.clock import now
from webapp.domain.access import Permission, Scope
from webapp.domain.names import find_name_fault
from webapp.errors import InvalidError
from webapp.store import accounts as store
from webapp.store.db import db, writing
from webapp.web.account import blueprint, mark_faults, start_session
from webapp.web.account_forms import ChangePasswordForm, ContactForm, TokenForm
from webapp.web.guard import requires
from webapp.web.links import public_url


def _me() -> Account:
    account: Account = current_user._get_current_object()  # noqa: SLF001
    return account


def _show(
    *,
    contact: ContactForm | None = None,
    password: ChangePasswordForm | None = None,
    token: TokenForm | None = None,
    made: MadeToken | None = None,
) -> Response:
    """Answer the whole page, with the form that was sent as it was sent."""
    tokens = store.list_tokens(db.session(), user_id=_me().id)
    if token is None:
        token = TokenForm(formdata=None, scopes=["ingest"])
        token.offer(_me())
    forms: dict[str, FlaskForm] = {
        "contact": contact or ContactForm(formdata=None, obj=_me()),
        "password": password or ChangePasswordForm(formdata=None),
        "token": token,
    }
    has_errors = any(form.errors for form in forms.values())
    values = {"tokens": tokens, "made": made, "now": now(), "server": public_url(""), **forms}
    answer = make_response(render_template("account/profile.html", **values), 422 if has_errors else 200)
    answer.headers["Cache-Control"] = "no-store"
    return answer


@blueprint.get("/profile")
@requires(Permission.VIEW)
def profile() -> ResponseReturnValue:
    """Show the profile."""
    return _show()


@blueprint.post("/profile/contact")
@requires(Permission.VIEW)
def put_contact() -> ResponseReturnValue:
    """Change where messages go."""
    form = ContactForm()
    if not form.validate():
        return _show(contact=form)
    email, handle, server = ((field.data or "").strip() for field in (form.email, form.irc_handle, form.irc_server))
    try:
        with writing() as session:
            change_contact(session, _me().id, email=email, irc_handle=handle, irc_server=server, now=now())
    except InvalidError as error:
        mark_faults(form, error)
        return _show(contact=form)
    flash("Saved.", "success")
    return redirect(url_for("account.profile"))


@blueprint.post("/profile/password")
@requires(Permission.VIEW)
def put_password() -> ResponseReturnValue:
    """Change the password; every other session of this person ends."""
    form = ChangePasswordForm()
    if not form.validate():
        return _show(password=form)
    if not has_password(db.session(), _me().id, form.old.data or ""):
        mark_faults(form, InvalidError(("old", "This is not your password.")))
        return _show(password=form)
    password_hash = hash_password(form.password.data or "")
    with writing() as session:
        account = change_password(session, _me().id, password_hash, now=now())
    start_session(account)
    flash("The password is changed. Every other session has ended.", "success")
    return redirect(url_for("account.profile"))


@blueprint.post("/profile/tokens")
@requires(Permission.VIEW)
def add_token() -> ResponseReturnValue:
    """Make a token and show it, this once."""
    form = TokenForm()
    form.offer(_me())
    if not form.validate():
        return _show(token=form)
    try:
        wanted = _token_request(form)
        with writing() as session:
            made = make_token(session, wanted, by_id=_me().id, now=now())
    except InvalidError as error:
        mark_faults(form, error)
        return _show(token=form)
    db.session.rollback()  # a new moment, in which the token is there
    return _show(made=made)


def _token_request(form: TokenForm) -> TokenRequest:
    days = int(form.expires.data)
    services = [name for name in re.split(r"\s*,\s*", (form.services.data or "").strip()) if name]
    for name in services:
        if fault := find_name_fault(name):
            raise InvalidError(("services", fault))
    return TokenRequest(
        user_id=_me().id,
        scopes=frozenset(Scope(word) for word in form.scopes.data or ()),
        description=(form.description.data or "").strip(),
        services=frozenset(services),
        expires_at=now() + timedelta(days=days) if days else None,
    )


@blueprint.post("/profile/tokens/<int:token_id>/revoke")
@requires(Permission.VIEW)
def remove_token(token_id: int) -> ResponseReturnValue:
    """Revoke a token of one's own."""
    with writing() as session:
        revoke_token(session, token_id, by_id=_me().id, is_admin=False, now=now())
    flash("The token is revoked.", "success")
    return redirect(url_for("account.profile"))
