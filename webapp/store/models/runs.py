"""The tables of runs: the run, its attempts, streams, labels, attachments and the texts it was started with."""

from datetime import datetime
from typing import Any

from sqlalchemy import Float, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from webapp.store.models.tables import Base, BigKey


class RunRow(Base):
    """One execution of a service; the counts are those of the overall section.

    `touched_at` moves with every change and is what live pages watch.
    """

    __tablename__ = "run"
    __table_args__ = (
        UniqueConstraint("service_id", "number"),
        UniqueConstraint("service_id", "external_key"),
        Index(None, "service_id", "id"),
        Index(None, "status", "id"),
        Index(None, "level", "id"),
        Index(None, "service_id", "status", "id"),
        Index(None, "service_id", "level", "id"),
        Index(None, "submitter_id", "id"),
        Index(None, "trigger", "id"),
        Index(None, "parent_run_id", "id"),
        Index(None, "started_at", "id"),
        Index(None, "ended_at", "id"),
        Index(None, "touched_at"),
        Index(None, "number", "id"),
        Index(None, "external_key"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    uid: Mapped[str] = mapped_column(String(36), unique=True)
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id", ondelete="CASCADE"))
    number: Mapped[int] = mapped_column(BigKey)
    external_key: Mapped[str | None] = mapped_column(String(255))
    parent_run_id: Mapped[int | None] = mapped_column(ForeignKey("run.id", ondelete="SET NULL"))
    parent_step: Mapped[str] = mapped_column(String(255), default="")
    submitter_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"))
    trigger: Mapped[str] = mapped_column(String(255), default="")
    host: Mapped[str] = mapped_column(String(255), default="")
    status: Mapped[str] = mapped_column(String(16))
    level: Mapped[str | None] = mapped_column(String(16))
    message: Mapped[str] = mapped_column(Text, default="")
    priority: Mapped[int] = mapped_column(default=50)
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    last_seen_at: Mapped[datetime]
    touched_at: Mapped[datetime]
    duration_s: Mapped[float | None] = mapped_column(Float)
    attempts: Mapped[int] = mapped_column(default=0)
    planned_devices: Mapped[int | None]
    planned_cases: Mapped[int | None]
    device_counts: Mapped[dict[str, int]]
    case_counts: Mapped[dict[str, int]]
    flaky_devices: Mapped[int] = mapped_column(default=0)
    log_warnings: Mapped[int] = mapped_column(BigKey, default=0)
    log_errors: Mapped[int] = mapped_column(BigKey, default=0)
    late_events: Mapped[int] = mapped_column(BigKey, default=0)
    cancel_requested_at: Mapped[datetime | None]


class RunDetailRow(Base):
    """What a run was started with, and what only its own page shows."""

    __tablename__ = "run_detail"

    run_id: Mapped[int] = mapped_column(BigKey, ForeignKey("run.id", ondelete="CASCADE"), primary_key=True)
    parameters: Mapped[dict[str, Any]]
    details: Mapped[dict[str, Any]] = mapped_column("metadata")
    environment: Mapped[dict[str, Any]]
    notify: Mapped[dict[str, Any] | None]
    definition: Mapped[str] = mapped_column(Text, default="")


class RunLabelRow(Base):
    """One label of a run."""

    __tablename__ = "run_label"
    __table_args__ = (Index(None, "label", "run_id"),)

    run_id: Mapped[int] = mapped_column(BigKey, ForeignKey("run.id", ondelete="CASCADE"), primary_key=True)
    label: Mapped[str] = mapped_column(String(255), primary_key=True)


class RunStreamRow(Base):
    """How far a reporter's stream of events is stored; it moves in the transaction of the events themselves."""

    __tablename__ = "run_stream"

    run_id: Mapped[int] = mapped_column(BigKey, ForeignKey("run.id", ondelete="CASCADE"), primary_key=True)
    stream: Mapped[str] = mapped_column(String(255), primary_key=True)
    seq: Mapped[int] = mapped_column(BigKey)


class AttemptRow(Base):
    """One attempt of a run, with the counts of its own section."""

    __tablename__ = "attempt"

    run_id: Mapped[int] = mapped_column(BigKey, ForeignKey("run.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    reason: Mapped[str] = mapped_column(String(16))
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    device_counts: Mapped[dict[str, int]]
    case_counts: Mapped[dict[str, int]]


class AttachmentRow(Base):
    """A file handed in with a run."""

    __tablename__ = "attachment"

    run_id: Mapped[int] = mapped_column(BigKey, ForeignKey("run.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(String(255), primary_key=True)
    blob_id: Mapped[int] = mapped_column(BigKey, ForeignKey("blob.id"), index=True)
    content_type: Mapped[str] = mapped_column(String(255))
    added_at: Mapped[datetime]
