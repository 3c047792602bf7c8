"""Which other words for our messages are plain: `target` for device, `result` for a case, and what they become."""

from collections.abc import Iterator
from typing import Any

import msgspec

from webapp.domain.messages import MAX_CASE_NAME
from webapp.domain.outcome import CaseResult
from webapp.errors import InvalidError
from webapp.importers.texts import as_message, as_name

Members = dict[str, msgspec.Raw]

_TYPES = {"target.start": "device.start", "target.end": "device.end"}
_ENDS = {"ok": "complete", "success": "complete", "failed": "complete", "finished": "complete", "lost": "incomplete"}
_RESULTS = {
    "ok": CaseResult.PASS,
    "passed": CaseResult.PASS,
    "changed": CaseResult.PASS,
    "failed": CaseResult.FAIL,
    "error": CaseResult.FAIL,
    "timeout": CaseResult.FAIL,
    "unreachable": CaseResult.FAIL,
    "skipped": CaseResult.SKIP,
}
# What the other words hold beside ours, and is told by other messages or not at all.
_DROPPED = {
    "run.start": ("targets", "producer"),
    "run.end": ("duration",),
    "attempt.start": ("task",),
    "attempt.end": ("failed",),
    "device.end": ("duration", "error"),
}
SEPARATOR = " / "


def translate(members: Members, *, place: str) -> Iterator[Members]:
    """Yield the messages that a line means, as members of ours; what is ours already passes unchanged.

    Args:
        members: the line's members.
        place: where the line stands.

    Raises:
        InvalidError: a `result` has no path to name it, or a status that says nothing.
    """
    members = {key: value for key, value in members.items() if key not in ("run", "seq")}
    kind = _text(members.get("type"))
    kind = _TYPES.get(kind, kind)
    if kind == "result":
        yield _case(members, place=place)
        return
    if "target" in members and "device" not in members:
        members["device"] = members.pop("target")
    dropped = {key: members.pop(key) for key in _DROPPED.get(kind, ()) if key in members}
    if "type" in members:
        members["type"] = _raw(kind)
    if kind == "run.start" and "producer" in dropped:
        members.setdefault("trigger", dropped["producer"])
    if kind == "run.end" and (word := _ENDS.get(_text(members.get("status")))):
        members["status"] = _raw(word)
    if kind == "device.end":
        _complete_device_end(members, dropped)
    yield members
    if kind == "run.start" and "targets" in dropped:
        yield {"type": _raw("plan"), "devices": dropped["targets"]} | _only(members, "ts")


def _complete_device_end(members: Members, dropped: Members) -> None:
    if "duration" in dropped:
        members.setdefault("duration_s", dropped["duration"])
    message = _message(dropped.get("error"))
    if message:
        members.setdefault("message", _raw(message))


def _case(members: Members, *, place: str) -> Members:
    path = _value(members.get("path"))
    if not isinstance(path, list) or not path or not all(isinstance(part, str) for part in path):
        raise InvalidError((f"{place}: path", "expected the names that lead to the result, as a list of texts"))
    status = _text(members.get("status"))
    if status not in _RESULTS:
        raise InvalidError((f"{place}: status", f"expected one of {', '.join(_RESULTS)}, got {status[:40]!r}"))
    case = {
        "type": _raw("case"),
        "suite": _raw(as_name(SEPARATOR.join(path[:-1]))),
        "name": _raw(as_name(path[-1], limit=MAX_CASE_NAME)),
        "result": _raw(_RESULTS[status].value),
    }
    if status not in ("ok", "passed", "failed", "skipped"):
        case["raw_result"] = _raw(status)
    if "target" in members:
        case["device"] = members["target"]
    if "duration" in members:
        case["duration_s"] = members["duration"]
    message = _message(members.get("error"))
    if message:
        case["message"] = _raw(message)
    output = "\n".join(_shown(members[key]) for key in ("output", "diff") if _value(members.get(key)) is not None)
    if output:
        case["output"] = _raw(output)
    known = {"type", "path", "status", "target", "duration", "error", "output", "diff"}
    return {**{key: value for key, value in members.items() if key not in known}, **case}


def _message(error: msgspec.Raw | None) -> str | None:
    value = _value(error)
    if isinstance(value, dict):
        value = ": ".join(str(value[key]) for key in ("class", "message") if value.get(key))
    return as_message(value) if isinstance(value, str) else None


def _shown(raw: msgspec.Raw) -> str:
    value = _value(raw)
    return value if isinstance(value, str) else bytes(raw).decode()


def _text(raw: msgspec.Raw | None) -> str:
    value = _value(raw)
    return value if isinstance(value, str) else ""


def _value(raw: msgspec.Raw | None) -> Any:
    try:
        return None if raw is None else msgspec.json.decode(raw)
    except (msgspec.MsgspecError, RecursionError):
        return None


def _raw(value: str) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(value))


def _only(members: Members, *keys: str) -> Members:
    return {key: members[key] for key in keys if key in members}
