"""The tables of notices: what is still to be done, what became of each message, and who wants to hear."""

from datetime import datetime
from typing import Any

from sqlalchemy import Float, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from webapp.store.models.tables import Base, BigKey


class OutboxRow(Base):
    """One thing to be done: an event to be planned, or a delivery to be made; it is removed when it is done.

    Things of one lane compete for the same slots; those of one `order_key` are done one after another, if they have
    one. `is_suspect` marks those that wait because the lane's last try failed.
    """

    __tablename__ = "outbox"
    __table_args__ = (Index(None, "state", "next_at"), Index(None, "lane", "state"))

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    run_id: Mapped[int] = mapped_column(BigKey, ForeignKey("run.id", ondelete="CASCADE"), index=True)
    event: Mapped[str] = mapped_column(String(16))
    delivery_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("delivery.id", ondelete="CASCADE"), unique=True)
    lane: Mapped[str] = mapped_column(String(255))
    order_key: Mapped[str | None] = mapped_column(String(64), index=True)
    is_suspect: Mapped[bool] = mapped_column(default=False)
    state: Mapped[str] = mapped_column(String(16))
    attempts: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime]
    token: Mapped[str | None] = mapped_column(String(32))
    lease_until: Mapped[datetime | None]
    fault: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime]


class DeliveryRow(Base):
    """One message of one event to one target; the same target by any route is told once.

    `source` says whose configuration sends it: `handler:NAME`, `destination:NAME`, or the settings when it is empty.
    """

    __tablename__ = "delivery"
    __table_args__ = (
        UniqueConstraint("run_id", "event", "channel", "target_key"),
        Index(None, "state", "id"),
        Index(None, "channel", "id"),
        Index(None, "channel", "target_key", "thread_key"),
        Index(None, "finished_at"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    uid: Mapped[str] = mapped_column(String(36), unique=True)
    run_id: Mapped[int] = mapped_column(BigKey, ForeignKey("run.id", ondelete="CASCADE"))
    event: Mapped[str] = mapped_column(String(16))
    channel: Mapped[str] = mapped_column(String(64))
    route: Mapped[str] = mapped_column(String(255))
    source: Mapped[str] = mapped_column(String(255), default="")
    target: Mapped[dict[str, Any]]
    target_key: Mapped[str] = mapped_column(String(64))
    to: Mapped[str] = mapped_column(Text)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"), index=True)
    wants: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(Text, default="")
    attempts: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    next_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    payload: Mapped[str | None] = mapped_column(Text)
    thread_key: Mapped[str] = mapped_column(String(255), default="")
    thread_ref: Mapped[str] = mapped_column(String(255), default="")


class DeliveryAttemptRow(Base):
    """One try of a delivery: what was asked and what was answered."""

    __tablename__ = "delivery_attempt"

    delivery_id: Mapped[int] = mapped_column(BigKey, ForeignKey("delivery.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    duration_s: Mapped[float | None] = mapped_column(Float)
    code: Mapped[str] = mapped_column(String(32), default="")
    answer: Mapped[str] = mapped_column(Text, default="")
    request: Mapped[str] = mapped_column(Text, default="")
    fault: Mapped[str] = mapped_column(Text, default="")


class DependencyRow(Base):
    """Which run tells for a group of runs that one `dependency_query` selects; the first one does, no other."""

    __tablename__ = "dependency"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    run_id: Mapped[int] = mapped_column(BigKey, ForeignKey("run.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime]


class DestinationRow(Base):
    """A named destination: a channel with a configuration, encrypted because it may hold secrets."""

    __tablename__ = "destination"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(64), unique=True)
    channel: Mapped[str] = mapped_column(String(64))
    config: Mapped[str] = mapped_column(Text)
    is_enabled: Mapped[bool] = mapped_column(default=True)
    fault: Mapped[str] = mapped_column(Text, default="")
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"), index=True)
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]


class StoppedTargetRow(Base):
    """A target that said it is no more (HTTP 410); nothing is sent there until somebody takes it up again."""

    __tablename__ = "stopped_target"

    channel: Mapped[str] = mapped_column(String(64), primary_key=True)
    target_key: Mapped[str] = mapped_column(String(64), primary_key=True)
    to: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]


class KeptSecretRow(Base):
    """A secret of a person, or of the instance when there is no person, that notices name by its description."""

    __tablename__ = "kept_secret"
    __table_args__ = (Index(None, "user_id", "description"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"))
    description: Mapped[str] = mapped_column(String(255))
    sealed: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]


class SubscriptionRow(Base):
    """What a person wants to hear of: a filter over runs, criteria, and by which channel."""

    __tablename__ = "subscription"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    query: Mapped[str] = mapped_column(Text)
    channel: Mapped[str] = mapped_column(String(64))
    criteria: Mapped[dict[str, Any]]
    verbosity: Mapped[str] = mapped_column(String(16))
    is_enabled: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]
