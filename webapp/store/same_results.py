"""Which devices of a run have the same JSON result?"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from webapp.domain.outcome import DEVICE_FAILURE
from webapp.query.expressions import EVERYTHING, Expression
from webapp.query.fields import View
from webapp.store.blobs import unpack
from webapp.store.filtering import translate
from webapp.store.models.blobs import BlobRow
from webapp.store.models.inventory import DeviceRow
from webapp.store.models.results import DeviceResultRow
from webapp.store.results import of_section
from webapp.store.statements import in_chunks

# So many of a group's devices are named.
NAMES = 5
_READ_AT_ONCE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class SameResult:
    """Devices with one result.

    Args:
        blob_id: the result; None for devices that have none.
        digest: what the result is addressed by, the same for equal results; empty without one.
        size: its bytes.
        count: how many devices have it.
        failed: how many of them failed.
        names: the first of them by name.
    """

    blob_id: int | None
    digest: bytes
    size: int
    count: int
    failed: int
    names: tuple[str, ...]


def list_same_results(
    session: Session, *, run_id: int, attempt: int | None, where: Expression = EVERYTHING
) -> list[SameResult]:
    """Return the selected devices of a section by their results, in the order of their first names."""
    result = DeviceResultRow
    fails = case((result.status.in_(sorted(DEVICE_FAILURE)), 1), else_=0)
    ranked = (
        select(
            result.blob_id,
            DeviceRow.name,
            func.count().over(partition_by=result.blob_id).label("devices"),
            func.sum(fails).over(partition_by=result.blob_id).label("failed"),
            func.row_number().over(partition_by=result.blob_id, order_by=DeviceRow.name).label("place"),
        )
        .join(DeviceRow, DeviceRow.id == result.device_id)
        .where(of_section(result, run_id, attempt), *translate(session, where, View.RESULTS).clauses)
        .subquery()
    )
    rows = session.execute(
        select(ranked.c.blob_id, BlobRow.digest, BlobRow.size, ranked.c.devices, ranked.c.failed, ranked.c.name)
        .outerjoin(BlobRow, BlobRow.id == ranked.c.blob_id)
        .where(ranked.c.place <= NAMES)
        .order_by(ranked.c.name)
    )
    names: dict[int | None, list[str]] = {}
    facts: dict[int | None, tuple[bytes, int, int, int]] = {}
    for blob_id, digest, size, count, failed, name in rows:
        names.setdefault(blob_id, []).append(name)
        facts[blob_id] = (bytes(digest or b""), size or 0, count, failed)
    return [
        SameResult(blob_id=blob_id, digest=digest, size=size, count=count, failed=failed, names=tuple(names[blob_id]))
        for blob_id, (digest, size, count, failed) in facts.items()
    ]


def iterate_results(session: Session, blob_ids: Sequence[int]) -> Iterator[tuple[int, bytes]]:
    """Yield these contents, some dozens in memory at a time."""
    for chunk in in_chunks(blob_ids, _READ_AT_ONCE):
        rows = session.execute(select(BlobRow.id, BlobRow.size, BlobRow.data).where(BlobRow.id.in_(chunk)))
        for blob_id, size, data in rows:
            yield blob_id, unpack(data, size=size)
