"""What do people type about what a service ignores: the form of one rule, and what it is filled with at first."""

import re
from typing import Any

from flask import request
from flask_wtf import FlaskForm
from wtforms import RadioField, StringField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import Length

from webapp.diff.rules import LONGEST_NAME, LONGEST_PATTERN
from webapp.domain.compare_options import OPTION, NoiseRule, RuleKind, check_compare_options
from webapp.domain.logdisplay import plain_line
from webapp.domain.rule_suggestions import suggest_rules
from webapp.errors import InvalidError
from webapp.store.db import Session
from webapp.store.logs import find_log, page_lines
from webapp.store.runs import find_run

KINDS = {
    RuleKind.MASK: "Hide what matches a regular expression",
    RuleKind.LINE: "Leave out lines in which a regular expression is found",
    RuleKind.PATH: "Ignore places in JSON results",
    RuleKind.TOLERANCE: "Ignore small differences between numbers in JSON results",
}
_AT = re.compile(r"at character (\d+)")


class RuleForm(FlaskForm):  # type: ignore[misc]
    """One rule."""

    kind = RadioField("What to ignore", choices=[SelectChoice(kind.value, title) for kind, title in KINDS.items()])
    pattern = StringField(
        "Pattern",
        [Length(max=LONGEST_PATTERN)],
        description="A regular expression such as session \\w+, or a path such as $..uptime. Not for a tolerance.",
        render_kw={"autocomplete": "off", "autocapitalize": "off", "spellcheck": "false"},
    )
    tolerance = StringField(
        "Tolerance",
        [Length(max=40)],
        description="The greatest difference that is ignored, such as 0.5. For a tolerance alone.",
        render_kw={"autocomplete": "off", "inputmode": "decimal"},
    )
    name = StringField(
        "Name",
        [Length(max=LONGEST_NAME)],
        description="What comparisons call it: “only ignored parts differ: 14 lines by …”. Without one, its pattern.",
        render_kw={"autocomplete": "off"},
    )

    def fill(self, rule: NoiseRule) -> None:
        """Show a rule."""
        self.kind.data = rule.kind.value
        self.pattern.data = rule.pattern
        self.tolerance.data = f"{rule.tolerance:g}" if rule.tolerance else ""
        self.name.data = rule.name

    def read(self) -> NoiseRule | None:
        """Return the rule as typed, or None and mark what is wrong with it."""
        if not self.validate():
            return None
        kind = self.kind.data
        value: dict[str, Any] = {"kind": kind, "name": (self.name.data or "").strip()}
        if kind == RuleKind.TOLERANCE:
            value["tolerance"] = _number(self.tolerance.data or "")
        else:
            value["pattern"] = self.pattern.data or ""
        try:
            (rule,) = check_compare_options({OPTION: {"rules": [value]}}).rules
        except InvalidError as error:
            for place, message in error.faults:
                field = self._fields.get(place.rpartition(".")[2])
                if field is None:
                    self.form_errors.append(message)
                else:
                    field.errors = [*field.errors, message]
            return None
        return rule

    @property
    def caret(self) -> str:
        """Return the pattern with a mark under the character at which it can't be read; empty when none is known."""
        found = next((match for error in self.pattern.errors if (match := _AT.search(error))), None)
        return "" if found is None else f"{self.pattern.data}\n{' ' * (int(found[1]) - 1)}^"


def _number(text: str) -> float | str:
    try:
        return float(text.strip().replace(",", "."))
    except ValueError:
        return text


def read_suggestions(session: Session) -> list[NoiseRule]:
    """Return the rules to begin with: for the lines of logs that the address names, or what it says itself.

    `a`, `a_stream` and `a_line` name one line, `b`, `b_stream` and `b_line` the one in its place on the newer side.
    """
    older, newer = _line(session, "a"), _line(session, "b")
    if older or newer:
        return suggest_rules(newer or older, older)
    kind = request.args.get("kind", "")
    pattern = request.args.get("pattern", "")[:LONGEST_PATTERN]
    return [NoiseRule(kind=RuleKind(kind) if kind in tuple(RuleKind) else RuleKind.MASK, pattern=pattern)]


def _line(session: Session, side: str) -> str:
    """Return a line as people see it, empty when there is none such."""
    number = request.args.get(f"{side}_line", "")
    if not (number.isascii() and number.isdecimal() and len(number) < 12 and int(number)):
        return ""
    run = find_run(session, request.args.get(side, ""))
    log = None if run is None else find_log(session, run_id=run.id, stream=request.args.get(f"{side}_stream", ""))
    lines = [] if log is None else page_lines(session, log, first=int(number) - 1, count=1).lines
    return plain_line(lines[0].head) if lines else ""
