"""What does somebody type to configure a channel: a form made from its options, and what came in by it."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask_wtf import FlaskForm
from wtforms import Field, PasswordField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]

from webapp.domain.outcome import Level
from webapp.notify.contract import Channel
from webapp.plugins.fields import MASK, Choice, Flag, Integer, ListOf, Option, is_secret, options_of
from webapp.store.db import Session
from webapp.web.links import settings
from webapp.web.settings_forms import EMPTY, STORED

PREFIX = "config."
YES, NO = "yes", "no"
LEVELS = (
    (Level.OK, "Every run"),
    (Level.WARNINGS, "Runs with warnings, and worse"),
    (Level.ERRORS, "Runs with errors, and worse"),
    (Level.FAILED, "Runs that failed"),
)


def make_channel_form(
    session: Session, channel: Channel, own: Mapping[str, Any], *, has_level: bool = False, values: Mapping[str, Any]
) -> FlaskForm:
    """Return the form of a channel's options, filled with what was sent, else with what is stored.

    Args:
        session: a reading session.
        channel: whose options they are.
        own: the values that are stored; the others are the settings'.
        has_level: whether it asks for a level too.
        values: the name, and the level.
    """
    fields: dict[str, Field] = {
        "name": StringField("Name", description="What notify blocks, services and settings call it.", render_kw=_PLAIN)
    }
    if has_level:
        choices = [SelectChoice(level.value, text) for level, text in LEVELS]
        fields["level"] = SelectField("Hears of", choices=choices)
    data: dict[str, Any] = dict(values)
    for name, what in options_of(channel.Config).items():
        fields[PREFIX + name] = _field(session, what, is_set=bool(own.get(name)))
        data[PREFIX + name] = _shown(what, own.get(name))
    form: FlaskForm = type("ChannelForm", (FlaskForm,), fields)(data=data)
    return form


def read_options(
    form: FlaskForm, channel: Channel, own: Mapping[str, Any], forgotten: Sequence[str]
) -> dict[str, object]:
    """Return the values that came in: what is left out is the settings', a secret that stays is masked.

    Args:
        form: the form.
        channel: whose options they are.
        own: the values that are stored.
        forgotten: the names of secrets that shall go.
    """
    given: dict[str, object] = {}
    for name, what in options_of(channel.Config).items():
        text = form[PREFIX + name].data
        if isinstance(what, ListOf) and text:
            text = str(text).replace("\r", "")
        if text not in (None, ""):
            given[name] = text
        elif is_secret(what) and own.get(name) and name not in forgotten:
            given[name] = MASK
    return given


def shown_options(channel: Channel, own: Mapping[str, Any]) -> dict[str, object]:
    """Return the values that are stored as the form shows them, without secrets."""
    options = options_of(channel.Config)
    return {name: _shown(what, own.get(name)) for name, what in options.items() if not is_secret(what)}


def unmasked(given: Mapping[str, object], own: Mapping[str, Any]) -> dict[str, object]:
    """Return the values with the stored secrets in the place of their masks."""
    return {name: own.get(name, "") if value == MASK else value for name, value in given.items()}


_PLAIN: dict[str, object] = {"autocomplete": "off", "spellcheck": "false"}


def _field(session: Session, what: Option, *, is_set: bool) -> Field:
    fallback = _fallback(session, what)
    about = what.help
    if what.setting:
        about += f" Empty: {what.setting}{fallback}."
    elif what.initial and not is_secret(what):
        about += f" Empty: {what.initial}."
    if is_secret(what):
        words = {**_PLAIN, "autocomplete": "new-password", "placeholder": STORED if is_set else EMPTY}
        return PasswordField(what.label, description=about, render_kw=words)
    match what:
        case Flag():
            unset = f"As the setting says{fallback}" if what.setting else f"Usual: {YES if what.default else NO}"
            return SelectField(what.label, description=what.help, choices=_choices(unset, [YES, NO]))
        case Choice():
            return SelectField(
                what.label, description=what.help, choices=_choices(f"Usual: {what.initial}", what.words)
            )
        case ListOf():
            return TextAreaField(what.label, description=about, render_kw={**_PLAIN, "rows": 2})
        case Integer():
            return StringField(what.label, description=about, render_kw={**_PLAIN, "inputmode": "decimal"})
        case _:
            return StringField(what.label, description=about, render_kw=_PLAIN)


def _choices(unset: str, words: Sequence[str]) -> list[SelectChoice]:
    return [SelectChoice("", unset), *(SelectChoice(word, word) for word in words)]


def _fallback(session: Session, what: Option) -> str:
    """Return the value of an option's setting for people, in parentheses; nothing for a secret or an empty one."""
    if not what.setting or is_secret(what):
        return ""
    shown = settings().get(session, what.setting).shown
    return f" ({shown})" if shown else ""


def _shown(what: Option, value: object) -> object:
    if is_secret(what) or value is None:
        return ""
    if isinstance(what, Flag):
        return YES if what.parse(value) else NO
    return ", ".join(str(each) for each in value) if isinstance(value, list | tuple) else str(value)
