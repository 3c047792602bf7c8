"""Who am I here: signing in and out, the first password, and the look of the pages."""

from flask import Blueprint, Response, current_app, make_response, redirect, render_template, request, session, url_for
from flask.sansio.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue
from flask_login import login_user, logout_user
from flask_wtf import FlaskForm
from wtforms import Field

from webapp.accounts.passwords import hash_password
from webapp.accounts.people import Account
from webapp.accounts.signin import Door, find_welcomed, welcome
from webapp.accounts.throttle import TooManyTriesError
from webapp.clock import now
from webapp.domain.access import Permission
from webapp.errors import ForbiddenError, InvalidError
from webapp.store import accounts as store
from webapp.store.db import db, writing
from webapp.web.account_forms import NewPasswordForm, SignInForm
from webapp.web.guard import public, requires
from webapp.web.links import local_path

blueprint = Blueprint("account", __name__)

THEMES = ("light", "dark")
YEAR_S = 365 * 24 * 3600

DOOR_KEY = "afterrun.door"


@blueprint.record
def _hang_door(state: BlueprintSetupState) -> None:
    state.app.extensions[DOOR_KEY] = Door()


def start_session(account: Account) -> None:
    """Sign a browser in; nothing of an earlier session is kept."""
    session.clear()
    session.permanent = True
    login_user(account)


def mark_faults(form: FlaskForm, error: InvalidError) -> None:
    """Show each fault below the field it is about."""
    for place, message in error.faults:
        field: Field | None = form._fields.get(place)
        if field is None:
            form.form_errors.append(message)
        else:
            field.errors = [*field.errors, message]


@blueprint.get("/sign-in")
@public
def login() -> ResponseReturnValue:
    """Show the form that asks for name and password."""
    return _show_login(SignInForm(), 200)


@blueprint.post("/sign-in")
@public
def do_login() -> ResponseReturnValue:
    """Sign in, and go where the person wanted to go."""
    form = SignInForm()
    if not form.validate_on_submit():
        return _show_login(form, 422)
    try:
        door: Door = current_app.extensions[DOOR_KEY]
        account = door.sign_in(
            form.name.data or "", form.password.data or "", address=request.remote_addr or "", now=now()
        )
    except ForbiddenError as error:
        form.form_errors.append(str(error))
        return _show_login(form, 403)
    except TooManyTriesError as error:
        form.form_errors.append(str(error))
        answer = _show_login(form, 429)
        answer.headers["Retry-After"] = str(error.retry_after_s)
        return answer
    start_session(account)
    return redirect(local_path(request.form.get("next")))


def _show_login(form: SignInForm, status: int) -> Response:
    is_new = not store.has_admin_with_password(db.session())
    target = local_path(request.values.get("next"))
    return make_response(render_template("account/login.html", form=form, next=target, is_new=is_new), status)


@blueprint.post("/sign-out")
@requires(Permission.VIEW)
def logout() -> ResponseReturnValue:
    """Sign out of this browser."""
    logout_user()
    session.clear()
    return redirect(url_for("account.login"))


@blueprint.route("/welcome/<secret>", methods=["GET", "POST"])
@public
def first_password(secret: str) -> ResponseReturnValue:
    """Let the owner of a link choose a password, once."""
    user = find_welcomed(db.session(), secret, now=now())
    form = NewPasswordForm()
    if form.validate_on_submit():
        password_hash = hash_password(form.password.data or "")
        with writing() as changes:
            account = welcome(changes, secret, password_hash, now=now())
        start_session(account)
        return redirect("/")
    answer = make_response(
        render_template("account/first_password.html", form=form, name=user.name), 422 if form.errors else 200
    )
    answer.headers["Referrer-Policy"] = "strict-origin"  # never the secret; by HTTPS the form needs the origin
    answer.headers["Cache-Control"] = "no-store"
    return answer


@blueprint.post("/theme")
@public
def theme() -> ResponseReturnValue:
    """Remember light, dark or the system's own look in this browser, and go back."""
    answer = make_response(redirect(local_path(request.form.get("next"))))
    chosen = request.form.get("theme", "")
    if chosen in THEMES:
        answer.set_cookie("theme", chosen, max_age=YEAR_S, samesite="Lax", secure=request.is_secure, httponly=True)
    else:
        answer.delete_cookie("theme")
    return answer
