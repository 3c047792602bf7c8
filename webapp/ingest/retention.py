"""What is forgotten: runs older than their service wants them, and contents that nothing refers to."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from webapp.domain.compare_options import read_compare_options
from webapp.store.db import reading, writing
from webapp.store.retention import (
    ServiceOptions,
    find_old_runs,
    find_unreferenced,
    list_service_options,
    remove_runs,
    remove_unreferenced,
)

OPTION = "retention_days"
MAX_DAYS = 36_500
RUNS_A_STEP = 20
BLOBS_A_LOOK = 2_000
BLOBS_A_STEP = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """How much was removed."""

    runs: int
    blobs: int


def forget(now: datetime, *, days: int = 0) -> Forgotten:
    """Remove what is too old in small transactions, so that reports and pages hardly wait.

    Args:
        now: the moment.
        days: how long an ended run is kept where its service has no option `retention_days`; 0 is for ever.
    """
    with reading() as session:
        services = list_service_options(session)
    runs = sum(_forget_runs(service, now=now, days=kept_days(service, days)) for service in services)
    return Forgotten(runs=runs, blobs=_forget_blobs())


def kept_days(service: ServiceOptions, days: int) -> int:
    """Return how many days the runs of a service are kept; 0 is for ever."""
    own = service.options.get(OPTION)
    if isinstance(own, int) and not isinstance(own, bool) and own >= 0:
        return min(own, MAX_DAYS)
    return days


def _forget_runs(service: ServiceOptions, *, now: datetime, days: int) -> int:
    """Remove the old runs of a service; the one that is pinned as its baseline stays."""
    removed, pinned = 0, read_compare_options(service.options).pinned
    while days:
        before = now - timedelta(days=days)
        with writing() as session:
            run_ids = find_old_runs(session, service_id=service.id, before=before, kept_uid=pinned, limit=RUNS_A_STEP)
            if not run_ids:
                break
            remove_runs(session, run_ids)
            removed += len(run_ids)
    return removed


def _forget_blobs() -> int:
    removed, after = 0, 0
    while True:
        with reading() as session:
            blob_ids, following = find_unreferenced(session, after=after, limit=BLOBS_A_LOOK)
        for start in range(0, len(blob_ids), BLOBS_A_STEP):
            with writing() as session:
                removed += remove_unreferenced(session, blob_ids[start : start + BLOBS_A_STEP])
        if following is None:
            return removed
        after = following
