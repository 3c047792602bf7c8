"""Which results did a device have, one after the other: consecutive equal ones are one version."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from webapp.domain.outcome import DeviceStatus
from webapp.store.models.inventory import DeviceRow, ServiceRow
from webapp.store.models.logs import LogRow
from webapp.store.models.results import DeviceResultRow
from webapp.store.models.runs import RunRow
from webapp.store.paging import Page, Position

# So many runs are looked at for one page of versions, and for the services of a device.
WINDOW = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionRun:
    """A run at one end of a version."""

    run_id: int
    uid: str
    number: int
    started_at: datetime | None
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultVersion:
    """What a device came to in consecutive runs of a service, with the same status and the same JSON result.

    Args:
        status: the status.
        blob_id: the JSON result, if there is one.
        runs: how many runs.
        first: the oldest of them.
        last: the newest of them.
        is_changed: whether the result is another one than the device had before; None when it had none before, or has
            none now.
        is_cut: more runs may belong to it than were looked at.
        has_log: the device has a log in the newest run.
    """

    status: DeviceStatus
    blob_id: int | None
    runs: int
    first: VersionRun
    last: VersionRun
    is_changed: bool | None
    is_cut: bool
    has_log: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceService:
    """A service, and in how many of its runs a device took part."""

    slug: str
    runs: int


_Fold = list[Row[int, str, int | None]]  # rows of one version, the newest run first


def page_versions(
    session: Session, *, device_id: int, service_id: int, before: Position | None = None, limit: int = 50
) -> Page[ResultVersion]:
    """Return the versions of a device's results in a service's runs, newest first.

    Args:
        session: a reading session.
        device_id: the device.
        service_id: the service.
        before: the `older` of the page before.
        limit: the greatest number of versions; there are fewer when they take more runs than are looked at.
    """
    result = DeviceResultRow
    statement = (
        select(result.run_id, result.status, result.blob_id)
        .join(RunRow, RunRow.id == result.run_id)
        .where(result.device_id == device_id, result.is_overall, RunRow.service_id == service_id)
    )
    if before is not None:
        statement = statement.where(result.run_id < before.id)
    rows = session.execute(statement.order_by(result.run_id.desc()).limit(WINDOW)).all()
    folds: list[_Fold] = [list(group) for _, group in groupby(rows, key=lambda row: (row.status, row.blob_id))]
    shown = folds[:limit]
    has_more = len(folds) > limit or len(rows) == WINDOW
    runs = _load_runs(session, device_id, {fold[end].run_id for fold in shown for end in (0, -1)})
    logged = _find_logged(session, device_id, [fold[0].run_id for fold in shown])
    items = [
        ResultVersion(
            status=DeviceStatus(fold[0].status),
            blob_id=fold[0].blob_id,
            runs=len(fold),
            first=runs[fold[-1].run_id],
            last=runs[fold[0].run_id],
            is_changed=_is_changed(fold[0].blob_id, folds[place + 1 :]),
            is_cut=len(rows) == WINDOW and fold is folds[-1],
            has_log=fold[0].run_id in logged,
        )
        for place, fold in enumerate(shown)
    ]
    return Page(items=items, older=Position(value=None, id=items[-1].first.run_id) if has_more else None)


def list_device_services(session: Session, *, device_id: int) -> list[DeviceService]:
    """Return the services in whose runs a device took part lately, the most frequent first."""
    newest = (
        select(DeviceResultRow.run_id)
        .where(DeviceResultRow.device_id == device_id, DeviceResultRow.is_overall)
        .order_by(DeviceResultRow.run_id.desc())
        .limit(WINDOW)
        .subquery()
    )
    count = func.count().label("runs")
    rows = session.execute(
        select(ServiceRow.slug, count)
        .join_from(newest, RunRow, RunRow.id == newest.c.run_id)
        .join(ServiceRow, ServiceRow.id == RunRow.service_id)
        .group_by(ServiceRow.slug)
        .order_by(count.desc(), ServiceRow.slug)
    )
    return [DeviceService(slug=slug, runs=runs) for slug, runs in rows]


def _is_changed(blob_id: int | None, earlier: Sequence[_Fold]) -> bool | None:
    """Hold a result against the last one before it; what has none in between changes nothing."""
    before = next((fold[0].blob_id for fold in earlier if fold[0].blob_id is not None), None)
    return None if blob_id is None or before is None else blob_id != before


def _load_runs(session: Session, device_id: int, run_ids: Iterable[int]) -> dict[int, VersionRun]:
    result = DeviceResultRow
    rows = session.execute(
        select(RunRow.id, RunRow.uid, RunRow.number, RunRow.started_at, result.message)
        .join(result, result.run_id == RunRow.id)
        .where(RunRow.id.in_(list(run_ids)), result.device_id == device_id, result.is_overall)
    )
    return {
        run_id: VersionRun(run_id=run_id, uid=uid, number=number, started_at=started_at, message=message)
        for run_id, uid, number, started_at, message in rows
    }


def _find_logged(session: Session, device_id: int, run_ids: Sequence[int]) -> set[int]:
    """Return those of the runs in which a device has a log."""
    name = select(DeviceRow.name).where(DeviceRow.id == device_id).scalar_subquery()
    return set(session.scalars(select(LogRow.run_id).where(LogRow.run_id.in_(run_ids), LogRow.stream == name)))
