"""The table of contents: JSON results, outputs, attachments and log chunks, each stored once."""

from sqlalchemy import LargeBinary, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from webapp.store.models.tables import Base, BigKey


class BlobRow(Base):
    """One content, addressed by its SHA-256 (of the canonical form for JSON), kept compressed.

    `codec` says how `data` is kept: 1 = zstd. `size` is the number of bytes before compression.
    """

    __tablename__ = "blob"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    size: Mapped[int] = mapped_column(BigKey)
    codec: Mapped[int] = mapped_column(SmallInteger)
    data: Mapped[bytes] = mapped_column(LargeBinary)
