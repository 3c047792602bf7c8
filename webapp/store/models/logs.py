"""The tables of logs: streams of bytes, their sealed chunks, their live end and the index of their lines."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from webapp.store.models.tables import Base, BigKey


class LogRow(Base):
    """One log of a run: `run`, or a device's name. `newlines` counts the line ends stored so far."""

    __tablename__ = "log"
    __table_args__ = (UniqueConstraint("run_id", "stream"),)

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("run.id", ondelete="CASCADE"))
    stream: Mapped[str] = mapped_column(String(255))
    size: Mapped[int] = mapped_column(BigKey, default=0)
    newlines: Mapped[int] = mapped_column(BigKey, default=0)
    sealed_size: Mapped[int] = mapped_column(BigKey, default=0)
    sealed_newlines: Mapped[int] = mapped_column(BigKey, default=0)
    errors: Mapped[int] = mapped_column(BigKey, default=0)
    warnings: Mapped[int] = mapped_column(BigKey, default=0)
    line_head: Mapped[bytes] = mapped_column(LargeBinary, default=b"")
    changed_at: Mapped[datetime]


class LogChunkRow(Base):
    """Sealed bytes of a log: about 256 kB before compression, cut at a line end where there is one.

    `newlines_before` counts the line ends before the chunk. `line_offsets` is the packed index of its lines, one
    little-endian 32-bit offset every 1,000 line ends. `sgr` is the colour state (ANSI SGR parameters) that holds at its first byte.
    """

    __tablename__ = "log_chunk"
    __table_args__ = (Index(None, "log_id", "newlines_before"), Index(None, "blob_id"))

    log_id: Mapped[int] = mapped_column(BigKey, ForeignKey("log.id", ondelete="CASCADE"), primary_key=True)
    start: Mapped[int] = mapped_column(BigKey, primary_key=True)
    size: Mapped[int]
    newlines_before: Mapped[int] = mapped_column(BigKey)
    newlines: Mapped[int]
    errors: Mapped[int]
    warnings: Mapped[int]
    sgr: Mapped[str] = mapped_column(String(255), default="")
    line_offsets: Mapped[bytes] = mapped_column(LargeBinary, default=b"")
    blob_id: Mapped[int] = mapped_column(ForeignKey("blob.id"))


class LogTailRow(Base):
    """Bytes of a log's live end, as they arrived, until a chunk is full."""

    __tablename__ = "log_tail"

    log_id: Mapped[int] = mapped_column(BigKey, ForeignKey("log.id", ondelete="CASCADE"), primary_key=True)
    start: Mapped[int] = mapped_column(BigKey, primary_key=True)
    newlines_before: Mapped[int] = mapped_column(BigKey)
    data: Mapped[bytes] = mapped_column(LargeBinary)
