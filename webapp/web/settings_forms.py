"""What does an administrator type to change settings: a form made from their catalogue."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from flask_wtf import FlaskForm
from wtforms import BooleanField, Field, PasswordField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]

from webapp.errors import SettingError
from webapp.settings.catalogue import Kind, Section, Setting
from webapp.settings.resolve import Resolved, Settings, Source
from webapp.store.db import Session
from webapp.web.settings_layout import label_of, settings_of

FORGET = "forget"
PASSWORD = re.compile(r"(://[^/@:]*):[^/]*@")
STORED = "A value is stored; type to replace it"
EMPTY = "Nothing is stored"


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of a setting: the value in force, or why there is none."""

    setting: Setting
    resolved: Resolved | None
    fault: str = ""

    @property
    def is_locked(self) -> bool:
        """Say whether it can't be changed here."""
        is_fixed = self.resolved is not None and self.resolved.source is Source.ENVIRONMENT
        return is_fixed or not self.setting.is_stored

    @property
    def is_kept_here(self) -> bool:
        """Say whether a value stands in the database, so that it can be forgotten."""
        return bool(self.fault) or (self.resolved is not None and self.resolved.source is Source.DATABASE)

    @property
    def origin(self) -> str:
        """Return where the value in force comes from, for people."""
        if self.resolved is None:
            return "cannot be read"
        match self.resolved.source:
            case Source.ENVIRONMENT:
                return "environment"
            case Source.DATABASE:
                return "set here"
            case source:
                return str(source)

    @property
    def about(self) -> str:
        """Return what the setting is, and why it can't be changed here or can't be used."""
        name = self.setting.name
        if self.fault:
            return f"{self.setting.help} {self.fault}."
        if not self.setting.is_stored:
            return self.setting.help
        if self.is_locked:
            return (
                f"{self.setting.help} The environment gives it, by {name} or {name}_FILE: change it there and restart."
            )
        return self.setting.help


def read_known(session: Session, settings: Settings, section: Section) -> list[Known]:
    """Return what is known of a section's settings; one that can't be read says why."""
    return [_known(session, settings, setting) for setting in settings_of(section)]


def _known(session: Session, settings: Settings, setting: Setting) -> Known:
    try:
        return Known(setting=setting, resolved=settings.get(session, setting.name))
    except SettingError as error:
        return Known(setting=setting, resolved=None, fault=str(error))


def make_form(known: Sequence[Known]) -> FlaskForm:
    """Return the form of some settings, filled with what was sent, else with the values in force."""
    fields = {each.setting.name: _field(each) for each in known}
    values = {each.setting.name: initial_of(each) for each in known}
    form: FlaskForm = type("SettingsForm", (FlaskForm,), fields)(data=values)
    return form


def initial_of(known: Known) -> str | bool:
    """Return what the field of a setting is filled with."""
    resolved = known.resolved
    if resolved is None or resolved.setting.is_secret:
        return ""
    if isinstance(resolved.value, bool):
        return resolved.value
    return without_password(resolved.shown) if known.is_locked else resolved.shown


def without_password(text: str) -> str:
    """Return an address without the password that it may hold."""
    return PASSWORD.sub(r"\1:********@", text)


def _field(known: Known) -> Field:
    setting = known.setting
    label, about = label_of(setting), known.about
    attributes: dict[str, object] = {"autocomplete": "off", "spellcheck": "false"}
    if setting.is_secret:
        is_set = known.resolved is not None and bool(known.resolved.value)
        attributes |= {"autocomplete": "new-password", "placeholder": STORED if is_set else EMPTY}
    match setting.kind:
        case Kind.FLAG:
            return BooleanField(label, description=about)
        case Kind.CHOICE:
            return SelectField(
                label,
                description=about,
                choices=[SelectChoice(word, word) for word in setting.words],
                validate_choice=False,
            )
        case Kind.SECRET:
            return PasswordField(label, description=about, render_kw=attributes)
        case Kind.JSON | Kind.LIST:
            return TextAreaField(label, description=about, render_kw={**attributes, "rows": 3})
        case Kind.INTEGER | Kind.NUMBER:
            return StringField(label, description=about, render_kw={**attributes, "inputmode": "decimal"})
        case _:
            return StringField(label, description=about, render_kw=attributes)


def mark(form: FlaskForm, name: str, sentence: str) -> None:
    """Show a fault below the field it is about."""
    form[name].errors = [*form[name].errors, sentence[:1].upper() + sentence[1:]]
