"""Is each content kept once, given back as it came, and read in pieces?"""

import os
import random
import tracemalloc

import pytest
from flask import Flask
from sqlalchemy import func, select

from webapp.errors import InvalidError, NotFoundError
from webapp.store.blobs import PIECE, add_blobs, bytes_content, get_blob, get_size, json_content, stream_blob
from webapp.store.db import reading, writing
from webapp.store.models.blobs import BlobRow

pytestmark = pytest.mark.integration


def keep(*raws: bytes) -> list[int]:
    contents = [bytes_content(raw) for raw in raws]
    with writing() as session:
        ids = add_blobs(session, contents)
    return [ids[content.digest] for content in contents]


def count() -> int:
    with reading() as session:
        return session.scalar(select(func.count()).select_from(BlobRow)) or 0


def test_equal_contents_are_kept_once(any_app: Flask) -> None:
    first = keep(b"a", b"b", b"a")
    assert keep(b"b", b"c")[0] == first[1]
    assert first[0] == first[2]
    assert count() == 3


def test_content_comes_back_as_it_was(any_app: Flask) -> None:
    raws = [b"", b"\0\xff", os.urandom(3 * PIECE + 17), b"x" * 5_000_000]
    with reading() as session:
        for blob_id, raw in zip(keep(*raws), raws, strict=True):
            assert get_blob(session, blob_id) == raw
            assert get_size(session, blob_id) == len(raw)
            pieces = list(stream_blob(session, blob_id))
            assert b"".join(pieces) == raw
            assert all(len(piece) <= PIECE for piece in pieces)


def test_very_many_contents_are_kept(app: Flask) -> None:
    raws = [str(number).encode() for number in range(1_700)]
    ids = keep(*raws)
    assert len(set(ids)) == len(raws)
    assert keep(*reversed(raws)) == ids[::-1]


def test_streaming_holds_little(app: Flask) -> None:
    raw = random.Random(7).randbytes(1 << 20) * 24
    [blob_id] = keep(raw + os.urandom(8 << 20))
    with reading() as session:
        tracemalloc.start()
        for _piece in stream_blob(session, blob_id):
            pass
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < 4 * PIECE


def test_json_is_keyed_by_meaning_and_apart_from_bytes() -> None:
    one = json_content(b'{"a":1,"b":[1.0]}')
    assert json_content(b'{ "b":[1], "a":1}').digest == one.digest
    assert json_content(b'{"a":1,"b":["1.0"]}').digest != one.digest
    assert bytes_content(b'{"a":1,"b":[1]}').digest != one.digest
    assert one.raw == b'{"a":1,"b":[1.0]}'
    with pytest.raises(InvalidError, match="body: expected JSON"):
        json_content(b"nope", path="body")


def test_unknown_content_is_not_found(app: Flask) -> None:
    with reading() as session:
        with pytest.raises(NotFoundError):
            get_blob(session, 17)
        with pytest.raises(NotFoundError):
            next(iter(stream_blob(session, 17)))
