"""What changed in a run, as it was found at its end: the baseline, the counts, and every change."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec
import zstandard
from sqlalchemy import Row, Select, delete, select, update
from sqlalchemy.orm import Session, aliased

from webapp.domain.changes import Change, ChangeClass, Outcome
from webapp.store.models.comparisons import RunChangeRow, RunComparisonRow
from webapp.store.models.inventory import ServiceRow
from webapp.store.models.runs import RunRow
from webapp.store.models.tables import MICROSECOND
from webapp.store.statements import insert_rows, table_of

LEVEL = 3
MAX_CHANGES = 20_000  # the worst are kept, of devices and of cases
WATCHED = timedelta(hours=1)

_CHANGE = table_of(RunChangeRow)
_Baseline = aliased(RunRow)


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineName:
    """The run that another one was compared with."""

    id: int
    uid: str
    service: str
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredComparison:
    """What a run was compared with at its end, and how much of each class of change was found.

    Args:
        run_id: the run.
        baseline: the run it was compared with; None when there was none, or when that run was removed.
        word: which baseline it is: `previous`, `last-ok`, `pinned`, `query:<owner>/<name>`; `first` for no baseline.
        reason: the same for people.
        is_partial: the rules of the service were not applied to every changed result, for lack of time.
        rules_key: stands for those rules.
        devices: how many devices have each class; every class is there.
        cases: the same of test cases.
    """

    run_id: int
    baseline: BaselineName | None
    word: str
    reason: str
    is_partial: bool
    rules_key: bytes
    devices: Mapping[ChangeClass, int]
    cases: Mapping[ChangeClass, int]

    def count(self, *kinds: ChangeClass) -> int:
        """Return how many devices and cases have one of the classes."""
        return sum(self.devices[kind] + self.cases[kind] for kind in kinds)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewComparison:
    """A comparison to be stored, as `StoredComparison` explains it."""

    run_id: int
    baseline_id: int | None
    word: str
    reason: str
    is_partial: bool
    rules_key: bytes
    devices: Mapping[ChangeClass, int]
    cases: Mapping[ChangeClass, int]
    changed_devices: Sequence[Change]
    changed_cases: Sequence[Change]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredChanges:
    """Everything of a run that was not the same, worst first."""

    devices: Sequence[Change]
    cases: Sequence[Change]


_Packed = tuple[int, int, ChangeClass, str | None, Outcome | None, Outcome | None]


class _Kept(msgspec.Struct, frozen=True):
    devices: list[_Packed]
    cases: list[_Packed]


def save_comparison(session: Session, new: NewComparison, *, now: datetime) -> bool:
    """Store what changed in a run, in place of what was stored before; say whether the run is still there.

    Pages that show the run, or a list with it, notice.
    """
    locked = select(RunRow.touched_at).where(RunRow.id == new.run_id).with_for_update()
    touched_at = session.scalar(locked)
    if touched_at is None:
        return False
    session.execute(delete(RunComparisonRow).where(RunComparisonRow.run_id == new.run_id))
    names = ("run_id", "baseline_id", "word", "reason", "is_partial", "rules_key")
    values = {name: getattr(new, name) for name in names}
    packed = zstandard.ZstdCompressor(level=LEVEL).compress(
        msgspec.json.encode(_Kept(devices=_pack(new.changed_devices), cases=_pack(new.changed_cases)))
    )
    session.add(RunComparisonRow(**values, made_at=now, changes=packed))
    session.flush()
    counted = [(kind, new.devices[kind], new.cases[kind]) for kind in ChangeClass]
    rows = [
        {"run_id": new.run_id, "kind": kind.value, "devices": devices, "cases": cases}
        for kind, devices, cases in counted
        if devices or cases
    ]
    insert_rows(session, _CHANGE, rows)
    if now - touched_at < WATCHED:
        moved = max(now, touched_at + MICROSECOND)
        session.execute(update(RunRow).where(RunRow.id == new.run_id).values(touched_at=moved))
    return True


def find_comparison(session: Session, run_id: int) -> StoredComparison | None:
    """Return what was found to have changed in a run, or None when it was not compared yet."""
    return find_comparisons(session, [run_id]).get(run_id)


def find_comparisons(session: Session, run_ids: Collection[int]) -> dict[int, StoredComparison]:
    """Return the same of several runs, at most some hundreds, by the run's id."""
    counts: dict[int, dict[str, tuple[int, int]]] = {}
    columns = (RunChangeRow.run_id, RunChangeRow.kind, RunChangeRow.devices, RunChangeRow.cases)
    for run_id, kind, devices, cases in session.execute(select(*columns).where(RunChangeRow.run_id.in_(run_ids))):
        counts.setdefault(run_id, {})[kind] = (devices, cases)
    rows = session.execute(_select().where(RunComparisonRow.run_id.in_(run_ids)))
    return {row.run_id: _stored(row, counts.get(row.run_id, {})) for row in rows}


def load_changes(session: Session, run_id: int) -> StoredChanges:
    """Return everything that is not the same in a run that was compared, worst first."""
    packed = session.scalar(select(RunComparisonRow.changes).where(RunComparisonRow.run_id == run_id))
    if packed is None:
        return StoredChanges(devices=(), cases=())
    kept = msgspec.json.decode(zstandard.ZstdDecompressor().decompress(bytes(packed)), type=_Kept)
    return StoredChanges(devices=_unpack(kept.devices), cases=_unpack(kept.cases))


def _pack(changes: Sequence[Change]) -> list[_Packed]:
    return [(*change.key, change.kind, change.base, change.a, change.b) for change in changes[:MAX_CHANGES]]


def _unpack(packed: list[_Packed]) -> list[Change]:
    return [Change(key=(first, second), kind=kind, base=base, a=a, b=b) for first, second, kind, base, a, b in packed]


def _select() -> Select[*tuple[object, ...]]:
    row = RunComparisonRow
    return (
        select(
            *(row.run_id, row.word, row.reason, row.is_partial, row.rules_key, row.baseline_id),
            *(_Baseline.uid, _Baseline.number, ServiceRow.slug.label("service")),
        )
        .outerjoin(_Baseline, _Baseline.id == row.baseline_id)
        .outerjoin(ServiceRow, ServiceRow.id == _Baseline.service_id)
    )


def _stored(row: Row[*tuple[object, ...]], counts: Mapping[str, tuple[int, int]]) -> StoredComparison:
    name = None
    if row.baseline_id is not None:
        name = BaselineName(id=row.baseline_id, uid=row.uid, service=row.service, number=row.number)
    return StoredComparison(
        run_id=row.run_id,
        baseline=name,
        word=row.word,
        reason=row.reason,
        is_partial=row.is_partial,
        rules_key=bytes(row.rules_key),
        devices={kind: counts.get(kind.value, (0, 0))[0] for kind in ChangeClass},
        cases={kind: counts.get(kind.value, (0, 0))[1] for kind in ChangeClass},
    )
