"""Who may use this server, and as what? For administrators."""

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from webapp.accounts.roster import add_person, change_role, set_active
from webapp.accounts.signin import make_link
from webapp.clock import now
from webapp.domain.access import Permission, Role
from webapp.errors import ConflictError, InvalidError
from webapp.store import accounts as store
from webapp.store.db import db, writing
from webapp.web.account import mark_faults
from webapp.web.account_forms import PersonForm
from webapp.web.guard import requires
from webapp.web.links import public_url

blueprint = Blueprint("people", __name__, url_prefix="/admin/people")


def _show(
    *, form: PersonForm | None = None, fault: str = "", link: str = "", link_name: str = ""
) -> ResponseReturnValue:
    people = store.list_users(db.session())
    form = form or PersonForm(formdata=None, role=Role.VIEWER.value)
    values = {"people": people, "form": form, "fault": fault, "link": link, "link_name": link_name, "roles": list(Role)}
    status = 409 if fault else 422 if form.errors else 200
    answer = make_response(render_template("people/index.html", **values), status)
    answer.headers["Cache-Control"] = "no-store"
    return answer


@blueprint.get("")
@requires(Permission.ADMIN)
def index() -> ResponseReturnValue:
    """List everybody."""
    return _show()


@blueprint.post("")
@requires(Permission.ADMIN)
def add() -> ResponseReturnValue:
    """Add a person and show the link that lets them in, this once."""
    form = PersonForm()
    if not form.validate():
        return _show(form=form)
    name = (form.name.data or "").strip()
    try:
        with writing() as session:
            user = add_person(
                session,
                name=name,
                email=(form.email.data or "").strip(),
                role=Role(form.role.data),
                by_id=current_user.id,
                now=now(),
            )
            path = make_link(session, user.id, by_id=current_user.id, now=now())
    except InvalidError as error:
        mark_faults(form, error)
        return _show(form=form)
    except ConflictError as error:
        mark_faults(form, InvalidError(("name", str(error))))
        return _show(form=form)
    db.session.rollback()  # a new moment, in which the person is there
    return _show(link=public_url(path), link_name=name)


@blueprint.post("/<int:user_id>/link")
@requires(Permission.ADMIN)
def add_link(user_id: int) -> ResponseReturnValue:
    """Make a new welcome link and show it, this once."""
    with writing() as session:
        user = store.get_user(session, user_id)
        path = make_link(session, user_id, by_id=current_user.id, now=now())
    return _show(link=public_url(path), link_name=user.name)


@blueprint.post("/<int:user_id>/role")
@requires(Permission.ADMIN)
def put_role(user_id: int) -> ResponseReturnValue:
    """Change what a person may do."""
    word = request.form.get("role", "")
    if word not in set(Role):
        raise InvalidError(("role", "expected viewer, operator or admin"))
    try:
        with writing() as session:
            change_role(session, user_id, Role(word), by_id=current_user.id, now=now())
    except ConflictError as error:
        return _show(fault=str(error))
    flash("The role is changed.", "success")
    return redirect(url_for("people.index"))


@blueprint.post("/<int:user_id>/active")
@requires(Permission.ADMIN)
def put_active(user_id: int) -> ResponseReturnValue:
    """Let a person go, or back in."""
    is_active = request.form.get("active") == "yes"
    try:
        with writing() as session:
            set_active(session, user_id, is_active=is_active, by_id=current_user.id, now=now())
    except ConflictError as error:
        return _show(fault=str(error))
    flash("Saved.", "success")
    return redirect(url_for("people.index"))
