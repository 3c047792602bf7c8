"""Does a log answer the same whatever way its bytes arrived?"""

import itertools
from dataclasses import replace

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from tests.store.log_runs import NOW, Reference, add_run
from webapp.domain.loglines import LineLevel
from webapp.domain.logsearch import make_matcher
from webapp.errors import GapError, NotFoundError
from webapp.store.db import db, later_reading, reading, writing
from webapp.store.log_pieces import StoredLog
from webapp.store.log_sealing import MAX_CHUNK
from webapp.store.log_search import find_level, search_log
from webapp.store.logs import (
    append_log,
    find_log,
    follow_bytes,
    get_log,
    line_count,
    list_logs,
    page_lines,
    read_log,
)
from webapp.store.models.blobs import BlobRow
from webapp.store.models.logs import LogChunkRow, LogTailRow

pytestmark = pytest.mark.integration

FRAGMENTS = st.sampled_from(
    [
        b"",
        b"\n",
        b"\n\n\n",
        b"2026-11-22 08:00:00 ERROR first\n",
        b"WARN",
        b"ING low disk\n",
        b"ERR",
        b"ORLESS\n",
        b"plain text\n",
        b"\x1b[31mred ",
        b"needle\x1b[0m\n",
        b"nee\x1b[1;4",
        b"mdle\n",
        b"a\x00b\xff\xe2\x82 \xc3\xbc\r\n",
        b"10%\r20%\r",
        "line\u2028separator\u0085\n".encode(),
        b"x" * 399 + b" ERROR too late\n",
        b"y" * 390,
        b"z" * 20_000,
        b"an ordinary line of a log, INFO only\n" * 3_000,
        b"ERROR dense\nWARNING dense\n" * 6_000,
        b"g" * 300_000 + b" ERROR needle ",
        b"\x1b[32m" + b"h" * 1_100_000,
    ]
)
NAMES = itertools.count()
MAX_APPENDS = 600


def write(data: bytes, sizes: list[int], *, stream: str = "run", run_id: int | None = None) -> int:
    """Append the bytes in pieces of these sizes in turn, the rest at once; return the run's id."""
    with writing() as session:
        if run_id is None:
            run_id = add_run(session, uid=f"u{next(NAMES)}", service=f"s{next(NAMES)}")
        offset = 0
        for count, size in enumerate(itertools.cycle(sizes)):
            piece = data[offset : offset + size] if count < MAX_APPENDS else data[offset:]
            added = append_log(session, run_id=run_id, stream=stream, data=piece, now=NOW, offset=offset)
            offset += len(piece)
            assert added.offset == offset
            if offset == len(data):
                return run_id
    raise AssertionError("the sizes never end")


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    fragments=st.lists(FRAGMENTS, max_size=10),
    sizes=st.lists(st.sampled_from([1, 2, 3, 7, 100, 4_000, 70_000, 300_000, 3_000_000]), min_size=1, max_size=6),
    first=st.integers(0, 60_000),
)
def test_answers_do_not_depend_on_the_appends(app: Flask, fragments: list[bytes], sizes: list[int], first: int) -> None:
    data = b"".join(fragments)
    run_id = write(data, sizes)
    expected = Reference(data)
    with reading() as session:
        log = get_log(session, run_id=run_id, stream="run")
        first = first % (line_count(log) + 1)
        check_counts(log, expected)
        check_bytes(session, log, expected, first)
        check_search(session, log, expected, first)
        check_levels(session, log, expected, first)


def check_counts(log: StoredLog, expected: Reference) -> None:
    """Compare how many lines and levels there are."""
    assert log.size == len(expected.data)
    assert line_count(log) == len(expected.raw_lines)
    assert (log.errors, log.warnings) == (expected.levels.count("error"), expected.levels.count("warning"))


def check_bytes(session: Session, log: StoredLog, expected: Reference, first: int) -> None:
    """Compare all bytes, a range of them, and a page of lines."""
    data = expected.data
    assert b"".join(read_log(session, log)) == data
    start, stop = len(data) // 3, len(data) // 3 + first * 7
    assert b"".join(read_log(session, log, start=start, stop=stop)) == data[start:stop]
    page = page_lines(session, log, first=first, count=30)
    assert (page.lines, page.sgr) == expected.page(first, 30)


def check_search(session: Session, log: StoredLog, expected: Reference, first: int) -> None:
    """Compare which lines hold a text."""
    hits = expected.search("Needle")
    found = search_log(session, log, matcher=make_matcher("Needle"), limit=20)
    assert (found.lines, found.total, found.has_more) == (hits[:20], len(hits), len(hits) > 20)
    later = search_log(session, log, matcher=make_matcher("nEEDLE"), first=first, limit=100_000)
    assert later.lines == [line for line in hits if line >= first]


def check_levels(session: Session, log: StoredLog, expected: Reference, first: int) -> None:
    """Compare where the next error and the one before are."""
    marked = [number for number, level in enumerate(expected.levels) if level == "error"]
    forward = find_level(session, log, level=LineLevel.ERROR, first=first, is_backward=False)
    assert forward == next((number for number in marked if number >= first), None)
    backward = find_level(session, log, level=LineLevel.ERROR, first=first, is_backward=True)
    assert backward == next((number for number in reversed(marked) if number <= first), None)


def test_chunks_do_not_depend_on_the_appends(app: Flask) -> None:
    data = (b"a line of some length\n" * 3_000 + b"g" * 1_200_000 + b"\x1b[31m" * 30_000 + b"\n" * 300_000) * 2
    all_at_once = write(data, [len(data)])
    with reading() as session:
        blobs = session.scalar(select(func.count()).select_from(BlobRow))
    piecemeal = write(data, [100_003, 64, 250_000])
    with reading() as session:
        assert session.scalar(select(func.count()).select_from(BlobRow)) == blobs
        chunks = session.execute(select(LogChunkRow.size, LogChunkRow.sgr)).all()
        assert len(chunks) == 16
        assert max(size for size, _ in chunks) <= MAX_CHUNK
        assert {sgr for _, sgr in chunks} == {"", "31"}
        logs = [get_log(session, run_id=run_id, stream="run") for run_id in (all_at_once, piecemeal)]
        assert replace(logs[0], id=0, run_id=0) == replace(logs[1], id=0, run_id=0)


def test_append_drops_an_overlap_and_refuses_a_gap(app: Flask) -> None:
    run_id = write(b"one\ntwo\n", [100])
    with writing() as session:
        again = append_log(session, run_id=run_id, stream="run", data=b"two\nthree\n", now=NOW, offset=4)
        assert again.offset == 14
        known = append_log(session, run_id=run_id, stream="run", data=b"one\n", now=NOW, offset=0)
        assert (known.offset, known.errors, known.warnings) == (14, 0, 0)
        with pytest.raises(GapError, match="the bytes from 14 to 20 are missing") as raised:
            append_log(session, run_id=run_id, stream="run", data=b"x", now=NOW, offset=20)
        assert raised.value.expected == 14
    with reading() as session:
        assert b"".join(read_log(session, get_log(session, run_id=run_id, stream="run"))) == b"one\ntwo\nthree\n"


def test_append_counts_an_unfinished_line_as_it_stands(app: Flask) -> None:
    run_id = write(b"start\n", [100])
    with writing() as session:
        changes = [
            (added.errors, added.warnings)
            for piece in (b"ERR", b"OR", b"ING\n", b"WARN", b"ING x", b"\nerr", b"or: y")
            for added in [append_log(session, run_id=run_id, stream="run", data=piece, now=NOW)]
        ]
    assert changes == [(1, 0), (0, 0), (-1, 0), (0, 1), (0, 0), (0, 0), (1, 0)]


def test_small_appends_share_rows(app: Flask) -> None:
    run_id = write(b"x", [1])
    with writing() as session:
        for number in range(200):
            append_log(session, run_id=run_id, stream="run", data=b"%099d\n" % number, now=NOW)
        assert session.scalar(select(func.count()).select_from(LogTailRow)) == 3


def test_a_page_reads_only_what_it_shows(app: Flask) -> None:
    write((b"x" * 49 + b"\n") * 100_000, [1_000_000])
    statements: list[str] = []
    event.listen(db.engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
    with reading() as session:
        log = list_logs(session, run_id=1)[0]
        statements.clear()
        assert len(page_lines(session, log, first=60_000, count=200).lines) == 200
    assert len(statements) <= 4


def test_reading_goes_on_while_the_log_is_written(app: Flask) -> None:
    run_id = write(b"a line\n" * 300_000, [2_000_000])
    with reading() as session:
        log = get_log(session, run_id=run_id, stream="run")
    pieces = follow_bytes(later_reading(), log, start=5)
    first = next(pieces)
    write(b"a line\n" * 300_000 + b"more\n" * 100_000, [3_000_000], run_id=run_id)
    assert first + b"".join(pieces) == (b"a line\n" * 300_000)[5:]


def test_logs_are_listed_by_name(app: Flask) -> None:
    run_id = write(b"x\n", [10])
    for name in ("edge-2", "edge-1"):
        write(b"y\n", [10], stream=name, run_id=run_id)
    with reading() as session:
        assert [log.stream for log in list_logs(session, run_id=run_id)] == ["edge-1", "edge-2", "run"]
        assert [log.stream for log in list_logs(session, run_id=run_id, after="edge-1", limit=1)] == ["edge-2"]
        assert find_log(session, run_id=run_id, stream="edge-3") is None
        with pytest.raises(NotFoundError, match="this run has no log 'edge-3'"):
            get_log(session, run_id=run_id, stream="edge-3")


def test_search_stops_when_its_time_is_up(app: Flask) -> None:
    run_id = write(b"needle in every line\n" * 60_000, [5_000_000])
    with reading() as session:
        log = get_log(session, run_id=run_id, stream="run")
        found = search_log(session, log, matcher=make_matcher("needle"), limit=5, budget_s=0)
        assert found.lines == [0, 1, 2, 3, 4]
        assert found.has_more
        assert found.searched == found.total < 60_000
        rest = search_log(session, log, matcher=make_matcher("needle"), first=found.searched)
        assert (rest.total, rest.searched) == (60_000 - found.searched, None)
