"""What does a callback say: placeholders in its address, and the data of its POST, in LAVA's words or ours.

The names, numbers and types are those of LAVA's `notify` block, so that receivers written for it work unchanged; what
it left out is here always: null where it is unset, ISO 8601 times, and nested values in a form as JSON text.
"""

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

from webapp.domain.notices import CallbackFormat, ContentType, Dataset, Event
from webapp.domain.outcome import RunStatus
from webapp.notify.contract import Callback
from webapp.notify.report import CallbackData, CaseLine, DeviceLine, Report

Json = dict[str, Any]
PLACEHOLDER = re.compile(r"\{\s*([A-Za-z0-9_-]*)\s*\}")

# status, state with its word, health with its word: LAVA's numbers.
_FINISHED = (5, "Finished")
STANDINGS: Mapping[RunStatus, tuple[int, tuple[int, str], tuple[int, str]]] = MappingProxyType(
    {
        RunStatus.QUEUED: (0, (0, "Submitted"), (0, "Unknown")),
        RunStatus.RUNNING: (1, (3, "Running"), (0, "Unknown")),
        RunStatus.COMPLETE: (2, _FINISHED, (1, "Complete")),
        RunStatus.INCOMPLETE: (3, _FINISHED, (2, "Incomplete")),
        RunStatus.CANCELED: (4, _FINISHED, (3, "Canceled")),
    }
)

# What stands in a form as it is; everything else is JSON text there, and so is null.
TEXTS = frozenset(
    {
        "actual_device_id",
        "definition",
        "description",
        "end_time",
        "event",
        "failure_comment",
        "first_error",
        "health_string",
        "id",
        "log",
        "start_time",
        "state_string",
        "status_string",
        "submit_time",
        "submitter_email",
        "submitter_username",
    }
)


def _status_word(report: Report) -> str:
    return "submitted" if report.run.status is RunStatus.QUEUED else str(report.run.status)


def _data(report: Report) -> CallbackData:
    return report.data or CallbackData()


def _time(at: datetime | None) -> str | None:
    return at.isoformat() if at is not None else None


def _failure(report: Report) -> str | None:
    return report.run.message or None if report.run.status is RunStatus.INCOMPLETE else None


PLACEHOLDERS: Mapping[str, Callable[[Report], object]] = MappingProxyType(
    {
        "ID": lambda report: report.run.uid,
        "STATUS": lambda report: STANDINGS[report.run.status][0],
        "STATUS_STRING": _status_word,
        "STATE": lambda report: STANDINGS[report.run.status][1][0],
        "STATE_STRING": lambda report: STANDINGS[report.run.status][1][1],
        "HEALTH": lambda report: STANDINGS[report.run.status][2][0],
        "HEALTH_STRING": lambda report: STANDINGS[report.run.status][2][1],
        "SUBMITTER": lambda report: report.run.submitter,
        "DESCRIPTION": lambda report: report.run.description,
        "PRIORITY": lambda report: report.run.priority,
        "ACTUAL_DEVICE_ID": lambda report: _data(report).device,
        "REQUESTED_DEVICE_TYPE": lambda report: _data(report).device_group,
        "HEALTH_CHECK": lambda report: _data(report).is_health_check,
        "SUBMIT_TIME": lambda report: _time(report.run.created_at),
        "START_TIME": lambda report: _time(report.run.started_at),
        "END_TIME": lambda report: _time(report.run.ended_at),
        "DURATION": lambda report: report.run.duration_s,
        "FAILURE_COMMENT": _failure,
        "RESULTS_LINK": lambda report: report.run.url,
        "SERVICE": lambda report: report.run.service,
        "NUMBER": lambda report: report.run.number,
        "LEVEL": lambda report: report.run.level,
    }
)


def fill_address(url: str, report: Report) -> str:
    """Return an address with its placeholders filled, percent-encoded; what is unset is empty."""

    def fill(found: re.Match[str]) -> str:
        value = PLACEHOLDERS[found[1]](report) if found[1] in PLACEHOLDERS else found[0]
        return quote("" if value is None else str(value), safe="", errors="replace")

    return PLACEHOLDER.sub(fill, url)


def data_of(report: Report, callback: Callback) -> Json:
    """Return the data of a callback's POST, in the words it asks for."""
    return (
        _ours(report, callback.dataset)
        if callback.format is CallbackFormat.AFTERRUN
        else _lava(report, callback.dataset)
    )


def body_of(data: Json, content_type: ContentType) -> tuple[str, str]:
    """Return the data as a body, and its media type; a form carries nested values as JSON text, and null as "null"."""
    clean = _clean(data)
    if content_type is ContentType.JSON:
        return json.dumps(clean, ensure_ascii=False), "application/json"
    fields = [(name, each if isinstance(each, str) else json.dumps(each)) for name, each in clean.items()]
    return urlencode(fields), "application/x-www-form-urlencoded"


def data_of_form(body: str) -> Json:
    """Return the data that a form was written from."""
    fields = parse_qsl(body, keep_blank_values=True)
    return {name: text if name in TEXTS and text != "null" else json.loads(text) for name, text in fields}


def _clean(value: Any) -> Any:
    """Return a JSON value whose texts can be sent as UTF-8: lone surrogates become U+FFFD."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode() if not value.isascii() else value
    if isinstance(value, Mapping):
        return {str(_clean(str(name))): _clean(each) for name, each in value.items()}
    return [_clean(each) for each in value] if isinstance(value, list | tuple) else value


def _lava(report: Report, dataset: Dataset) -> Json:
    run, data = report.run, _data(report)
    status, (state, state_word), (health, health_word) = STANDINGS[run.status]
    said: Json = {
        "id": run.uid,
        "status": status,
        "status_string": _status_word(report),
        "state": state,
        "state_string": state_word,
        "health": health,
        "health_string": health_word,
        "submit_time": _time(run.created_at),
        "start_time": _time(run.started_at),
        "end_time": _time(run.ended_at),
        "submitter_username": run.submitter,
        "submitter_email": run.submitter_email or None,
        "failure_comment": _failure(report),
        "priority": run.priority,
        "description": run.description or None,
        "actual_device_id": data.device,
        "definition": data.definition or None,
        "metadata": [
            {name: each if isinstance(each, str) else json.dumps(each)} for name, each in run.metadata.items()
        ],
        "health_check": data.is_health_check,
    }
    return said | _more(data, dataset)


def _more(data: CallbackData, dataset: Dataset) -> Json:
    more: Json = {}
    if dataset in (Dataset.LOGS, Dataset.ALL):
        more["log"] = data.log or ""
    if dataset in (Dataset.RESULTS, Dataset.ALL):
        more["results"] = dict(data.results or {})
    return more


def _ours(report: Report, dataset: Dataset) -> Json:
    run = report.run
    said: Json = {
        "event": "run.running" if report.event is Event.RUNNING else "run.ended",
        "run": {
            "uid": run.uid,
            "number": run.number,
            "service": run.service,
            "url": run.url,
            "status": run.status,
            "level": run.level,
            "verdict": run.verdict,
            "message": run.message,
            "submitter": run.submitter,
            "description": run.description,
            "priority": run.priority,
            "labels": list(run.labels),
            "metadata": dict(run.metadata),
            "created_at": _time(run.created_at),
            "started_at": _time(run.started_at),
            "ended_at": _time(run.ended_at),
            "duration_s": run.duration_s,
        },
        "devices": dict(report.device_counts),
        "cases": dict(report.case_counts),
        "failing": [_device(line) for line in report.failing],
        "failing_total": report.failing_total,
        "new_failing_total": report.new_failing_total,
        "failing_cases": [_case(line) for line in report.failing_cases],
        "failing_cases_total": report.failing_cases_total,
        "new_failing_cases_total": report.new_failing_cases_total,
        "fixed": list(report.fixed),
        "fixed_devices_total": report.fixed_devices_total,
        "fixed_cases_total": report.fixed_cases_total,
        "first_error": report.first_error or None,
        "is_first_run": report.is_first_run,
        "is_recovery": report.is_recovery,
        "definition": _data(report).definition or None,
    }
    return said | _more(_data(report), dataset)


def _device(line: DeviceLine) -> Json:
    named = ("name", "status", "message", "url", "since_number", "is_new", "step", "owner", "duration_s")
    return {name: getattr(line, name) for name in named}


def _case(line: CaseLine) -> Json:
    named = ("name", "result", "message", "url", "device", "since_number", "is_new", "measurement", "units")
    return {name: getattr(line, name) for name in named}
