"""The tables of stored comparisons: what changed in a run, and which runs wait to be compared."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from webapp.store.models.tables import Base, BigKey


class RunComparisonRow(Base):
    """What an ended run was compared with, and every change that was found.

    `word` says which baseline was taken (`previous`, `last-ok`, `pinned`, `query:<owner>/<name>`, or `first` when there
    was none), `reason` the same for people. `rules_key` stands for the rules of the service that were in force,
    `changes` holds what is not the same, worst first (compressed JSON).
    """

    __tablename__ = "run_comparison"

    run_id: Mapped[int] = mapped_column(BigKey, ForeignKey("run.id", ondelete="CASCADE"), primary_key=True)
    baseline_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("run.id", ondelete="SET NULL"), index=True)
    word: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    is_partial: Mapped[bool]
    made_at: Mapped[datetime]
    rules_key: Mapped[bytes] = mapped_column(LargeBinary(16))
    changes: Mapped[bytes] = mapped_column(LargeBinary)


class RunChangeRow(Base):
    """How many devices and cases of a compared run have one class of change; classes without any have no row."""

    __tablename__ = "run_change"
    __table_args__ = (Index(None, "kind", "run_id"),)

    run_id: Mapped[int] = mapped_column(
        BigKey, ForeignKey("run_comparison.run_id", ondelete="CASCADE"), primary_key=True
    )
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    devices: Mapped[int]
    cases: Mapped[int]


class WantedComparisonRow(Base):
    """An ended run that waits to be compared; `version` moves whenever it is wanted anew, `tries` counts failures."""

    __tablename__ = "wanted_comparison"

    run_id: Mapped[int] = mapped_column(BigKey, ForeignKey("run.id", ondelete="CASCADE"), primary_key=True)
    version: Mapped[int] = mapped_column(default=1)
    tries: Mapped[int] = mapped_column(default=0)
