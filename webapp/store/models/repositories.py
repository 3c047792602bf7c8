"""The tables of Git: the repositories that runs are pushed to, and the commit of each pushed run."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from webapp.store.models.tables import Base, BigKey


class RepositoryRow(Base):
    """A branch of a Git repository and what opens it; token and key are encrypted."""

    __tablename__ = "repository"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(64), unique=True)
    url: Mapped[str] = mapped_column(Text)
    branch: Mapped[str] = mapped_column(String(200))
    folder: Mapped[str] = mapped_column(String(255), default="")
    author_domain: Mapped[str] = mapped_column(String(255), default="")
    username: Mapped[str] = mapped_column(String(64), default="")
    token: Mapped[str] = mapped_column(Text, default="")
    private_key: Mapped[str] = mapped_column(Text, default="")
    host_key: Mapped[str] = mapped_column(Text, default="")
    is_default: Mapped[bool] = mapped_column(default=False)
    fault: Mapped[str] = mapped_column(Text, default="")
    fault_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class RunCommitRow(Base):
    """The commit that a run became in a repository."""

    __tablename__ = "run_commit"
    __table_args__ = (Index(None, "repository_id", "pushed_at"),)

    run_id: Mapped[int] = mapped_column(BigKey, ForeignKey("run.id", ondelete="CASCADE"), primary_key=True)
    repository_id: Mapped[int] = mapped_column(ForeignKey("repository.id", ondelete="CASCADE"), primary_key=True)
    commit_id: Mapped[str] = mapped_column(String(64))
    pushed_at: Mapped[datetime]
