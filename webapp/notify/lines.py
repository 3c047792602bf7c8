"""How does each device and case stand in a report: its line, with what was said of it and since when it fails?"""

from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import quote, urlencode

import msgspec

from webapp.compare.runs import Comparison, ShownChange
from webapp.domain.changes import Change
from webapp.domain.outcome import CaseResult, DeviceStatus
from webapp.notify.changes import NEW, failing, find_changes, shown
from webapp.notify.report import CaseLine, DeviceLine, Report
from webapp.notify.selecting import find_previous
from webapp.store.blobs import get_blob
from webapp.store.db import Session
from webapp.store.runs import Run, list_steps
from webapp.store.suites import find_measurements, find_owner_names

MAX_STEPS = 50
MAX_RESULT = 4_000
MAX_RESULT_BYTES = 1 << 20


def device_lines(
    session: Session, report: Report, comparison: Comparison, changes: Sequence[Change], *, with_results: bool = False
) -> tuple[DeviceLine, ...]:
    """Return the lines of some devices, in their order; the new ones first, each kind by name."""
    found = shown(session, comparison, changes)
    owners = find_owner_names(session, [each.change.key[0] for each in found])
    lines = [_device_line(report, comparison, each, owners.get(each.change.key[0])) for each in found]
    if with_results:
        lines = [_with_result(session, line, each) for line, each in zip(lines, found, strict=True)]
    return tuple(sorted(lines, key=lambda line: (not line.is_new, line.name)))


def case_lines(
    session: Session, report: Report, comparison: Comparison, changes: Sequence[Change]
) -> tuple[CaseLine, ...]:
    """Return the lines of some cases; the new ones first, each kind by suite and name."""
    found = shown(session, comparison, changes)
    values = find_measurements(session, run_id=comparison.b.run.id, keys=[each.change.key for each in found])
    lines = []
    for each in found:
        measurement, units = values.get(each.change.key, (None, ""))
        number, url = _since(report, each)
        lines.append(
            CaseLine(
                name=f"{each.subject.suite}/{each.subject.name}" if each.subject.suite else each.subject.name,
                result=CaseResult(each.change.b.word) if each.change.b is not None else CaseResult.UNKNOWN,
                url=f"{report.run.url}?{urlencode({'result': 'fail'})}",
                device=each.subject.device or "",
                message=each.b.message,
                measurement=measurement,
                units=units,
                since_number=number,
                since_url=url,
                is_new=_is_new(comparison, each.change),
            )
        )
    return tuple(sorted(lines, key=lambda line: (not line.is_new, line.name, line.device)))


def step_lines(session: Session, report: Report, run: Run, *, room: int) -> tuple[DeviceLine, ...]:
    """Return the failing devices of a workflow's steps, each with its step's name."""
    lines: list[DeviceLine] = []
    for step in list_steps(session, run.id)[:MAX_STEPS]:
        if len(lines) >= room:
            break
        changes = find_changes(session, step, find_previous(session, step, None, now=step.last_seen_at))
        url = f"{report.server_url}/runs/{quote(step.uid, safe='')}"
        of_step = replace(report, run=replace(report.run, uid=step.uid, url=url, number=step.number))
        found = device_lines(session, of_step, changes.devices, failing(changes.devices)[: room - len(lines)])
        lines += [replace(line, step=step.parent_step or step.service) for line in found]
    return tuple(lines)


def _device_line(report: Report, comparison: Comparison, each: ShownChange, owner: str | None) -> DeviceLine:
    name = each.subject.device or ""
    number, url = _since(report, each)
    b = each.change.b
    return DeviceLine(
        name=name,
        status=DeviceStatus(b.word) if b is not None else DeviceStatus.LOST,
        url=f"{report.run.url}?{urlencode({'device': name})}",
        message=each.b.message,
        since_number=number,
        since_url=url,
        is_new=_is_new(comparison, each.change),
        owner=owner,
        duration_s=each.b.duration_s,
    )


def _since(report: Report, each: ShownChange) -> tuple[int | None, str]:
    if each.since is None:
        return None, ""
    return each.since.number, f"{report.server_url}/runs/{quote(each.since.uid, safe='')}"


def _is_new(comparison: Comparison, change: Change) -> bool:
    """Say whether something fails that did not before; in a service's first run nothing is new."""
    return change.kind in NEW and comparison.a is not None


def _with_result(session: Session, line: DeviceLine, each: ShownChange) -> DeviceLine:
    content = each.change.b.content if each.change.b is not None else None
    if content is None:
        return line
    text = msgspec.json.format(get_blob(session, content)[:MAX_RESULT_BYTES], indent=2).decode(errors="replace")
    return replace(line, result=text if len(text) <= MAX_RESULT else f"{text[:MAX_RESULT]}\n[cut]")
