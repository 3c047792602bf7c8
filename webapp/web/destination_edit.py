"""How is a named destination or a handler set up: its form, made from the channel's options, and a test of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Response, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from flask_wtf import FlaskForm

from webapp.clock import now
from webapp.domain.access import Permission
from webapp.domain.outcome import Level
from webapp.errors import ConflictError, InvalidError, NotFoundError, SettingError
from webapp.notify.contract import Channel
from webapp.notify.destinations import DestinationFields, put_destination
from webapp.notify.handler_setting import HandlerFields, put_handler, read_mapping
from webapp.notify.handlers import SHORT
from webapp.plugins.fields import is_secret, options_of
from webapp.store.db import Session, db, writing
from webapp.store.destinations import find_destination, get_destination
from webapp.store.preferences import take_turns
from webapp.web.account import mark_faults
from webapp.web.channel_forms import PREFIX, make_channel_form, read_options, shown_options, unmasked
from webapp.web.destinations import blueprint, find_channel
from webapp.web.guard import requires
from webapp.web.headers import FRAMING_POLICY
from webapp.web.office import office
from webapp.web.seen import SEEN, is_stale, mark_of, show_stale
from webapp.web.settings_forms import FORGET
from webapp.web.trials import Shown, framed, list_trial_runs, read_wish, runs_as_options, try_channel
from webapp.web.trials import preview as write_preview

DESTINATIONS, HANDLERS = "destinations", "handlers"


@dataclass(frozen=True, slots=True, kw_only=True)
class Edited:
    """What is edited.

    Args:
        kind: `destinations` or `handlers`.
        name: its name; empty for a new one.
        channel: its channel.
        own: the values that are stored.
        level: a handler's level.
        is_enabled: whether a destination is switched on.
    """

    kind: str
    name: str
    channel: Channel
    own: Mapping[str, Any]
    level: str = Level.ERRORS
    is_enabled: bool = True

    @property
    def is_handler(self) -> bool:
        """Say whether it is a handler."""
        return self.kind == HANDLERS


@blueprint.get("/new/<kind>/<channel>")
@requires(Permission.ADMIN)
def new(kind: str, channel: str) -> ResponseReturnValue:
    """Show an empty form."""
    edited = _new(kind, channel)
    return _answer(edited, _form(edited))


@blueprint.post("/new/<kind>/<channel>")
@requires(Permission.ADMIN)
def add(kind: str, channel: str) -> ResponseReturnValue:
    """Make a destination or a handler."""
    return _save(_new(kind, channel))


@blueprint.post("/new/<kind>/<channel>/test")
@requires(Permission.ADMIN)
def test_new(kind: str, channel: str) -> ResponseReturnValue:
    """Send one message with the values of the form; nothing is saved."""
    return _test(_new(kind, channel))


@blueprint.get("/edit/<kind>/<name>")
@requires(Permission.ADMIN)
def show(kind: str, name: str) -> ResponseReturnValue:
    """Show the form of a destination or a handler."""
    edited = _stored(kind, name)
    return _answer(edited, _form(edited))


@blueprint.post("/edit/<kind>/<name>")
@requires(Permission.ADMIN)
def save(kind: str, name: str) -> ResponseReturnValue:
    """Keep what was changed."""
    return _save(_stored(kind, name))


@blueprint.post("/edit/<kind>/<name>/test")
@requires(Permission.ADMIN)
def test(kind: str, name: str) -> ResponseReturnValue:
    """Send one message with the values of the form; nothing is saved."""
    return _test(_stored(kind, name))


@blueprint.get("/preview/<channel>")
@requires(Permission.ADMIN)
def preview(channel: str) -> ResponseReturnValue:
    """Show the HTML of the message about a run, for a frame."""
    payload = write_preview(db.session(), office(), find_channel(channel), read_wish(request.args))
    if payload is None or "text/html" not in payload.parts:
        raise NotFoundError("there is no such message with HTML")
    return framed(payload.parts["text/html"])


def _new(kind: str, channel: str) -> Edited:
    if kind not in (DESTINATIONS, HANDLERS):
        raise NotFoundError(f"there is nothing called {kind[:40]!r}")
    return Edited(kind=kind, name="", channel=find_channel(channel), own={})


def _stored(kind: str, name: str) -> Edited:
    if kind == DESTINATIONS:
        found = get_destination(db.session(), name)
        own = office().read_sealed(found.sealed, f"the destination {name!r}")
        channel = find_channel(found.channel)
        return Edited(kind=kind, name=name, channel=channel, own=own, is_enabled=found.is_enabled)
    given = dict(read_mapping(db.session(), office()).get(name, {})) if kind == HANDLERS else {}
    if not given:
        raise NotFoundError(f"there is no handler {name[:80]!r}")
    word, level = str(given.pop("class", "")), str(given.pop("level", ""))
    return Edited(kind=kind, name=name, channel=find_channel(SHORT.get(word, word)), own=given, level=level)


def _form(edited: Edited) -> FlaskForm:
    values = {"name": edited.name, "level": edited.level}
    form = make_channel_form(db.session(), edited.channel, edited.own, has_level=edited.is_handler, values=values)
    if edited.name:
        form["name"].data = edited.name
    return form


def _save(edited: Edited) -> ResponseReturnValue:
    form = _form(edited)
    name = (form["name"].data or "").strip()
    if not form.validate():
        return _answer(edited, form)
    given = read_options(form, edited.channel, edited.own, request.form.getlist(FORGET))
    try:
        is_kept = _keep(edited, form, name, given)
    except InvalidError as error:
        mark_faults(form, error)
    except ConflictError as error:
        mark_faults(form, InvalidError(("name", str(error))))
    except SettingError as error:
        form.form_errors.append(str(error))
    else:
        if not is_kept:
            return _answer_stale(edited, form)
    if form.errors:
        return _answer(edited, form)
    flash(f"{name} is saved.", "success")
    return redirect(url_for("destinations.index"))


def _keep(edited: Edited, form: FlaskForm, name: str, given: Mapping[str, object]) -> bool:
    """Keep what came in; False when somebody else changed it meanwhile."""
    with writing() as session:
        take_turns(session)
        if is_stale(_mark(session, edited)):
            return False
        if edited.is_handler:
            if not edited.name and name in read_mapping(session, office()):
                raise ConflictError("there is a handler of this name already")
            level = Level(form["level"].data)
            handler = HandlerFields(channel=edited.channel.name, level=level, config=given)
            put_handler(session, office(), name, handler, by_id=current_user.id, now=now())
            return True
        if not edited.name and find_destination(session, name) is not None:
            raise ConflictError("there is a destination of this name already")
        fields = DestinationFields(channel=edited.channel.name, config=given, is_enabled=edited.is_enabled)
        put_destination(session, office(), name, fields, by_id=current_user.id, now=now())
    return True


def _mark(session: Session, edited: Edited) -> str:
    """Return the mark of what is stored of it; empty when nothing is."""
    if edited.is_handler:
        stored: object = read_mapping(session, office()).get(edited.name)
    else:
        found = find_destination(session, edited.name)
        stored = found and found.sealed
    return mark_of(stored) if stored else ""


def _answer_stale(edited: Edited, form: FlaskForm) -> Response:
    db.session.rollback()  # a new moment, in which the other change is there
    stored = _stored(edited.kind, edited.name)
    shown = {f"{PREFIX}{name}": value for name, value in shown_options(stored.channel, stored.own).items()}
    show_stale(form, {**shown, "level": stored.level} if stored.is_handler else shown)
    return _answer(stored, form, mark=_mark(db.session(), stored))


def _test(edited: Edited) -> ResponseReturnValue:
    form = _form(edited)
    given = read_options(form, edited.channel, edited.own, request.form.getlist(FORGET))
    try:
        config = office().config_with(db.session(), edited.channel.name, unmasked(given, edited.own))
    except InvalidError as error:
        mark_faults(form, InvalidError(*((f"{PREFIX}{path}", text) for path, text in error.faults)))
        return _answer(edited, form, shown=Shown(fault="Nothing was sent: the values above have faults."))
    except SettingError as error:
        return _answer(edited, form, shown=Shown(fault=f"Nothing was sent. {error}"))
    return _answer(edited, form, shown=try_channel(office(), edited.channel, config, read_wish(request.form)))


def _answer(edited: Edited, form: FlaskForm, *, shown: Shown | None = None, mark: str = "") -> Response:
    """Answer the page, or to a script only what a try came to.

    Args:
        edited: what is edited.
        form: its form, as it is.
        shown: what a try came to.
        mark: the mark of what the form is filled with; empty is the one that came in, or of what is stored.
    """
    wish = read_wish(request.values)
    at: dict[str, Any] = {"kind": edited.kind, "channel": edited.channel.name}
    where: dict[str, Any] = {"kind": edited.kind, "name": edited.name}
    values = {
        "edited": edited,
        "form": form,
        "seen": mark or request.form.get(SEEN) or _mark(db.session(), edited),
        "options": {name: is_secret(what) for name, what in options_of(edited.channel.Config).items()},
        "action": url_for("destinations.save", **where) if edited.name else url_for("destinations.add", **at),
        "test_url": url_for("destinations.test", **where) if edited.name else url_for("destinations.test_new", **at),
        "ticked": request.form.getlist(FORGET),
        "runs": runs_as_options(list_trial_runs(db.session(), wish)),
        "wish": wish,
        "shown": shown,
        "preview_url": url_for(
            "destinations.preview", channel=edited.channel.name, run=wish.run, verbosity=wish.verbosity
        ),
    }
    is_part = bool(request.headers.get("X-Partial"))
    template = "settings/_trial.html" if is_part else "destinations/edit.html"
    page = make_response(render_template(template, **values), 409 if mark else 422 if form.errors else 200)
    page.headers["Cache-Control"] = "no-store"
    page.headers["Content-Security-Policy"] = FRAMING_POLICY
    return page
