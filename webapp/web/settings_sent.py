"""What came in by a form of settings, and what did somebody else change while it was open?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto

from flask_wtf import FlaskForm

from webapp.settings.catalogue import Kind, Value
from webapp.web.seen import mark_of
from webapp.web.settings_forms import Known, initial_of, mark
from webapp.web.settings_layout import label_of

SEEN = "seen."


class Fate(Enum):
    """What becomes of a setting of a form that came in."""

    KEPT = auto()
    CHANGED = auto()
    FORGOTTEN = auto()
    MISSED = auto()
    MET = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What came in by a form.

    Args:
        values: the value of every setting of the section as the form has it, saved or not; None for a secret that
            stays as it is.
        changed: the texts to be stored, by name.
        forgotten: the names of those whose stored value goes.
        missed: the names of those that somebody else changed meanwhile, and the form left as it was.
        met: the names of those that somebody else changed meanwhile to something else than the form has.
    """

    values: Mapping[str, Value | None] = field(default_factory=dict)
    changed: Mapping[str, str] = field(default_factory=dict)
    forgotten: Sequence[str] = ()
    missed: Sequence[str] = ()
    met: Sequence[str] = ()


def seen_of(known: Sequence[Known]) -> dict[str, str]:
    """Return the marks of what a form is filled with, by the names of the settings that can be changed in it."""
    return {each.setting.name: _mark_of(_current(each)) for each in known if not each.is_locked}


def read_sent(form: FlaskForm, known: Sequence[Known], forgotten: Sequence[str], seen: Mapping[str, str]) -> Sent:
    """Return what came in; what can't be used is told at its field.

    Args:
        form: the form.
        known: what is known of its settings.
        forgotten: the names whose box "forget it" is ticked.
        seen: the marks of what the form was filled with; what has none was filled with the value in force.
    """
    values: dict[str, Value | None] = {}
    names: dict[Fate, list[str]] = {fate: [] for fate in Fate}
    for each in known:
        name = each.setting.name
        try:
            values[name], fate = _read(each, form[name].data, is_forgotten=name in forgotten, seen=seen.get(name))
        except ValueError as error:
            mark(form, name, str(error))
        else:
            names[fate].append(name)
    return Sent(
        values=values,
        changed={name: str(values[name]) for name in names[Fate.CHANGED]},
        forgotten=names[Fate.FORGOTTEN],
        missed=names[Fate.MISSED],
        met=names[Fate.MET],
    )


def _read(known: Known, given: object, *, is_forgotten: bool, seen: str | None) -> tuple[Value | None, Fate]:
    """Return the value of a setting as the form has it, None for a secret that stays, and what becomes of it."""
    current, setting = _current(known), known.setting
    if known.is_locked:
        return current, Fate.KEPT
    is_other = seen is not None and seen != _mark_of(current)
    untouched = Fate.MISSED if is_other else Fate.KEPT
    if is_forgotten and known.is_kept_here:
        return setting.default, Fate.MET if is_other else Fate.FORGOTTEN
    if setting.is_secret and not given:
        return None, untouched
    value = setting.read(_one_line(given) if setting.kind is Kind.LIST else given)
    if value == current or _mark_of(value) == seen:
        return current, untouched
    return value, Fate.MET if is_other else Fate.CHANGED


def show_met(form: FlaskForm, known: Sequence[Known], sent: Sent, changers: Mapping[str, str | None]) -> None:
    """Show what somebody else saved meanwhile, at the fields that both changed and in those that were left alone."""
    for each in known:
        name = each.setting.name
        if name in sent.met:
            mark(form, name, f"{_change(each, changers)}. Save again to have what is typed here in its place")
        elif name in sent.missed:
            form[name].data = initial_of(each)
    if sent.missed:
        form.form_errors.append(tell_missed(known, sent, changers))


def tell_missed(known: Sequence[Known], sent: Sent, changers: Mapping[str, str | None]) -> str:
    """Say what somebody else saved meanwhile and stays; empty when there is nothing."""
    changes = [
        f"{label_of(each.setting)} ({_change(each, changers)})" for each in known if each.setting.name in sent.missed
    ]
    return f"Meanwhile changed, and left so: {', '.join(changes)}." if changes else ""


def _change(known: Known, changers: Mapping[str, str | None]) -> str:
    """Say who changed a setting, and what it is now."""
    name, resolved = known.setting.name, known.resolved
    done = f"changed by {changers[name] or 'the command line'}" if name in changers else "removed"
    return done if resolved is None or known.setting.is_secret else f"{done}, now {resolved.shown!r}"


def _current(known: Known) -> Value | None:
    return None if known.resolved is None else known.resolved.value


def _mark_of(value: Value | None) -> str:
    return mark_of(float(value) if isinstance(value, int | float) and not isinstance(value, bool) else value)


def _one_line(given: object) -> str:
    return ",".join(str(given or "").replace(",", "\n").splitlines())
