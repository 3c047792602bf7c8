"""What do I hear of, and which secrets do my callbacks name: one's own subscriptions and stored secrets."""

from typing import Any

from flask import Response, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from flask_wtf import FlaskForm
from wtforms import BooleanField, PasswordField, SelectField, StringField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import InputRequired, Length

from webapp.clock import now
from webapp.domain.access import Permission
from webapp.domain.notices import Verbosity
from webapp.domain.outcome import Level
from webapp.domain.policy import ChangeWord, StatusWord
from webapp.errors import InvalidError, NotFoundError
from webapp.notify.own_secrets import NewSecret, forget_secret, keep_secret
from webapp.notify.subscriptions import Wanted, subscribe
from webapp.store.db import db, writing
from webapp.store.kept_secrets import list_secrets
from webapp.store.subscriptions import list_of_user, remove_subscription, set_enabled
from webapp.web.account import blueprint, mark_faults
from webapp.web.account_forms import CheckboxListField
from webapp.web.guard import requires
from webapp.web.office import office

CHANGES = {
    ChangeWord.REGRESSION: "Something that passed fails",
    ChangeWord.NEW_FAILURE: "Something fails that passed, or never ran before",
    ChangeWord.STILL_FAILING: "Something still fails",
    ChangeWord.PROGRESSION: "Something that failed passes",
    ChangeWord.FIXED: "A failure is fixed",
    ChangeWord.CHANGE: "Anything changed",
}


class SubscriptionForm(FlaskForm):  # type: ignore[misc]
    """What to hear of."""

    query = StringField(
        "Runs",
        [Length(max=2000)],
        description="A filter, as above the list of runs; empty is every run.",
        render_kw={"placeholder": "service:backup-* label:nightly", "autocomplete": "off", "spellcheck": "false"},
    )
    status = CheckboxListField(
        "When a run is", choices=[SelectChoice(word.value, word.value.capitalize()) for word in StatusWord]
    )
    level = SelectField(
        "And its level is",
        choices=[SelectChoice("", "Any"), *(SelectChoice(level.value, f"{level} or worse") for level in Level)],
    )
    type = CheckboxListField(
        "And",
        choices=[SelectChoice(word.value, text) for word, text in CHANGES.items()],
        description="Compared with the run before; none: whatever changed.",
    )
    channel = SelectField("By", choices=[SelectChoice("email", "E-mail"), SelectChoice("irc", "IRC")])
    verbosity = SelectField(
        "Says",
        choices=[
            SelectChoice(Verbosity.QUIET.value, "The usual"),
            SelectChoice(Verbosity.VERBOSE.value, "Everything"),
            SelectChoice(Verbosity.STATUS_ONLY.value, "The status only"),
        ],
    )


class SecretForm(FlaskForm):  # type: ignore[misc]
    """A secret to keep."""

    description = StringField(
        "Description",
        [InputRequired("Name it."), Length(max=255)],
        description="What a callback says as its token to mean it.",
        render_kw={"autocomplete": "off"},
    )
    value = PasswordField("Secret", [InputRequired("Type the secret.")], render_kw={"autocomplete": "new-password"})
    is_servers = BooleanField("Of the server", description="Everybody's callbacks may name it.")


@blueprint.get("/profile/notifications")
@requires(Permission.VIEW)
def notices() -> ResponseReturnValue:
    """Show what one hears of."""
    return _show()


@blueprint.post("/profile/subscriptions")
@requires(Permission.VIEW)
def add_subscription() -> ResponseReturnValue:
    """Subscribe."""
    form = SubscriptionForm()
    if not form.validate():
        return _show(subscription=form)
    criteria: dict[str, Any] = {"status": form.status.data}
    criteria |= {name: form[name].data for name in ("level", "type") if form[name].data}
    wanted = Wanted(
        query=(form.query.data or "").strip(),
        channel=form.channel.data,
        criteria=criteria,
        verbosity=form.verbosity.data,
    )
    try:
        with writing() as session:
            subscribe(session, office(), wanted, user_id=current_user.id, now=now())
    except InvalidError as error:
        mark_faults(form, InvalidError(*((_field_of(path), sentence) for path, sentence in error.faults)))
        return _show(subscription=form)
    flash("You will hear of them.", "success")
    return redirect(url_for("account.notices"))


@blueprint.post("/profile/subscriptions/<int:number>/enabled")
@requires(Permission.VIEW)
def put_subscription(number: int) -> ResponseReturnValue:
    """Put a subscription in force or out of it."""
    is_enabled = request.form.get("enabled") == "yes"
    with writing() as session:
        if not set_enabled(session, number, user_id=current_user.id, is_enabled=is_enabled):
            raise NotFoundError(f"there is no subscription {number} of yours")
    flash("Saved.", "success")
    return redirect(url_for("account.notices"))


@blueprint.post("/profile/subscriptions/<int:number>/remove")
@requires(Permission.VIEW)
def drop_subscription(number: int) -> ResponseReturnValue:
    """Remove a subscription."""
    with writing() as session:
        if not remove_subscription(session, number, user_id=current_user.id):
            raise NotFoundError(f"there is no subscription {number} of yours")
    flash("It is removed.", "success")
    return redirect(url_for("account.notices"))


@blueprint.post("/profile/secrets")
@requires(Permission.VIEW)
def add_secret() -> ResponseReturnValue:
    """Keep a secret."""
    form = SecretForm()
    if not form.validate():
        return _show(secret=form)
    is_servers = bool(form.is_servers.data) and current_user.can(Permission.ADMIN)
    new = NewSecret(
        description=(form.description.data or "").strip(),
        value=form.value.data or "",
        user_id=None if is_servers else current_user.id,
    )
    try:
        with writing() as session:
            keep_secret(session, office(), new, by_id=current_user.id, now=now())
    except InvalidError as error:
        mark_faults(form, error)
        return _show(secret=form)
    flash("It is kept, and never shown again.", "success")
    return redirect(url_for("account.notices"))


@blueprint.post("/profile/secrets/<int:number>/remove")
@requires(Permission.VIEW)
def drop_secret(number: int) -> ResponseReturnValue:
    """Forget a secret."""
    is_admin = current_user.can(Permission.ADMIN)
    with writing() as session:
        if not forget_secret(session, number, by_id=current_user.id, is_admin=is_admin, now=now()):
            raise NotFoundError(f"there is no secret {number} of yours")
    flash("It is forgotten.", "success")
    return redirect(url_for("account.notices"))


def _show(*, subscription: SubscriptionForm | None = None, secret: SecretForm | None = None) -> Response:
    session = db.session()
    secrets = list_secrets(session, user_id=current_user.id)
    if current_user.can(Permission.ADMIN):
        secrets += list_secrets(session, user_id=None)
    usual = {"status": [StatusWord.FINISHED.value], "level": Level.ERRORS.value}
    forms: dict[str, FlaskForm] = {
        "subscription": subscription or SubscriptionForm(formdata=None, **usual),
        "secret": secret or SecretForm(formdata=None),
    }
    values = {
        **forms,
        "subscriptions": list_of_user(session, current_user.id),
        "secrets": secrets,
        "reachable": {"email": current_user.email, "irc": current_user.irc_handle},
    }
    has_errors = any(form.errors for form in forms.values())
    page = make_response(render_template("account/notices.html", **values), 422 if has_errors else 200)
    page.headers["Cache-Control"] = "no-store"
    return page


def _field_of(path: str) -> str:
    """Return the field that a place in a subscription is about: `subscription.criteria.type[0]` is `type`."""
    return path.rpartition(".")[2].partition("[")[0]
