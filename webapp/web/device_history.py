"""What is shown of a device's history: the versions of its results in one service, or every run?"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, request

from webapp.store.db import Session
from webapp.store.history import DeviceVersion, device_history
from webapp.store.inventory import Device, Service, find_service
from webapp.store.paging import Page, Position, write_position
from webapp.store.versions import DeviceService, ResultVersion, list_device_services, page_versions
from webapp.web.paging import Pager, here, pager_of, read_before

blueprint = Blueprint("device_history", __name__)

STRIP_RUNS = 40
PAGE_ROWS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """A device's history.

    Args:
        views: the choice between versions and runs.
        services: the choice of a service; nothing when the device took part in one alone.
        service: the chosen service; every one without.
        versions: the versions of its results, when those are listed.
        runs: its results run by run, when those are listed.
        pager: the addresses of the neighbouring pages.
        words: what it came to in the newest of these runs, the oldest of them first.
    """

    views: list[dict[str, Any]]
    services: list[dict[str, Any]]
    service: str
    versions: Sequence[ResultVersion] | None
    runs: Sequence[DeviceVersion] | None
    pager: Pager
    words: list[str]

    @property
    def commit_runs(self) -> list[int]:
        """Return the runs whose commits are linked: each listed one, or the first one of each version."""
        return [run.run_id for run in self.runs or ()] + [version.first.run_id for version in self.versions or ()]


def read_history(session: Session, device: Device) -> History:
    """Return the history that the address asks for.

    Without `show=runs` the versions of results are listed, of the service that the device took part in last unless
    `service` names another one. With it every run is, of every service without a name.
    """
    shows_runs = request.args.get("show") == "runs"
    name = request.args.get("service", "") or ("" if shows_runs else device.last_service or "")
    service = find_service(session, name) if name else None
    versions: Page[ResultVersion] = Page(items=[])
    runs: Page[DeviceVersion] = Page(items=[])
    if shows_runs:
        service_id = None if service is None else service.id
        runs = device_history(
            session, device_id=device.id, service_id=service_id, before=read_before(), limit=PAGE_ROWS
        )
        words = [str(run.status) for run in runs.items[:STRIP_RUNS]]
    else:
        if service is not None:
            versions = page_versions(session, device_id=device.id, service_id=service.id, before=read_before())
        words = [str(version.status) for version in versions.items for _ in range(version.runs)][:STRIP_RUNS]
    return History(
        views=_views(shows_runs=shows_runs),
        services=_services(list_device_services(session, device_id=device.id), service, shows_runs=shows_runs),
        service="" if service is None else service.slug,
        versions=None if shows_runs else versions.items,
        runs=runs.items if shows_runs else None,
        pager=pager_of(runs if shows_runs else versions),
        words=words[::-1],
    )


def _views(*, shows_runs: bool) -> list[dict[str, Any]]:
    return [
        {"title": "Versions", "url": here(show=None, before=None), "current": not shows_runs},
        {"title": "Every run", "url": here(show="runs", before=None), "current": shows_runs},
    ]


def _services(found: Sequence[DeviceService], chosen: Service | None, *, shows_runs: bool) -> list[dict[str, Any]]:
    if len(found) < 2:
        return []
    slug = "" if chosen is None else chosen.slug
    every = [{"label": "All services", "url": here(service=None, before=None), "current": not slug}]
    return (every if shows_runs else []) + [
        {
            "label": each.slug,
            "url": here(service=each.slug, before=None),
            "count": each.runs,
            "current": each.slug == slug,
        }
        for each in found
    ]


@blueprint.app_template_global("runs_of_version")
def runs_of_version(version: ResultVersion, service: str) -> str:
    """Return the address that lists each run of a version."""
    before = Position(value=None, id=version.last.run_id + 1)
    return here(show="runs", service=service, before=write_position(before))
