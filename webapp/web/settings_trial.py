"""Do the settings of a channel work: a test with the values as they are typed, saved or not."""

from collections.abc import Mapping

from flask import request
from flask.typing import ResponseReturnValue

from webapp.domain.access import Permission
from webapp.errors import InvalidError, NotFoundError, SettingError
from webapp.notify.contract import Channel
from webapp.notify.setting_checks import find_channel, given_of
from webapp.settings.catalogue import Section, Value
from webapp.store.db import db
from webapp.web.guard import requires
from webapp.web.links import settings
from webapp.web.office import office
from webapp.web.settings import answer, blueprint, read_section, receive
from webapp.web.settings_forms import make_form, read_known
from webapp.web.trials import Shown, framed, not_sent, read_wish, try_channel
from webapp.web.trials import preview as write_preview


@blueprint.post("/<section>/test")
@requires(Permission.ADMIN)
def test(section: str) -> ResponseReturnValue:
    """Send one message with the values of the form; nothing is saved."""
    chosen = read_section(section)
    channel = _channel(chosen)
    known = read_known(db.session(), settings(), chosen)
    form = make_form(known)
    sent = receive(chosen, form, known)
    shown = Shown(fault="Nothing was sent: the values above have faults.")
    if not form.errors:
        shown = _try(channel, {name: value for name, value in sent.values.items() if value is not None})
    return answer(chosen, known, form, shown=shown)


@blueprint.get("/<section>/preview")
@requires(Permission.ADMIN)
def preview(section: str) -> ResponseReturnValue:
    """Show the HTML of the message about a run, for a frame."""
    payload = write_preview(db.session(), office(), _channel(read_section(section)), read_wish(request.args))
    if payload is None or "text/html" not in payload.parts:
        raise NotFoundError("there is no such message with HTML")
    return framed(payload.parts["text/html"])


def _channel(section: Section) -> Channel:
    channel = find_channel(office(), section)
    if channel is None:
        raise NotFoundError(f"the section {section} of the settings is no channel's")
    return channel


def _try(channel: Channel, values: Mapping[str, Value]) -> Shown:
    try:
        config = office().config_with(db.session(), channel.name, given_of(channel, values))
    except (InvalidError, SettingError) as error:
        return not_sent(channel, error)
    return try_channel(office(), channel, config, read_wish(request.form))
