"""What may be asked in each view: the catalogue of filter fields, one line each."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Literal, TypeAlias

Groups: TypeAlias = tuple[tuple[str, tuple[str, ...]], ...]
Bound: TypeAlias = Literal["", ">=", "<"]


class View(StrEnum):
    """A list that a filter narrows."""

    RUNS = "runs"
    RESULTS = "results"  # the devices of one run
    CASES = "cases"  # the test cases of one run
    DEVICES = "devices"
    SERVICES = "services"
    DELIVERIES = "deliveries"  # messages about runs


class Kind(StrEnum):
    """What a field's values look like and how they are compared."""

    NAME = "name"  # the whole name, * and ?, letter case ignored
    KEY = "key"  # the whole name, * and ?, letter case counts
    TEXT = "text"  # a part of the text, * and ?, letter case ignored
    ENUM = "enum"
    INTEGER = "integer"
    DECIMAL = "decimal"
    DURATION = "duration"
    TIME = "time"
    FLAG = "flag"


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One name that may stand before the colon.

    `values` are the words of an enum, worst last if `is_ordered`; `groups` are words that stand for several of them.
    `words` are special values beside numbers. `stands_for` names the field that an alias means, and `bound` the
    comparison that goes with it.
    """

    name: str
    kind: Kind
    views: tuple[View, ...]
    summary: str
    example: str
    values: tuple[str, ...] = ()
    groups: Groups = ()
    words: tuple[str, ...] = ()
    is_ordered: bool = False
    stands_for: str = ""
    bound: Bound = ""

    def expand(self, word: str) -> tuple[str, ...]:
        """Return the enum values that a word stands for, none if it is not a word of this field."""
        return (word,) if word in self.values else dict(self.groups).get(word, ())


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortcut:
    """A word after `is:` that stands for a longer filter."""

    name: str
    views: tuple[View, ...]
    text: str
    summary: str


SERVICE_KINDS = ("service", "workflow")
RUN_STATUSES = ("queued", "running", "complete", "incomplete", "canceled")
RUN_GROUPS = (("finished", ("complete", "incomplete", "canceled")),)
LEVELS = ("ok", "warnings", "errors", "failed")
DEVICE_STATUSES = (
    "ok", "changed", "failed", "unreachable", "timeout", "skipped", "canceled", "lost", "running", "queued",
)  # fmt: skip
DEVICE_GROUPS = (("success", ("ok", "changed")), ("failure", ("failed", "unreachable", "timeout", "lost")))
DELIVERY_STATES = ("pending", "sending", "retrying", "sent", "failed", "skipped", "canceled")
EVENTS = ("running", "ended")
DELIVERY_GROUPS = (("open", ("pending", "sending", "retrying")),)
CASE_RESULTS = ("pass", "fail", "skip", "unknown")
CHANGES = (
    "newly_failing", "new_failing", "still_failing", "missing", "changed", "fixed", "new_passing", "new_other",
    "ignored_only",
)  # fmt: skip
CHANGE_GROUPS = (
    ("regression", ("newly_failing",)),
    ("new-failure", ("newly_failing", "new_failing")),
    ("progression", ("fixed",)),
)


def _field(name: str, kind: Kind, views: str, summary: str, example: str) -> Field:
    return Field(name=name, kind=kind, views=_views(views), summary=summary, example=example)


def _number(name: str, views: str, summary: str, example: str, *, words: tuple[str, ...]) -> Field:
    return replace(_field(name, Kind.INTEGER, views, summary, example), words=words)


def _enum(name: str, views: str, summary: str, example: str, values: tuple[str, ...], groups: Groups = ()) -> Field:
    return replace(_field(name, Kind.ENUM, views, summary, example), values=values, groups=groups)


def _ordered(name: str, views: str, summary: str, example: str, values: tuple[str, ...]) -> Field:
    return replace(_enum(name, views, summary, example, values), is_ordered=True)


def _bound(name: str, view: str, of: str, example: str, bound: Bound) -> Field:
    summary = f"{of.capitalize()} earlier" if bound == "<" else f"{of.capitalize()} then or later"
    return replace(_field(name, Kind.TIME, view, summary, example), stands_for=of, bound=bound)


def _shortcut(name: str, views: str, text: str, summary: str) -> Shortcut:
    return Shortcut(name=name, views=_views(views), text=text, summary=summary)


def _views(names: str) -> tuple[View, ...]:
    return tuple(View) if names == "*" else tuple(View(name) for name in names.split())


FIELDS = (
    _field("service", Kind.NAME, "runs deliveries", "The service's name", "service:backup-*"),
    _enum("kind", "runs services", "What the service is", "kind:workflow", SERVICE_KINDS),
    _enum("status", "runs", "Where the run stands", "status:running,queued", RUN_STATUSES, RUN_GROUPS),
    _ordered("level", "runs", "How bad the ended run is; canceled runs have no level", "level:>=warnings", LEVELS),
    _enum("has", "runs", "Some device came to this, overall", "has:unreachable", DEVICE_STATUSES, DEVICE_GROUPS),
    _enum("change", "runs", "Some device or case changed so", "change:newly_failing", CHANGES, CHANGE_GROUPS),
    _field("device", Kind.NAME, "runs", "Some device of this name took part", "device:edge-*"),
    _field(
        "number",
        Kind.INTEGER,
        "runs deliveries",
        "The run's number in its service; #118 alone does the same",
        "number:>=100",
    ),
    _field("label", Kind.KEY, "runs", "One of the run's labels", "label:nightly"),
    _field("submitter", Kind.NAME, "runs", "Who handed the run in", "submitter:anna"),
    _field("trigger", Kind.KEY, "runs", "What started the run", "trigger:schedule"),
    _field("uid", Kind.KEY, "runs", "The run's unique id", "uid:0193a5b2-*"),
    _field("key", Kind.KEY, "runs", "The key that the producer gave the run", 'key:"gh:123"'),
    _field("parent", Kind.KEY, "runs", "The unique id of the run that this one is a step of", "parent:*"),
    _field("priority", Kind.INTEGER, "runs", "How urgent the run is, 0 to 100", "priority:>50"),
    _field("attempts", Kind.INTEGER, "runs", "How many attempts were made", "attempts:>1"),
    _field("started", Kind.TIME, "runs", "When the run started", "started:2026-11-01..2026-11-07"),
    _bound("after", "runs", "started", "after:2026-11-01", ">="),
    replace(_bound("since", "runs", "started", "since:24h", ">="), summary="The same as after"),
    _bound("before", "runs", "started", "before:yesterday", "<"),
    _field("ended", Kind.TIME, "runs", "When the run ended", "ended:today"),
    _field("device", Kind.NAME, "results", "The device's name", "device:edge-*"),
    _field("name", Kind.NAME, "devices", "The device's name", "name:edge-??"),
    _field("name", Kind.NAME, "services", "The service's name", "name:backup-*"),
    replace(_field("slug", Kind.NAME, "services", "The same as name", "slug:backup-core"), stands_for="name"),
    _field("suite", Kind.NAME, "cases", "The suite of the test case", "suite:smoke*"),
    _field("name", Kind.NAME, "cases", "The name of the test case", "name:test_login*"),
    _field("device", Kind.NAME, "cases", "The device that the case ran on", "device:board-1"),
    _enum("result", "cases", "What the case came to", "result:fail", CASE_RESULTS),
    _field("group", Kind.NAME, "results devices", "The device's group", "group:branch-*"),
    _field("platform", Kind.NAME, "results devices", "The device's platform", "platform:ios,nxos"),
    _enum("status", "results", "What the device came to", "status:failure", DEVICE_STATUSES, DEVICE_GROUPS),
    _enum("status", "devices", "What the device last came to", "status:failure", DEVICE_STATUSES, DEVICE_GROUPS),
    _number("attempt", "results cases", "Which attempt; overall is the last of each", "attempt:2", words=("overall",)),
    _field("measurement", Kind.DECIMAL, "cases", "The measured value, whatever its unit", "measurement:>3.5"),
    _field("duration", Kind.DURATION, "runs results cases", "How long it took", "duration:>5m"),
    _field("message", Kind.TEXT, "runs results cases", "A part of the message", 'message:"timed out"'),
    _field("flaky", Kind.FLAG, "runs", "Some device passed, but only after its first attempt", "is:flaky"),
    _field("flaky", Kind.FLAG, "results", "The device passed, but only after its first attempt", "is:flaky"),
    _field("owner", Kind.NAME, "devices services", "Who owns it", "owner:anna"),
    _field("description", Kind.TEXT, "services", "A part of the description", "description:firewall"),
    _enum("status", "deliveries", "What became of the message", "status:failed", DELIVERY_STATES, DELIVERY_GROUPS),
    _field("channel", Kind.KEY, "deliveries", "By which channel it goes", "channel:email"),
    _field("to", Kind.TEXT, "deliveries", "A part of whom it goes to", "to:ops@example.org"),
    _field("user", Kind.NAME, "deliveries", "The account that it goes to", "user:anna"),
    _field("route", Kind.TEXT, "deliveries", "A part of which rule wanted it", "route:handler"),
    _enum("event", "deliveries", "What it tells of", "event:ended", EVENTS),
    _field("run", Kind.KEY, "deliveries", "The unique id of the run it tells of", "run:0193a5b2-*"),
    _field("tries", Kind.INTEGER, "deliveries", "How often it was tried", "tries:>1"),
    _field("reason", Kind.TEXT, "deliveries", "A part of why it was not sent", "reason:certificate"),
    _field("planned", Kind.TIME, "deliveries", "When it was planned", "planned:today"),
    _bound("after", "deliveries", "planned", "after:2026-11-01", ">="),
    replace(_bound("since", "deliveries", "planned", "since:24h", ">="), summary="The same as after"),
    _bound("before", "deliveries", "planned", "before:yesterday", "<"),
    _field("text", Kind.TEXT, "*", "Free text, the same as words without a field", 'text:"no route"'),
)

SHORTCUTS = (
    _shortcut("queued", "runs", "status:queued", "waits for its start"),
    _shortcut("running", "runs results", "status:running", "goes on"),
    _shortcut("finished", "runs", "status:finished", "has ended, in whichever way"),
    _shortcut("retried", "runs", "attempts:>1", "took more than one attempt"),
    _shortcut("step", "runs", "parent:*", "is a step of a workflow's run"),
    _shortcut("workflow", "runs services", "kind:workflow", "a workflow, or a run of one"),
    _shortcut("success", "results devices", "status:success", "came to ok or changed"),
    _shortcut("failure", "results devices", "status:failure", "came to failed, unreachable, timeout or lost"),
    _shortcut("open", "deliveries", "status:open", "has not left yet"),
    _shortcut("failed", "deliveries", "status:failed", "was given up"),
    _shortcut("success", "cases", "result:pass", "passed"),
    _shortcut("failure", "cases", "result:fail", "failed"),
)

# Free text is looked for in these columns, each called by the field that shows it.
TEXT_COLUMNS: Mapping[View, tuple[str, ...]] = MappingProxyType(
    {
        View.RUNS: ("service", "key", "label", "submitter", "message"),
        View.RESULTS: ("device", "group", "platform", "message"),
        View.CASES: ("suite", "name", "device", "message"),
        View.DEVICES: ("name", "group", "platform", "owner"),
        View.SERVICES: ("name", "description", "owner"),
        View.DELIVERIES: ("service", "to", "user", "reason"),
    }
)

_BY_VIEW = {view: {field.name: field for field in FIELDS if view in field.views} for view in View}
_KINDS = {field.name: field.kind for field in FIELDS}


def fields_of(view: View) -> tuple[Field, ...]:
    """Return the fields of a view in the order of the catalogue."""
    return tuple(_BY_VIEW[view].values())


def find_field(name: str, view: View) -> Field | None:
    """Return the field of this name in a view, if it has one."""
    return _BY_VIEW[view].get(name)


def kind_of(name: str) -> Kind | None:
    """Return the kind of a field, which is the same in every view."""
    return _KINDS.get(name)


def find_shortcut(name: str, view: View) -> Shortcut | None:
    """Return the shortcut of this name in a view, if it has one."""
    return next((shortcut for shortcut in SHORTCUTS if shortcut.name == name and view in shortcut.views), None)


def flags_of(view: View) -> tuple[str, ...]:
    """Return the words that may follow `is:` in a view."""
    flags = [field.name for field in fields_of(view) if field.kind is Kind.FLAG]
    return (*flags, *(shortcut.name for shortcut in SHORTCUTS if view in shortcut.views))
