"""The tables of what exists apart from runs: services, devices and test cases."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from webapp.store.models.tables import Base, BigKey


class ServiceRow(Base):
    """A named automation; `options` holds its notify, Git, baseline, noise and retention settings."""

    __tablename__ = "service"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(255), unique=True)
    kind: Mapped[str] = mapped_column(String(16))
    description: Mapped[str] = mapped_column(Text, default="")
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"), index=True)
    options: Mapped[dict[str, Any]]
    heartbeat_s: Mapped[int] = mapped_column(default=60)
    last_number: Mapped[int] = mapped_column(BigKey, default=0)
    created_at: Mapped[datetime]


class DeviceRow(Base):
    """What automation runs on: a host, a board, an environment."""

    __tablename__ = "device"
    __table_args__ = (Index(None, "group_name", "name"), Index(None, "platform", "name"))

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(255), unique=True)
    group_name: Mapped[str] = mapped_column(String(255), default="")
    platform: Mapped[str] = mapped_column(String(255), default="")
    attributes: Mapped[dict[str, Any]]
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"), index=True)
    created_at: Mapped[datetime]
    last_run_id: Mapped[int | None] = mapped_column(BigKey)
    last_status: Mapped[str | None] = mapped_column(String(16), index=True)


class TestCaseRow(Base):
    """A test case by its suite and name, kept once and pointed to by results."""

    __tablename__ = "test_case"
    __table_args__ = (UniqueConstraint("suite", "name"),)

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    suite: Mapped[str] = mapped_column(String(255))
    name: Mapped[str] = mapped_column(String(1024))
