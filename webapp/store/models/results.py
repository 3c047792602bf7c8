"""The tables of results: one row a device and attempt, one row a reported case."""

from datetime import datetime

from sqlalchemy import Float, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from webapp.store.models.tables import Base, BigKey


class DeviceResultRow(Base):
    """What one device came to in one attempt; `is_overall` marks the row of its highest attempt.

    `case_counts` counts the device's cases of that attempt, from which its status follows unless it is given.
    """

    __tablename__ = "device_result"
    __table_args__ = (
        UniqueConstraint("run_id", "attempt", "device_id"),
        Index(None, "run_id", "is_overall", "status", "device_id"),
        Index(None, "device_id", "run_id"),
        Index(None, "blob_id"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("run.id", ondelete="CASCADE"))
    device_id: Mapped[int] = mapped_column(ForeignKey("device.id"))
    attempt: Mapped[int]
    is_overall: Mapped[bool]
    status: Mapped[str] = mapped_column(String(16))
    is_given: Mapped[bool]
    raw_status: Mapped[str] = mapped_column(String(255), default="")
    message: Mapped[str] = mapped_column(Text, default="")
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    duration_s: Mapped[float | None] = mapped_column(Float)
    case_counts: Mapped[dict[str, int] | None]
    blob_id: Mapped[int | None] = mapped_column(ForeignKey("blob.id"))


class CaseResultRow(Base):
    """What one report of a test case said; `is_overall` marks the last report of its highest attempt.

    A case reported twice in one attempt keeps both rows, the later one counts.
    """

    __tablename__ = "case_result"
    __table_args__ = (
        Index(None, "run_id", "is_overall", "result", "id"),
        Index(None, "run_id", "test_case_id", "device_id"),
        Index(None, "run_id", "device_id"),
        Index(None, "test_case_id", "run_id"),
        Index(None, "blob_id"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("run.id", ondelete="CASCADE"))
    test_case_id: Mapped[int] = mapped_column(ForeignKey("test_case.id"))
    device_id: Mapped[int | None] = mapped_column(ForeignKey("device.id"))
    attempt: Mapped[int]
    is_overall: Mapped[bool]
    result: Mapped[str] = mapped_column(String(8))
    raw_result: Mapped[str] = mapped_column(String(255), default="")
    message: Mapped[str] = mapped_column(Text, default="")
    measurement: Mapped[float | None] = mapped_column(Float)
    units: Mapped[str] = mapped_column(String(255), default="")
    started_at: Mapped[datetime | None]
    duration_s: Mapped[float | None] = mapped_column(Float)
    blob_id: Mapped[int | None] = mapped_column(ForeignKey("blob.id"))
