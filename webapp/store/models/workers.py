"""The tables of workers: which processes do background jobs, and when each job for all of them was last begun."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from webapp.store.models.tables import Base


class WorkerRow(Base):
    """One process that does background jobs; `name` is its host and process number."""

    __tablename__ = "worker"

    name: Mapped[str] = mapped_column(String(255), primary_key=True)
    version: Mapped[str] = mapped_column(String(64))
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime] = mapped_column(index=True)


class DutyRow(Base):
    """A job that one process does for all: whoever may set `begun_at` does it."""

    __tablename__ = "duty"

    kind: Mapped[str] = mapped_column(String(32), primary_key=True)
    begun_at: Mapped[datetime]
