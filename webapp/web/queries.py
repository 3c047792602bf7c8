"""Which saved queries are there, how is one saved, changed and removed?"""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from wtforms import BooleanField, StringField
from wtforms.validators import InputRequired, Length

from webapp.accounts.queries import QueryFields, delete_query, get_query, put_query
from webapp.clock import now
from webapp.domain.access import Permission
from webapp.domain.saved_queries import MAX_NAME, MAX_TEXT, may_change
from webapp.errors import ForbiddenError, InvalidError, QueryError
from webapp.store.db import db, writing
from webapp.store.queries import find_query, list_queries
from webapp.web.account import mark_faults
from webapp.web.guard import caller_here, requires

blueprint = Blueprint("queries", __name__, url_prefix="/queries")


class QueryForm(FlaskForm):  # type: ignore[misc]
    """What a saved query asks for."""

    text = StringField(
        "Filter",
        [InputRequired("Type a filter."), Length(max=MAX_TEXT)],
        render_kw={"autocomplete": "off", "spellcheck": "false"},
    )
    shared = BooleanField("Show it to everybody")


class NewQueryForm(QueryForm):
    """A query to save, and its name."""

    name = StringField("Name", [InputRequired("Type a name."), Length(max=MAX_NAME)], render_kw={"autocomplete": "off"})


@blueprint.get("")
@requires(Permission.VIEW)
def index() -> ResponseReturnValue:
    """List the queries that somebody may see: their own and the shared ones, administrators all of them."""
    caller = caller_here()
    of_user = None if caller.can(Permission.ADMIN) else caller.user_id
    rows = [
        {"query": query, "may_change": may_change(query, caller), "is_own": query.owner_id == caller.user_id}
        for query in list_queries(db.session(), of_user=of_user)
    ]
    return render_template("queries/index.html", rows=rows)


@blueprint.get("/new")
@requires(Permission.VIEW)
def new() -> ResponseReturnValue:
    """Show the form that saves a list of runs; its filter is in the address."""
    return render_template("queries/new.html", form=NewQueryForm(formdata=None, text=request.args.get("text", "")))


@blueprint.post("/new")
@requires(Permission.VIEW)
def add() -> ResponseReturnValue:
    """Save a query."""
    form, caller = NewQueryForm(), caller_here()
    name = (form.name.data or "").strip()
    if form.validate() and find_query(db.session(), owner=caller.name, name=name) is not None:
        mark_faults(form, InvalidError(("name", "You have a query of this name. Choose another one.")))
    if form.errors or not _put(form, caller.name, name):
        return render_template("queries/new.html", form=form), 422
    flash(f"Saved as “{name}”.", "success")
    return redirect(url_for("runs.index", q=form.text.data))


@blueprint.get("/<owner>/<path:name>")
@requires(Permission.VIEW)
def show(owner: str, name: str) -> ResponseReturnValue:
    """Show the form that changes a query."""
    query, caller = get_query(db.session(), owner, name, caller=caller_here()), caller_here()
    if not may_change(query, caller):
        raise ForbiddenError(f"the query {query.title} is {query.owner}'s; its owner and administrators may change it")
    form = QueryForm(formdata=None, text=query.text, shared=query.is_shared)
    return render_template("queries/show.html", form=form, query=query)


@blueprint.post("/<owner>/<path:name>")
@requires(Permission.VIEW)
def change(owner: str, name: str) -> ResponseReturnValue:
    """Change what a query asks for, or remove it."""
    caller = caller_here()
    if "remove" in request.form:
        with writing() as session:
            delete_query(session, owner, name, caller=caller, now=now())
        flash(f"“{name}” is removed.", "success")
        return redirect(url_for("queries.index"))
    form = QueryForm()
    if form.validate() and _put(form, owner, name):
        flash("Saved.", "success")
        return redirect(url_for("queries.index"))
    query = get_query(db.session(), owner, name, caller=caller)
    return render_template("queries/show.html", form=form, query=query), 422


def _put(form: QueryForm, owner: str, name: str) -> bool:
    """Save what a form says; faults are marked in it."""
    fields = QueryFields(text=(form.text.data or "").strip(), is_shared=bool(form.shared.data))
    try:
        with writing() as session:
            put_query(session, owner, name, fields, caller=caller_here(), now=now())
    except InvalidError as error:
        mark_faults(form, error)
        return False
    except QueryError as error:
        mark_faults(form, InvalidError(("text", f"{error} (at character {error.position + 1})")))
        return False
    return True
