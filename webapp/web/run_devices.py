"""Which devices of a run are listed, which one is selected, and what is there to see of it?"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from flask import request

from webapp.domain.outcome import DEVICE_FAILURE, DEVICE_SUCCESS, DeviceStatus
from webapp.query.editing import with_term
from webapp.query.expressions import Expression, conjunction
from webapp.query.fields import View
from webapp.store.blobs import get_blob
from webapp.store.db import Session
from webapp.store.history import DeviceVersion, device_history
from webapp.store.logs import find_log, line_count
from webapp.store.paging import Page, write_position
from webapp.store.recent import recent_statuses
from webapp.store.results import (
    DeviceResult,
    count_device_statuses,
    find_device_result,
    list_device_attempts,
    page_device_results,
)
from webapp.web.filters import Filter, read_filter, understand
from webapp.web.paging import here, read_before
from webapp.web.run_section import Section
from webapp.web.run_variants import ShownVariants, read_variants

PAGE_ROWS = 300
# Up to this size a result is also on the page as text, for readers without scripts and for print.
PLAIN_RESULT = 256 * 1024
SHOWS = ("result", "log", "history")


@dataclass(frozen=True, slots=True, kw_only=True)
class Devices:
    """The list of devices.

    Args:
        filter: the filter of the list.
        page: its rows.
        history: the statuses of each listed device in the last runs, oldest first, by device id.
        counts: how many devices of the section have each status, before the status filter.
        chips: the counts as filters.
        older: the address of the next page, or empty.
        views: the choice of how they are listed: each by itself, or by results.
        variants: the devices by results, when the address asks for that; they are listed unless one is chosen.
    """

    filter: Filter
    page: Page[DeviceResult]
    history: Mapping[int, list[str]]
    counts: Mapping[str, int]
    chips: list[dict[str, Any]]
    older: str
    views: list[dict[str, Any]]
    variants: ShownVariants | None

    @property
    def status(self) -> int:
        """Return the HTTP status of a page with this list."""
        return self.filter.status

    @property
    def first(self) -> str:
        """Return the name of the first device that is listed, or empty."""
        if self.variants is not None and self.variants.is_listed:
            return self.variants.first
        return self.page.items[0].device if self.page.items else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """The selected device: its result, the tabs, and what the open tab shows."""

    result: DeviceResult
    show: str
    tabs: list[dict[str, Any]]
    attempts: list[DeviceResult]
    text: str
    log_lines: int | None
    history: Page[DeviceVersion] | None


def read_devices(session: Session, section: Section, *, only: Expression) -> Devices:
    """Return the devices that the address asks for.

    Args:
        session: a reading session.
        section: the section of the run. In the address `q` is the filter, `status` one status or group.
        only: the rows that other parts of the page leave.
    """
    found = read_filter(View.RESULTS)
    page: Page[DeviceResult] = Page(items=[])
    counts: dict[str, int] = {}
    variants: ShownVariants | None = None
    if found.fault is None:
        status = request.args.get("status", "")
        narrowed = understand(with_term(found.text, "status", status) if status else found.text, View.RESULTS)
        counts = count_device_statuses(
            session, run_id=section.run.id, attempt=section.attempt, where=conjunction([only, found.tree])
        )
        where = conjunction([only, narrowed.tree])
        if narrowed.fault is not None:
            found = narrowed
        else:
            variants = read_variants(session, section, where=where)
        if narrowed.fault is None and (variants is None or not variants.is_listed):
            page = page_device_results(
                session,
                run_id=section.run.id,
                attempt=section.attempt,
                where=conjunction([where, variants.devices]) if variants else where,
                before=read_before(),
                limit=PAGE_ROWS,
            )
    ids = [item.device_id for item in page.items]
    by_result = "result" if request.args.get("by") == "result" else ""
    return Devices(
        filter=found,
        page=page,
        history=recent_statuses(session, run=section.run, device_ids=ids) if ids else {},
        counts=counts,
        chips=_chips(counts),
        older=here(before=write_position(page.older)) if page.older else "",
        views=[
            {"title": title, "url": here(by=by, same=None, before=None, device=None), "current": by == by_result}
            for title, by in (("Devices", ""), ("Same results", "result"))
        ],
        variants=variants,
    )


def read_panel(session: Session, section: Section, devices: Devices) -> Panel | None:
    """Return the selected device, the first of the list when the address names none."""
    name = request.args.get("device", "") or devices.first
    if not name:
        return None
    run_id = section.run.id
    result = find_device_result(session, run_id=run_id, device=name, attempt=section.attempt)
    result = result or find_device_result(session, run_id=run_id, device=name, attempt=None)
    if result is None:
        return None
    log = find_log(session, run_id=run_id, stream=name)
    lines = None if log is None else line_count(log)
    show = request.args.get("show", "result")
    show = show if show in SHOWS and (show != "log" or log is not None) else "result"
    history = None
    if show == "history":
        history = device_history(session, device_id=result.device_id, service_id=section.run.service_id, limit=30)
    return Panel(
        result=result,
        show=show,
        tabs=_tabs(name, show, lines),
        attempts=list_device_attempts(session, run_id=run_id, device_id=result.device_id),
        text=_plain(session, result) if show == "result" else "",
        log_lines=lines,
        history=history,
    )


def _chips(counts: Mapping[str, int]) -> list[dict[str, Any]]:
    """Return all, failed and successful devices as filters, and single statuses where a group has several."""
    wanted = request.args.get("status", "")
    chips: list[dict[str, Any]] = [_chip("all", sum(counts.values()), "", is_current=not wanted)]
    for label, value, group, word in (
        ("failed", "failure", DEVICE_FAILURE, "failed"),
        ("success", "success", DEVICE_SUCCESS, "ok"),
    ):
        found = [status for status in DeviceStatus if status in group and counts.get(status)]
        total = sum(counts[status] for status in found)
        chips.append(_chip(label, total, value, is_current=wanted == value, word=word))
        if len(found) > 1 or wanted in found:
            chips.extend(_of_status(status, counts, wanted) for status in found)
    others = [status for status in DeviceStatus if status not in DEVICE_FAILURE | DEVICE_SUCCESS]
    chips.extend(_of_status(status, counts, wanted) for status in others if counts.get(status))
    return chips


def _of_status(status: DeviceStatus, counts: Mapping[str, int], wanted: str) -> dict[str, Any]:
    return _chip(f"only {status}", counts.get(status, 0), status, is_current=wanted == status, word=status)


def _chip(label: str, count: int, value: str, *, is_current: bool, word: str = "") -> dict[str, Any]:
    url = here(status=value, before=None, device=None)
    return {"label": label, "count": count, "url": url, "current": is_current, "word": word}


def _tabs(name: str, show: str, lines: int | None) -> list[dict[str, Any]]:
    tabs = [{"title": "Result", "url": here(device=name, show=None), "current": show == "result"}]
    if lines is not None:
        tabs.append({"title": "Log", "url": here(device=name, show="log"), "current": show == "log", "count": lines})
    tabs.append({"title": "History", "url": here(device=name, show="history"), "current": show == "history"})
    return tabs


def _plain(session: Session, result: DeviceResult) -> str:
    """Return a small result as indented JSON; numbers stand as they were sent."""
    if result.blob_id is None or result.size is None or result.size > PLAIN_RESULT:
        return ""
    return msgspec.json.format(get_blob(session, result.blob_id), indent=2).decode()
