"""The tables of logs: streams of bytes, their sealed chunks, and their live end."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from webapp.store.models.tables import Base, BigKey


class LogRow(Base):
    """One log of a run: `run`, or a device's name; its bytes are numbered from 0.

    `newlines`, `errors` and `warnings` count what is stored so far; an unfinished last line counts as it stands.
    `line_start` is where the last line begins and `line_head` its first bytes, which decide its level.
    The `sealed_` columns say the same of the bytes that lie in chunks: `sealed_line_start` is where the line begins
    that holds the first byte of the live end, `sealed_sgr` the colours (ANSI SGR parameters) that hold there.
    """

    __tablename__ = "log"
    __table_args__ = (UniqueConstraint("run_id", "stream"),)

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("run.id", ondelete="CASCADE"))
    stream: Mapped[str] = mapped_column(String(255))
    size: Mapped[int] = mapped_column(BigKey, default=0)
    newlines: Mapped[int] = mapped_column(BigKey, default=0)
    errors: Mapped[int] = mapped_column(BigKey, default=0)
    warnings: Mapped[int] = mapped_column(BigKey, default=0)
    line_start: Mapped[int] = mapped_column(BigKey, default=0)
    line_head: Mapped[bytes] = mapped_column(LargeBinary, default=b"")
    sealed_size: Mapped[int] = mapped_column(BigKey, default=0)
    sealed_newlines: Mapped[int] = mapped_column(BigKey, default=0)
    sealed_errors: Mapped[int] = mapped_column(BigKey, default=0)
    sealed_warnings: Mapped[int] = mapped_column(BigKey, default=0)
    sealed_line_start: Mapped[int] = mapped_column(BigKey, default=0)
    sealed_sgr: Mapped[str] = mapped_column(String(255), default="")
    changed_at: Mapped[datetime]


class LogChunkRow(Base):
    """Sealed bytes of a log, at most 1 MiB: whole lines of about 256 KiB, or a piece of one giant line.

    `newlines_before` counts the line ends before the chunk; with it any line is found without reading what is before
    it. `line_start` is where the line begins that holds the chunk's first byte, `sgr` the colours that hold there.
    `errors` and `warnings` count the lines that begin in the chunk.
    """

    __tablename__ = "log_chunk"
    __table_args__ = (Index(None, "log_id", "newlines_before", "start"), Index(None, "blob_id"))

    log_id: Mapped[int] = mapped_column(BigKey, ForeignKey("log.id", ondelete="CASCADE"), primary_key=True)
    start: Mapped[int] = mapped_column(BigKey, primary_key=True)
    size: Mapped[int]
    newlines_before: Mapped[int] = mapped_column(BigKey)
    newlines: Mapped[int]
    errors: Mapped[int]
    warnings: Mapped[int]
    line_start: Mapped[int] = mapped_column(BigKey)
    sgr: Mapped[str] = mapped_column(String(255), default="")
    blob_id: Mapped[int] = mapped_column(ForeignKey("blob.id"))


class LogTailRow(Base):
    """Bytes of a log's live end, until there are enough of them for a chunk."""

    __tablename__ = "log_tail"

    log_id: Mapped[int] = mapped_column(BigKey, ForeignKey("log.id", ondelete="CASCADE"), primary_key=True)
    start: Mapped[int] = mapped_column(BigKey, primary_key=True)
    data: Mapped[bytes] = mapped_column(LargeBinary)
