"""How does a service compare its runs: with which run, and what it ignores? Kept in its options under `compare`.

    {"baseline": "pinned", "pinned": "<uid>", "rules": [
        {"kind": "mask", "pattern": "session [0-9a-f]+", "name": "session"},
        {"kind": "line", "pattern": "^DEBUG "},
        {"kind": "path", "pattern": "$..uptime"},
        {"kind": "tolerance", "tolerance": 0.5}]}

Everything may be left out. Source of the rules: docs/comparing.md.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from webapp.diff.paths import Ignore, PathError
from webapp.diff.rules import LONGEST_NAME, MOST_RULES, Rule, RuleError, check_rules
from webapp.errors import InvalidError

OPTION = "compare"
PREVIOUS = "previous"
LAST_OK = "last-ok"
PINNED = "pinned"
QUERY_PREFIX = "query:"
LONGEST_WORD = 400

Fault = tuple[str, str]


class RuleKind(StrEnum):
    """What a rule ignores."""

    MASK = "mask"  # what a regular expression matches, in logs and in the texts of JSON results
    LINE = "line"  # whole lines in which a regular expression is found, there too
    PATH = "path"  # places in JSON results, such as $..uptime
    TOLERANCE = "tolerance"  # differences between numbers of JSON results up to this one


@dataclass(frozen=True, slots=True, kw_only=True)
class NoiseRule:
    """One rule of a service, checked.

    Args:
        kind: what it ignores.
        pattern: a regular expression or a JSON path; empty for a tolerance.
        tolerance: the greatest difference that is ignored; 0 for the other kinds.
        name: what people call it.
    """

    kind: RuleKind
    pattern: str = ""
    tolerance: float = 0.0
    name: str = ""

    @property
    def title(self) -> str:
        """Return the name to show for it."""
        return self.name or self.pattern or f"differences up to {self.tolerance:g}"

    def write(self) -> dict[str, Any]:
        """Return the rule as it is kept."""
        value = {"tolerance": self.tolerance} if self.kind is RuleKind.TOLERANCE else {"pattern": self.pattern}
        return {"kind": str(self.kind), **value} | ({"name": self.name} if self.name else {})


@dataclass(frozen=True, slots=True, kw_only=True)
class CompareOptions:
    """How a service compares its runs.

    Args:
        baseline: what a run is compared with unless somebody chooses: `previous`, `last-ok`, `pinned` or
            `query:<owner>/<name>`, the newest run that a saved query selects.
        pinned: the uid of the run that is pinned, if one is.
        rules: what is ignored, in the order in which it is kept.
        faults: what could not be read and is therefore not in force, each with its place and what was expected.
    """

    baseline: str = PREVIOUS
    pinned: str | None = None
    rules: tuple[NoiseRule, ...] = ()
    faults: tuple[Fault, ...] = ()

    @property
    def line_rules(self) -> tuple[Rule, ...]:
        """Return the rules for lines, as the comparison of texts takes them."""
        kinds = (RuleKind.MASK, RuleKind.LINE)
        return tuple(
            Rule(pattern=rule.pattern, name=rule.name, whole_line=rule.kind is RuleKind.LINE)
            for rule in self.rules
            if rule.kind in kinds
        )

    @property
    def ignored_paths(self) -> tuple[str, ...]:
        """Return the places in JSON results to leave out."""
        return tuple(rule.pattern for rule in self.rules if rule.kind is RuleKind.PATH)

    @property
    def tolerance(self) -> float:
        """Return up to which difference two numbers in JSON results count as equal."""
        return max((rule.tolerance for rule in self.rules), default=0.0)

    def write(self) -> dict[str, Any]:
        """Return the options as they are kept; what is as usual is left out."""
        kept: dict[str, Any] = {} if self.baseline == PREVIOUS else {"baseline": self.baseline}
        if self.pinned is not None:
            kept["pinned"] = self.pinned
        if self.rules:
            kept["rules"] = [rule.write() for rule in self.rules]
        return kept


def read_compare_options(options: Mapping[str, Any]) -> CompareOptions:
    """Return what a service's options say about comparing; what can't be read is as usual, and told as a fault."""
    faults: list[Fault] = []
    given = _mapping(options.get(OPTION) or {}, ("baseline", "pinned", "rules"), OPTION, faults)
    return CompareOptions(
        baseline=_baseline(given.get("baseline", PREVIOUS), faults),
        pinned=_text(given, "pinned", OPTION, faults) or None,
        rules=_rules(given.get("rules", []), faults),
        faults=tuple(faults),
    )


def check_compare_options(options: Mapping[str, Any]) -> CompareOptions:
    """Return what a service's new options say about comparing.

    Raises:
        InvalidError: something can't be read; every fault is told, such as `compare.rules[2].pattern`.
    """
    read = read_compare_options(options)
    if read.faults:
        raise InvalidError(*read.faults)
    return read


def _mapping(value: object, names: tuple[str, ...], path: str, faults: list[Fault]) -> dict[str, Any]:
    if not isinstance(value, dict):
        faults.append((path, "expected a mapping"))
        return {}
    unknown = [name for name in value if name not in names]
    faults.extend((f"{path}.{name[:40]}", f"expected no other member than {', '.join(names)}") for name in unknown)
    return {name: each for name, each in value.items() if name in names}


def _text(given: Mapping[str, Any], name: str, path: str, faults: list[Fault]) -> str:
    text = given.get(name) or ""
    if isinstance(text, str) and len(text) <= LONGEST_WORD:
        return text
    faults.append((f"{path}.{name}", f"expected a text of at most {LONGEST_WORD} characters"))
    return ""


def _baseline(value: object, faults: list[Fault]) -> str:
    words = (PREVIOUS, LAST_OK, PINNED)
    if isinstance(value, str) and len(value) <= LONGEST_WORD:
        owner, _, name = value.removeprefix(QUERY_PREFIX).partition("/")
        if value in words or (value.startswith(QUERY_PREFIX) and owner and name):
            return value
    faults.append((f"{OPTION}.baseline", f"expected {', '.join(words)} or {QUERY_PREFIX}<owner>/<name>"))
    return PREVIOUS


def _rules(value: object, faults: list[Fault]) -> tuple[NoiseRule, ...]:
    path = f"{OPTION}.rules"
    if not isinstance(value, list):
        faults.append((path, "expected a list of rules"))
        return ()
    if len(value) > MOST_RULES:
        faults.append((path, f"expected at most {MOST_RULES} rules, got {len(value)}"))
    read = (_rule(each, f"{path}[{place}]", faults) for place, each in enumerate(value[:MOST_RULES]))
    return tuple(rule for rule in read if rule is not None)


def _rule(value: object, path: str, faults: list[Fault]) -> NoiseRule | None:
    """Read one rule; None when it has a fault."""
    before = len(faults)
    given = _mapping(value, ("kind", "pattern", "tolerance", "name"), path, faults)
    kind = given.get("kind")
    if kind not in tuple(RuleKind):
        faults.append((f"{path}.kind", f"expected one of {', '.join(RuleKind)}"))
        return None
    name = _text(given, "name", path, faults)
    if len(name) > LONGEST_NAME:
        faults.append((f"{path}.name", f"expected at most {LONGEST_NAME} characters, got {len(name)}"))
    if kind == RuleKind.TOLERANCE:
        rule = NoiseRule(kind=RuleKind.TOLERANCE, tolerance=_tolerance(given, path, faults), name=name)
    else:
        rule = NoiseRule(kind=RuleKind(kind), pattern=_pattern(given, path, faults), name=name)
    return rule if len(faults) == before else None


def _tolerance(given: Mapping[str, Any], path: str, faults: list[Fault]) -> float:
    value = given.get("tolerance")
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value < math.inf:
        return float(value)
    faults.append((f"{path}.tolerance", "expected a number above 0"))
    return 0.0


def _pattern(given: Mapping[str, Any], path: str, faults: list[Fault]) -> str:
    pattern = given.get("pattern")
    if not isinstance(pattern, str) or not pattern:
        faults.append((f"{path}.pattern", "expected a text that is not empty"))
        return ""
    try:
        if given["kind"] == RuleKind.PATH:
            Ignore([pattern])
        else:
            check_rules([Rule(pattern=pattern, whole_line=given["kind"] == RuleKind.LINE)])
    except (PathError, RuleError) as error:
        faults.append((f"{path}.pattern", str(error).removeprefix("rule 1: ")))
    return pattern
