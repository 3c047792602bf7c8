"""Do files become runs whole or not at all, and does a file that comes again add nothing?"""

import io
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from tests.importers.reading import FORMATS, SAMPLES, read
from webapp.domain.access import Caller, Role, Scope
from webapp.errors import ConflictError, ForbiddenError, InvalidError, TooLargeError
from webapp.importers.contract import ImportOptions
from webapp.importers.formats import nornir
from webapp.ingest import imports
from webapp.ingest.doors import open_past_run
from webapp.ingest.imports import ImportedRun, ImportFile, ImportRequest, import_files
from webapp.ingest.pings import Signal, ping
from webapp.ingest.runs import RunFields, put_run
from webapp.ingest.stream import MAX_BYTES, accept_messages
from webapp.query.expressions import EVERYTHING
from webapp.store.db import reading, writing
from webapp.store.models.notices import OutboxRow
from webapp.store.results import get_device_result, list_attempts
from webapp.store.runs import Run, page_runs

pytestmark = pytest.mark.integration

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
CALLER = Caller(user_id=None, name="", role=Role.ADMIN, scopes=frozenset({Scope.INGEST}))
UID = "01890a5d-ac96-774b-bcce-b302099a8057"
SUITE = b'<testsuite><testcase name="x"/></testsuite>'
DEVICES = b'{"edge-1": {"success": true, "result": {"a": 1}}}'


class Failing(io.BytesIO):
    """A file whose disk breaks in the middle of its third reading, when it is stored."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self._rewinds = 0

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Count how often it is rewound."""
        self._rewinds += 1
        return super().seek(offset, whence)

    def readline(self, size: int | None = -1, /) -> bytes:
        """Read a line, while the disk is whole."""
        if self._rewinds > 2 and self.tell() > len(self.getbuffer()) * 0.9:
            raise OSError("the disk is broken")
        return super().readline(size)


def bring(*contents: bytes, caller: Caller = CALLER, **given: Any) -> list[ImportedRun]:
    """Import files with these contents."""
    asked = {name: given.pop(name) for name in ("format", "run", "key") if name in given}
    options = ImportOptions(**{"now": NOW, "service": "lab", **given})
    files = [ImportFile(name=f"file {n}", stream=io.BytesIO(data)) for n, data in enumerate(contents, start=1)]
    return import_files(files, ImportRequest(options=options, **asked), formats=FORMATS, caller=caller)


def one(*contents: bytes, **given: Any) -> Run:
    """Return the run of the last of these files."""
    return bring(*contents, **given)[-1].run


def stored() -> Sequence[Run]:
    with reading() as session:
        return page_runs(session, where=EVERYTHING, before=None, limit=100).items


def sample(name: str) -> bytes:
    (path,) = (SAMPLES / name).glob("in.*")
    return path.read_bytes()


def faults(*contents: bytes, **given: Any) -> list[tuple[str, str]]:
    with pytest.raises(InvalidError) as caught:
        bring(*contents, **given)
    return caught.value.faults


def test_file_becomes_a_run_of_its_attempts(app: Flask) -> None:
    run = one(sample("nornir"))
    assert (run.service, run.number, run.status.value, run.level) == ("lab", 1, "complete", "errors")
    assert run.device_counts == {"ok": 1, "changed": 1, "unreachable": 2, "failed": 1}
    with reading() as session:
        assert [len(attempt.device_counts) for attempt in list_attempts(session, run.id)] == [5, 3]
        first = get_device_result(session, run_id=run.id, device="edge-1", attempt=1)
    assert first.status.value == "changed"


@pytest.mark.parametrize("name", FORMATS.names)
def test_every_sample_can_be_stored_and_stored_again_changes_nothing(any_app: Flask, name: str) -> None:
    first = one(sample(name), key="build 7")
    again = bring(sample(name), key="build 7")[0]
    assert (again.run, again.created) == (first, False)
    assert stored() == [first]


def test_files_become_runs_in_their_order(app: Flask) -> None:
    found = bring(SUITE, DEVICES)
    assert [(each.run.number, each.created) for each in found] == [(1, True), (2, True)]
    assert [each.run.case_counts for each in found] == [{"pass": 1}, {}]


def test_files_of_one_run_are_its_attempts(app: Flask) -> None:
    failed = b'<testsuite><testcase name="x"><failure/></testcase></testsuite>'
    found = bring(failed, failed, SUITE, run=UID)
    assert {each.run.uid for each in found} == {UID}
    run = found[-1].run
    assert (run.attempts, run.case_counts, run.status.value, run.level) == (3, {"pass": 1}, "complete", "ok")
    assert one(DEVICES, run=UID, attempt=4, service="").attempts == 4


def test_same_file_to_the_same_run_adds_nothing(app: Flask) -> None:
    bring(SUITE, run=UID)
    first = one(DEVICES, run=UID, attempt=2)
    again = bring(DEVICES, run=UID, attempt=2)[0]
    assert not again.created
    assert replace(again.run, last_seen_at=first.last_seen_at) == first
    assert one(DEVICES, run=UID, attempt=3).attempts == 3


def test_run_that_goes_on_is_not_ended_by_a_part(app: Flask) -> None:
    with writing() as session:
        put_run(session, UID, RunFields(service="lab"), caller=CALLER, now=NOW)
    run = one(sample("ndjson"), run=UID)
    assert run.status.value == "running"
    assert run.device_counts == {"ok": 1, "failed": 1}


def test_faulty_file_leaves_nothing_behind(app: Flask) -> None:
    found = faults(SUITE, b'{"type":"heartbeat"}\n{"type":"log"}\n', b"<testsuite>", SUITE)
    assert found == [
        ("file 2: line 2: text", "expected a value, got nothing; the field is required"),
        ("file 3: line 1", "expected well-formed XML: the file ends too early"),
    ]
    assert stored() == []


@pytest.mark.parametrize(
    "result", ['"\\ud800"', "[" * 600 + "]" * 600, "NaN"], ids=["a surrogate", "too deep", "not a number"]
)
def test_result_that_cannot_be_kept_leaves_nothing_behind(app: Flask, result: str) -> None:
    many = ",".join(f'"edge-{number}":{{"success":true,"result":1}}' for number in range(600))
    assert faults(f'{{{many},"last":{{"success":true,"result":{result}}}}}'.encode(), format="nornir")
    assert stored() == []


def test_result_with_faulty_utf8_is_refused(app: Flask) -> None:
    (place, text), *_ = faults(b'{"r1":{"success":true,"result":"\xff"}}', format="nornir")
    assert place == "file 1"
    assert "expected UTF-8, got the byte 0xFF" in text


def test_file_too_large_for_its_format_is_named(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nornir, "MAX_FILE", 20)
    with pytest.raises(TooLargeError, match="file 1: a file of this format may have at most 20 bytes"):
        bring(DEVICES)
    assert stored() == []


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"service": ""}, "file 1: service"),
        ({"service": "a/b"}, "service"),
        ({"device": "a\x07"}, "device"),
        ({"suite": " "}, "suite"),
        ({"run": "7"}, "uid"),
        ({"key": "k", "run": UID}, "key"),
        ({"key": "\u202e"}, "key"),
        ({"attempt": 10_000}, "attempt"),
        ({"format": "junitt"}, "file 1: format"),
        ({"format": "nornir"}, "file 1"),
    ],
)
def test_request_that_cannot_be_met_is_refused(app: Flask, given: dict[str, Any], path: str) -> None:
    assert [place for place, _ in faults(SUITE, **given)] == [path]
    assert stored() == []


def test_no_file_and_a_key_for_two_are_refused(app: Flask) -> None:
    assert faults() == [("body", "expected a file, got none")]
    assert faults(SUITE, SUITE, key="k")[0][0] == "key"


def test_service_may_stand_in_the_file(app: Flask) -> None:
    assert one(sample("ndjson"), service="").service == "audit"
    assert faults(b'{"type":"run.start","service":"a/b"}', service="")[0][0] == "file 1: line 1: service"


def test_service_of_a_run_is_not_changed(app: Flask) -> None:
    bring(SUITE, run=UID)
    assert faults(DEVICES, run=UID, service="other") == [("service", "expected 'lab', the service of this run")]


def test_caller_of_other_services_is_refused(app: Flask) -> None:
    stranger = replace(CALLER, services=frozenset({"other"}))
    bring(SUITE, run=UID)
    for given in ({}, {"run": UID}, {"key": "k"}):
        with pytest.raises(ForbiddenError):
            bring(DEVICES, caller=stranger, **given)
    assert len(stored()) == 1


def test_key_of_a_run_that_goes_on_from_elsewhere_is_refused(app: Flask) -> None:
    with writing() as session:
        put_run(session, UID, RunFields(service="lab", external_key="k"), caller=CALLER, now=NOW)
    started = [event for event in read(SUITE) if event.seq < 3]
    accept_messages(started, uid=UID, caller=CALLER, now=NOW, stream="reporter")
    with pytest.raises(ConflictError, match="which goes on and came from other contents"):
        bring(SUITE, key="k")


def test_import_that_broke_off_goes_on_where_it_was(app: Flask) -> None:
    lines = b"".join(b'{"type":"case","suite":"","name":"x%d","result":"pass"}\n' % number for number in range(1200))
    lines += b'{"type":"run.end","status":"complete"}\n'
    request = ImportRequest(options=ImportOptions(now=NOW, service="lab"), format="ndjson", key="k")
    with pytest.raises(OSError, match="the disk is broken"):
        import_files([ImportFile(name="x", stream=Failing(lines))], request, formats=FORMATS, caller=CALLER)
    assert [run.case_counts for run in stored()] == [{"pass": 999}]
    run = one(lines, key="k", format="ndjson")
    assert (run.case_counts, run.number, run.status.value) == ({"pass": 1200}, 1, "complete")
    assert len(stored()) == 1


def events_to_tell() -> list[str]:
    with reading() as session:
        return list(session.scalars(select(OutboxRow.event).order_by(OutboxRow.id)))


def test_file_is_told_of_at_its_end_alone(any_app: Flask) -> None:
    with writing() as session:
        put_run(session, UID, RunFields(service="lab", external_key="k"), caller=CALLER, now=NOW)
    bring(SUITE)
    bring(SUITE, key="k")
    bring(SUITE, key="other")
    assert events_to_tell() == ["ended"] * 3


def test_ping_at_the_end_is_told_of_at_the_end_alone(app: Flask) -> None:
    ended, started = Signal(exit_code=0), Signal(exit_code=None)
    for signal in (ended, started, ended):
        ping("cron", signal, output=io.BytesIO(b"well"), device="", caller=CALLER, now=NOW)
    assert events_to_tell() == ["ended", "running", "ended"]


def test_import_that_broke_off_before_its_first_message_goes_on(app: Flask) -> None:
    with writing() as session:
        put_run(session, UID, RunFields(service="lab", external_key="k"), caller=CALLER, now=NOW)
        open_past_run(session, UID, "lab", caller=CALLER, now=NOW)
    run = one(SUITE, key="k")
    assert (run.uid, run.status.value) == (UID, "complete")


def test_key_that_was_put_first_is_filled(app: Flask) -> None:
    with writing() as session:
        put_run(session, UID, RunFields(service="lab", external_key="k"), caller=CALLER, now=NOW)
    assert one(SUITE, key="k").uid == UID


def test_batches_are_small_in_number_and_in_bytes(app: Flask) -> None:
    result = json.dumps("x" * (MAX_BYTES // 2))
    devices = ",".join(f'"edge-{number}":{{"success":true,"result":{result}}}' for number in range(5))
    large = read(f"{{{devices}}}")
    assert [len(batch) for batch in imports._batches(large)] == [4, 2, 3]
    small = read("".join('{"type":"heartbeat"}\n' for _ in range(1200)))
    assert [len(batch) for batch in imports._batches(small)] == [500, 500, 202]
