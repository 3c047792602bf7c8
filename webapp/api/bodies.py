"""What did the client send: request bodies, unpacked piece by piece and never beyond a limit."""

import zlib
from collections.abc import Iterator

import zstandard
from flask import Request

from webapp.errors import InvalidError, TooLargeError

PIECE = 64 * 1024
MAX_WINDOW = 8 * 1024 * 1024
GZIP_WBITS = 31
# One packed block of 4 bytes may stand for 128 kB, so zstd data is unpacked in slices that stay below 16 MB.
ZSTD_SLICE = 512


def read_body(request: Request, *, limit: int) -> bytes:
    """Return the whole unpacked body.

    Args:
        request: the request to read from.
        limit: the greatest number of unpacked bytes.

    Raises:
        TooLargeError: the body unpacks to more.
        InvalidError: the body is not what its Content-Encoding says, or ends too early.
    """
    return b"".join(iterate_body(request, limit=limit))


def iterate_body(request: Request, *, limit: int | None) -> Iterator[bytes]:
    """Yield the unpacked body in pieces of bounded size; see `read_body` for what is refused."""
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    pieces = _raw_pieces(request)
    if encoding in ("", "identity"):
        unpacked = pieces
    elif encoding in ("gzip", "x-gzip"):
        unpacked = _gunzip(pieces)
    elif encoding == "zstd":
        unpacked = _unzstd(pieces)
    else:
        raise InvalidError(("Content-Encoding", f"expected gzip, zstd or identity, got {encoding[:40]!r}"))
    total = 0
    for piece in unpacked:
        total += len(piece)
        if limit is not None and total > limit:
            raise TooLargeError(f"the body is larger than {limit:,} bytes after unpacking")
        if piece:
            yield piece


def _raw_pieces(request: Request) -> Iterator[bytes]:
    while piece := request.stream.read(PIECE):
        yield piece


def _gunzip(pieces: Iterator[bytes]) -> Iterator[bytes]:
    unpacker = zlib.decompressobj(GZIP_WBITS)
    has_data = False
    try:
        for piece in pieces:
            has_data = True
            pending = piece
            while pending:
                if unpacker.eof:
                    unpacker = zlib.decompressobj(GZIP_WBITS)
                yield unpacker.decompress(pending, PIECE)
                pending = unpacker.unconsumed_tail or unpacker.unused_data
        while has_data and not unpacker.eof and (rest := unpacker.decompress(b"", PIECE)):
            yield rest
    except zlib.error as error:
        raise InvalidError(("body", f"expected gzip data: {error}")) from error
    if has_data and not unpacker.eof:
        raise InvalidError(("body", "the gzip data ends too early"))


def _unzstd(pieces: Iterator[bytes]) -> Iterator[bytes]:
    decompressor = zstandard.ZstdDecompressor(max_window_size=MAX_WINDOW)
    unpacker = decompressor.decompressobj()
    has_data = False
    try:
        for piece in pieces:
            has_data = True
            for start in range(0, len(piece), ZSTD_SLICE):
                pending = piece[start : start + ZSTD_SLICE]
                while pending:
                    if unpacker.eof:
                        unpacker = decompressor.decompressobj()
                    yield unpacker.decompress(pending)
                    pending = unpacker.unused_data
    except zstandard.ZstdError as error:
        raise InvalidError(("body", f"expected zstd data: {error}")) from error
    if has_data and not unpacker.eof:
        raise InvalidError(("body", "the zstd data ends too early"))
