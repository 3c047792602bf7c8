"""Who is told of a service's runs, and what would its rules do for a run of the past?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from flask_wtf import FlaskForm
from wtforms import BooleanField, SelectField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]

from webapp.clock import now
from webapp.domain.access import Permission
from webapp.domain.kept_block import hide_secrets, put_back_secrets
from webapp.domain.notice_options import ALIASES, NOTIFY, AttachedLog, read_notice_options
from webapp.domain.notices import Event
from webapp.domain.outcome import ENDED
from webapp.errors import InvalidError
from webapp.ingest.services import ServiceFields, put_service
from webapp.notify.known import check_options
from webapp.notify.rules import Occasion, Rule, rules_of
from webapp.query.expressions import EVERYTHING
from webapp.store import accounts
from webapp.store.db import Session, db, writing
from webapp.store.destinations import list_destinations
from webapp.store.inventory import Service, get_service
from webapp.store.runs import Run, find_run, page_runs
from webapp.web.account_forms import CheckboxListField
from webapp.web.guard import caller_here, requires
from webapp.web.office import office
from webapp.web.services import blueprint
from webapp.web.trials import LATEST_RUNS, runs_as_options

PLACES = {"send_notification": "destinations", "notify": "notify"}
LOGS = ((AttachedLog.NO, "No"), (AttachedLog.TAIL, "Its end"), (AttachedLog.WHOLE, "All of it"))


class NoticesForm(FlaskForm):  # type: ignore[misc]
    """Who is told of a service's runs, and what messages say."""

    destinations = CheckboxListField(
        "Tell of every end", description="Channels as the settings have them, and destinations."
    )
    mail_recipients = TextAreaField(
        "Mail goes to", description="Addresses with commas; empty is whom the settings name.", render_kw={"rows": 2}
    )
    header = TextAreaField("Text on top of each message", render_kw={"rows": 2})
    include_link = BooleanField("Give the address of the run")
    display_only_failed = BooleanField("Leave out devices that passed")
    include_device_results = BooleanField("Give the JSON results of devices")
    attach_log = SelectField("Send the log along", choices=[SelectChoice(word.value, text) for word, text in LOGS])
    notify = TextAreaField(
        "notify", render_kw={"rows": 14, "spellcheck": "false", "autocomplete": "off", "wrap": "off"}
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DryRun:
    """What the rules of a run would do.

    Args:
        run: the run.
        rules: every rule that applies to it.
        fault: why nothing was tried.
    """

    run: Run | None = None
    rules: Sequence[Rule] = ()
    fault: str = ""


@blueprint.get("/<slug>/notifications")
@requires(Permission.OPERATE)
def notices(slug: str) -> ResponseReturnValue:
    """Show who is told of a service's runs."""
    service = get_service(db.session(), slug)
    return _answer(service, _stored_form(service))


@blueprint.post("/<slug>/notifications")
@requires(Permission.OPERATE)
def notices_save(slug: str) -> ResponseReturnValue:
    """Keep who is told."""
    service = get_service(db.session(), slug)
    form = _form(service)
    options = _read(service, form)
    if options is None:
        return _answer(service, form)
    with writing() as session:
        put_service(session, slug, ServiceFields(options=options), by_id=current_user.id, now=now())
        accounts.add_audit(session, user_id=current_user.id, action="service.notices_changed", subject=slug, now=now())
    flash("Saved. It counts for what happens from now on.", "success")
    return redirect(url_for("services.notices", slug=slug))


@blueprint.post("/<slug>/notifications/try")
@requires(Permission.OPERATE)
def notices_try(slug: str) -> ResponseReturnValue:
    """Say what the rules of the form, saved or not, would do for a run; nothing is sent."""
    session = db.session()
    service = get_service(session, slug)
    form = _form(service)
    options = _read(service, form)
    run = find_run(session, request.form.get("run", ""))
    if options is None:
        return _answer(service, form, dry_run=DryRun(fault="Nothing was tried: the values above have faults."))
    if run is None:
        return _answer(service, form, dry_run=DryRun(fault="That run is not there any more: choose another one."))
    given = read_notice_options({**_others(service), **options})
    event = Event.ENDED if run.status in ENDED else Event.RUNNING
    rules = rules_of(Occasion(session=session, office=office(), run=run, event=event, now=now(), given=given))
    return _answer(service, form, dry_run=DryRun(run=run, rules=rules))


@blueprint.app_template_global("notice_faults")
def notice_faults(service: Service) -> list[tuple[str, str]]:
    """Return what is wrong with the stored options of a service about notices."""
    try:
        check_options(db.session(), office(), service.options, now=now(), viewer=caller_here(), path="")
    except InvalidError as error:
        return [(path.lstrip("."), sentence) for path, sentence in error.faults]
    return []


def _form(service: Service) -> NoticesForm:
    form = NoticesForm()
    _offer(form, service)
    return form


def _stored_form(service: Service) -> NoticesForm:
    found = read_notice_options(service.options)
    text, fault = "", ""
    if found.notify is not None:
        try:
            text = hide_secrets(found.notify)
        except InvalidError as error:
            fault = f"The stored block can't be read and is not shown: {error}"
    form = NoticesForm(
        formdata=None,
        destinations=list(found.destinations),
        mail_recipients=", ".join(found.mail_recipients),
        header=found.header,
        include_link=found.include_link,
        display_only_failed=found.display_only_failed,
        include_device_results=found.include_device_results,
        attach_log=found.attach_log.value,
        notify=text,
    )
    _offer(form, service)
    if fault:
        form.notify.errors = [fault]
    return form


def _offer(form: NoticesForm, service: Service) -> None:
    """Offer every channel and destination, and those that were chosen and are gone."""
    known = {name: office().channels.get(name).title for name in office().channels.names if name != "git"}
    known |= {each.name: f"{each.name} ({each.channel})" for each in list_destinations(db.session())}
    for name in read_notice_options(service.options).destinations:
        known.setdefault(name, f"{name}: there is none by this name any more")
    form.destinations.choices = [SelectChoice(name, title) for name, title in known.items()]


def _read(service: Service, form: NoticesForm) -> dict[str, Any] | None:
    """Return the options that came in, with None for what is as usual; None when there are faults, which it shows."""
    if not form.validate():
        return None
    options: dict[str, Any] = dict.fromkeys(name for name in ALIASES if name in service.options)
    recipients = [each.strip() for each in (form.mail_recipients.data or "").replace("\n", ",").split(",")]
    text = (form.notify.data or "").replace("\r\n", "\n").strip()
    options |= {
        "send_notification": form.destinations.data or None,
        "mail_recipients": [each for each in recipients if each] or None,
        "header": (form.header.data or "").replace("\r\n", "\n").strip() or None,
        "include_link": None if form.include_link.data else False,
        "display_only_failed": None if form.display_only_failed.data else False,
        "include_device_results": form.include_device_results.data or None,
        "attach_log": None if form.attach_log.data == AttachedLog.NO else form.attach_log.data,
    }
    try:
        options[NOTIFY] = put_back_secrets(text, read_notice_options(service.options).notify) or None
        check_options(db.session(), office(), _given(options), now=now(), viewer=caller_here(), path="")
    except InvalidError as error:
        _mark(form, error)
        return None
    return options


def _mark(form: NoticesForm, error: InvalidError) -> None:
    """Show each fault at its field; those of the block with their place in it."""
    for path, sentence in error.faults:
        place = path.lstrip(".")
        head = place.partition(".")[0].partition("[")[0]
        field = form._fields.get(PLACES.get(head, head))
        text = f"{place}: {sentence}" if head == NOTIFY else sentence
        if field is None:
            form.form_errors.append(text)
        else:
            field.errors = [*field.errors, text]


def _given(options: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}


def _others(service: Service) -> dict[str, Any]:
    """Return the stored options that the form does not have."""
    own = {"send_notification", "send_notification_method", NOTIFY, *ALIASES, *ALIASES.values()}
    own |= {"include_device_results", "attach_log"}
    return {name: value for name, value in service.options.items() if name not in own}


def _answer(service: Service, form: NoticesForm, *, dry_run: DryRun | None = None) -> ResponseReturnValue:
    chosen = request.form.get("run", "")
    values = {
        "service": service,
        "form": form,
        "runs": runs_as_options(_runs(db.session(), service)),
        "chosen": chosen,
        "dry_run": dry_run,
    }
    is_part = bool(request.headers.get("X-Partial")) and request.method == "POST"
    template = "services/_dry_run.html" if is_part else "services/notices.html"
    page = make_response(render_template(template, **values), 422 if form.errors and request.method == "POST" else 200)
    page.headers["Cache-Control"] = "no-store"
    return page


def _runs(session: Session, service: Service) -> Sequence[Run]:
    return page_runs(session, where=EVERYTHING, service_id=service.id, limit=LATEST_RUNS).items
