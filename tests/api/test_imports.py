"""Do files come in by the API: as they are, packed, many in a form, within limits, and are refusals told?"""

import gzip
import io
from collections.abc import Callable
from typing import Any

import pytest
import zstandard
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from webapp.api import imports

pytestmark = pytest.mark.integration

CALL = "/api/v1/import"
UID = "01890a5d-ac96-774b-bcce-b302099a8057"
SUITE = b'<testsuite><testcase name="x"/><testcase name="y"><failure message="no"/></testcase></testsuite>'
DEVICES = b'{"edge-1": {"success": true, "result": {"a": 1}}}'


@pytest.fixture
def sender(make_token: Callable[..., str], api: Callable[[str], FlaskClient]) -> FlaskClient:
    """Return a client whose token may add to one service's runs and read them."""
    return api(make_token(["ingest", "read"], services=["lab"]))


def send(client: FlaskClient, data: bytes, **query: Any) -> TestResponse:
    """Send a body as curl does when it is told no type."""
    encoding = query.pop("encoding", "identity")
    return client.post(
        CALL,
        query_string={"service": "lab", **query},
        data=data,
        content_type="application/x-www-form-urlencoded",
        headers={"Content-Encoding": encoding},
    )


def send_form(client: FlaskClient, *files: tuple[bytes, str], **query: Any) -> TestResponse:
    form = {"file": [(io.BytesIO(data), name) for data, name in files]}
    return client.post(CALL, query_string={"service": "lab", **query}, data=form)


def runs(answer: TestResponse, status: int = 201) -> list[dict[str, Any]]:
    assert answer.status_code == status, answer.text
    found: list[dict[str, Any]] = (answer.json or {})["runs"]
    return found


def faults(answer: TestResponse, status: int = 422) -> list[tuple[str, str]]:
    assert answer.status_code == status, answer.text
    return [(fault["path"], fault["message"]) for fault in (answer.json or {})["errors"]]


def count(client: FlaskClient) -> int:
    return len((client.get("/api/v1/runs").json or {})["items"])


def test_body_becomes_a_run_that_the_answer_leads_to(sender: FlaskClient, viewer: FlaskClient) -> None:
    (run,) = runs(send(sender, SUITE))
    assert set(run) == {"uid", "service", "number", "url"}
    assert (run["service"], run["number"]) == ("lab", 1)
    assert run["url"] == f"http://localhost/runs/{run['uid']}"
    assert viewer.get(f"/runs/{run['uid']}").status_code == 200
    shown = sender.get(f"/api/v1/runs/{run['uid']}").json or {}
    assert shown["counts"] == {"devices": {}, "cases": {"pass": 1, "fail": 1}}


@pytest.mark.parametrize(("encoding", "pack"), [("gzip", gzip.compress), ("zstd", zstandard.ZstdCompressor().compress)])
def test_packed_body_is_unpacked(sender: FlaskClient, encoding: str, pack: Callable[[bytes], bytes]) -> None:
    assert len(runs(send(sender, pack(SUITE), encoding=encoding))) == 1
    assert faults(send(sender, pack(SUITE)[:-9], encoding=encoding))[0][0] == "body"


def test_files_of_a_form_become_runs_in_order(sender: FlaskClient) -> None:
    found = runs(send_form(sender, (SUITE, "a.xml"), (DEVICES, "b.json")))
    assert [run["number"] for run in found] == [1, 2]


def send_encoded(client: FlaskClient, data: bytes, encoding: str = "identity") -> TestResponse:
    """Send a form of one file that is encoded here, because the test client leaves large ones open."""
    head = b'--x\r\nContent-Disposition: form-data; name="f"; filename="a.xml"\r\n\r\n'
    body = head + data + b"\r\n--x--\r\n"
    return client.post(
        CALL,
        query_string={"service": "lab"},
        data=gzip.compress(body) if encoding == "gzip" else body,
        content_type="multipart/form-data; boundary=x",
        headers={"Content-Encoding": encoding},
    )


def test_packed_form_is_unpacked(sender: FlaskClient) -> None:
    assert len(runs(send_encoded(sender, SUITE, "gzip"))) == 1


def test_files_of_a_run_become_its_attempts(sender: FlaskClient) -> None:
    found = runs(send_form(sender, (SUITE, "a.xml"), (SUITE, "b.xml"), run=UID))
    assert [run["uid"] for run in found] == [UID, UID]
    assert (sender.get(f"/api/v1/runs/{UID}").json or {})["attempts"] in (2, [1, 2])
    assert runs(send(sender, DEVICES, run=UID, attempt=3), 200)[0]["uid"] == UID


def test_same_key_is_the_same_run(sender: FlaskClient) -> None:
    first = runs(send(sender, SUITE, key="gh:7"))
    assert runs(send(sender, SUITE, key="gh:7"), 200) == first
    assert runs(send(sender, DEVICES, key="gh:7"), 200) == first
    assert count(sender) == 1


def test_faults_name_the_file_the_place_and_the_expectation(sender: FlaskClient) -> None:
    answer = send_form(sender, (SUITE, "good.xml"), (b"<testsuite>\n<oops", "bad<1>.xml"))
    assert faults(answer) == [("bad<1>.xml: line 2", "expected well-formed XML: the file ends too early")]
    assert faults(send(sender, b'{"a": {"success": 7}}')) == [("body: a.success", "expected `bool | null`, got `int`")]
    assert count(sender) == 0


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ({"format": "xunit"}, "body: format"),
        ({"attempt": 0}, "attempt"),
        ({"attempt": "x"}, "attempt"),
        ({"device_from": "x"}, "device_from"),
        ({"run": "7"}, "uid"),
        ({"services": "lab"}, "services"),
        ({"service": ""}, "body: service"),
        ({"service": "x" * 300}, "service"),
    ],
)
def test_wrong_parameters_are_named(sender: FlaskClient, query: dict[str, Any], path: str) -> None:
    assert [place for place, _ in faults(send(sender, SUITE, **query))] == [path]


def test_nothing_sent_is_refused(sender: FlaskClient) -> None:
    assert faults(send(sender, b"")) == [("body", "expected a file, got none")]
    assert faults(send_form(sender))[0][0] == "body"


def test_form_that_is_none_or_has_fields_is_refused(sender: FlaskClient) -> None:
    broken = sender.post(CALL, data=b"--y\r\nnothing", content_type="multipart/form-data; boundary=x")
    assert faults(broken)[0][0] == "body"
    without = sender.post(CALL, data=b"x", content_type="multipart/form-data")
    assert faults(without)[0][0] == "body"
    field = sender.post(CALL, data={"note": "hello", "file": (io.BytesIO(SUITE), "a.xml")})
    assert faults(field) == [("body", "expected only files in the form, got the field 'note'")]


def test_body_over_the_limit_is_refused(sender: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports, "MAX_BODY", 100_000)
    bomb = gzip.compress(b"<testsuite>" + b" " * 1_000_000)
    assert "larger than 100,000 bytes" in faults(send(sender, bomb, encoding="gzip"), 413)[0][1]


def test_large_files_are_spooled_and_read(sender: FlaskClient) -> None:
    padding = b"<system-out>" + b"line\n" * 400_000 + b"</system-out>"
    found = runs(send_encoded(sender, b"<testsuite>" + padding + SUITE[11:]))
    shown = sender.get(f"/api/v1/runs/{found[0]['uid']}").json or {}
    assert shown["counts"]["cases"] == {"pass": 1, "fail": 1}


def test_token_of_another_service_is_refused(sender: FlaskClient) -> None:
    faults(send(sender, SUITE, service="other"), 403)
    assert count(sender) == 0


def test_token_without_the_scope_is_refused(
    client: FlaskClient, make_token: Callable[..., str], api: Callable[[str], FlaskClient]
) -> None:
    faults(send(api(make_token(["read"])), SUITE), 403)
    faults(send(client, SUITE), 401)


def test_large_result_is_put_and_replaced(sender: FlaskClient) -> None:
    runs(send(sender, DEVICES, run=UID))
    call = f"/api/v1/runs/{UID}/devices/edge-1/result"
    assert (sender.put(call, data=b'{"b": 2}').json or {}) == {"created": False}
    assert sender.get(call, buffered=True).data == b'{"b": 2}'
    made = sender.put(
        call, query_string={"attempt": 2}, data=gzip.compress(b"[1.50]"), headers={"Content-Encoding": "gzip"}
    )
    assert (made.status_code, made.json) == (201, {"created": True})
    assert sender.get(call, query_string={"attempt": "2"}, buffered=True).data == b"[1.50]"


@pytest.mark.parametrize(
    ("path", "data", "status"),
    [
        (f"{UID}/devices/edge-1", b"{", 422),
        (f"{UID}/devices/edge-1", b"NaN", 422),
        (f"{UID}/devices/edge-1", b"", 422),
        (f"{UID}/devices/edge-1?attempt=0", b"1", 422),
        (f"{UID}/devices/a%07", b"1", 422),
        (f"{UID[:-1]}8/devices/edge-1", b"1", 404),
        ("7/devices/edge-1", b"1", 422),
    ],
)
def test_result_that_cannot_be_kept_is_refused(sender: FlaskClient, path: str, data: bytes, status: int) -> None:
    runs(send(sender, DEVICES, run=UID))
    path, _, query = path.partition("?")
    assert faults(sender.put(f"/api/v1/runs/{path}/result", query_string=query, data=data), status)
