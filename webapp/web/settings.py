"""How is this server set up: its settings, a page for each section, for administrators."""

from collections.abc import Mapping, Sequence

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from flask_wtf import FlaskForm

from webapp.clock import now
from webapp.domain.access import Permission
from webapp.errors import NotFoundError
from webapp.notify.setting_checks import find_channel, find_setting_faults
from webapp.settings.catalogue import Section
from webapp.store import preferences
from webapp.store.db import Session, db, writing
from webapp.web.guard import requires
from webapp.web.headers import FRAMING_POLICY
from webapp.web.links import settings
from webapp.web.office import office
from webapp.web.settings_forms import FORGET, Known, make_form, mark, read_known
from webapp.web.settings_layout import LEADS, groups_of
from webapp.web.settings_sent import SEEN, Sent, read_sent, seen_of, show_met, tell_missed
from webapp.web.trials import Shown, list_trial_runs, read_wish, runs_as_options

blueprint = Blueprint("settings", __name__, url_prefix="/admin/settings")


def read_section(slug: str) -> Section:
    """Return the section of an address."""
    for section in Section:
        if section.lower() == slug:
            return section
    raise NotFoundError(f"there is no section {slug[:40]!r} of the settings")


@blueprint.get("")
@requires(Permission.ADMIN)
def index() -> ResponseReturnValue:
    """Go to the first section."""
    return redirect(url_for("settings.show", section=Section.MAIL.lower()))


@blueprint.get("/<section>")
@requires(Permission.ADMIN)
def show(section: str) -> ResponseReturnValue:
    """Show the settings of a section."""
    chosen = read_section(section)
    known = read_known(db.session(), settings(), chosen)
    return answer(chosen, known, make_form(known))


@blueprint.post("/<section>")
@requires(Permission.ADMIN)
def save(section: str) -> ResponseReturnValue:
    """Keep what was changed; what somebody else changed meanwhile is shown first."""
    chosen = read_section(section)
    with writing() as session:
        preferences.take_turns(session)
        known = read_known(session, settings(), chosen)
        form = make_form(known)
        sent = receive(chosen, form, known)
        changers = preferences.find_changers(session, [*sent.met, *sent.missed])
        if not form.errors and not sent.met:
            _keep(session, sent)
    if form.errors:
        return answer(chosen, known, form)
    if sent.met:
        show_met(form, known, sent, changers)
        return answer(chosen, known, form, seen=seen_of(known))
    count = len(sent.changed) + len(sent.forgotten)
    said = f"{count} {'setting is' if count == 1 else 'settings are'} changed." if count else "Nothing was changed."
    flash(f"{said} {tell_missed(known, sent, changers)}".strip(), "success")
    return redirect(url_for("settings.show", section=section))


def _keep(session: Session, sent: Sent) -> None:
    moment = now()
    for name, text in sent.changed.items():
        settings().put(session, name, text, by_id=current_user.id, now=moment)
    for name in sent.forgotten:
        settings().remove(session, name, by_id=current_user.id, now=moment)


def receive(section: Section, form: FlaskForm, known: Sequence[Known]) -> Sent:
    """Return what came in by a form; every fault stands at its field."""
    form.validate()
    sent = read_sent(form, known, request.form.getlist(FORGET), _seen())
    values = {name: value for name, value in sent.values.items() if value is not None}
    for name, sentence in find_setting_faults(db.session(), office(), section, values):
        if name in form:
            mark(form, name, sentence)
    return sent


def _seen() -> dict[str, str]:
    """Return the marks of what the form that came in was filled with."""
    return {key.removeprefix(SEEN): value for key, value in request.form.items() if key.startswith(SEEN)}


def answer(
    section: Section,
    known: Sequence[Known],
    form: FlaskForm,
    *,
    shown: Shown | None = None,
    seen: Mapping[str, str] | None = None,
) -> Response:
    """Answer the page of a section, or to a script only what a try came to, with the form as it is.

    Args:
        section: whose page.
        known: what is known of its settings.
        form: the form.
        shown: what a try came to.
        seen: the marks of what the form is filled with; else those that came in, or of the values in force.
    """
    channel = find_channel(office(), section)
    wish = read_wish(request.values)
    values = {
        "section": section,
        "lead": LEADS.get(section, ""),
        "groups": groups_of(section),
        "known": {each.setting.name: each for each in known},
        "form": form,
        "seen": seen if seen is not None else {**seen_of(known), **_seen()},
        "can_change": any(not each.is_locked for each in known),
        "ticked": request.form.getlist(FORGET),
        "channel": channel,
        "runs": runs_as_options(list_trial_runs(db.session(), wish)) if channel else [],
        "wish": wish,
        "shown": shown,
        "preview_url": url_for("settings.preview", section=section.lower(), run=wish.run, verbosity=wish.verbosity),
    }
    is_part = shown is not None and bool(request.headers.get("X-Partial"))
    template = "settings/_trial.html" if is_part else "settings/show.html"
    status = 409 if seen is not None else 422 if form.errors else 200
    page = make_response(render_template(template, **values), status)
    page.headers["Cache-Control"] = "no-store"
    page.headers["Content-Security-Policy"] = FRAMING_POLICY
    return page
