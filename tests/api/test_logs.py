"""Do logs come in and go out by the API, whole, whatever is sent?"""

import gzip
import io
import re
from collections.abc import Callable

import pytest
import zstandard
from flask import Flask
from flask.testing import FlaskClient

from tests.store.log_runs import UID, add_run
from webapp.store.db import writing
from webapp.store.runs import get_run

pytestmark = pytest.mark.integration

LOG = f"/api/v1/runs/{UID}/logs/run"
HOSTILE = b"\xff\xfe\x00 \xe2\x80\xa8\r\n<script>alert(1)</script>\n\x1b]0;title\x07\x1b[31mred\nno end \xe9"


@pytest.fixture
def run(app: Flask) -> None:
    with writing() as session:
        add_run(session)


@pytest.fixture
def sender(run: None, make_token: Callable[..., str], api: Callable[[str], FlaskClient]) -> FlaskClient:
    """Return a client whose token may add to one service's runs and read."""
    return api(make_token(["ingest", "read"], services=["backup"]))


def read(client: FlaskClient, offset: int = 0) -> bytes:
    """Return the raw bytes of the log."""
    answer = client.get(LOG, query_string={"offset": offset})
    assert answer.status_code == 200
    data: bytes = answer.data
    assert answer.content_length == len(data)
    return data


def test_bytes_are_kept_as_they_are(sender: FlaskClient) -> None:
    answer = sender.post(LOG, query_string={"offset": 0}, data=HOSTILE)
    assert (answer.status_code, answer.json) == (200, {"offset": len(HOSTILE)})
    assert read(sender) == HOSTILE
    assert read(sender, 5) == HOSTILE[5:]
    assert read(sender, 10_000) == b""


def test_bytes_without_an_offset_go_to_the_end(sender: FlaskClient) -> None:
    for piece in (b"one\n", b"two\n", b""):
        answer = sender.post(LOG, data=piece)
    assert answer.json == {"offset": 8}
    assert read(sender) == b"one\ntwo\n"


def test_a_gap_is_refused_with_where_to_go_on(sender: FlaskClient) -> None:
    sender.post(LOG, data=b"12345")
    answer = sender.post(LOG, query_string={"offset": 7}, data=b"x")
    assert answer.status_code == 409
    assert answer.json == {
        "errors": [{"path": "offset", "message": "the bytes from 5 to 7 are missing"}],
        "offset": 5,
    }
    assert sender.post(LOG, query_string={"offset": 3}, data=b"45678").json == {"offset": 8}
    assert read(sender) == b"12345678"


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_a_long_packed_body_is_kept(sender: FlaskClient, encoding: str) -> None:
    data = b"".join(b"2026-11-22 INFO line %d\n" % number for number in range(200_000))
    packed = gzip.compress(data) if encoding == "gzip" else zstandard.compress(data)
    answer = sender.post(LOG, query_string={"offset": 0}, data=packed, headers={"Content-Encoding": encoding})
    assert answer.json == {"offset": len(data)}
    assert read(sender) == data


def test_a_broken_body_keeps_what_came_before(sender: FlaskClient) -> None:
    packed = gzip.compress(b"".join(b"%d\n" % number for number in range(500_000)))
    answer = sender.post(LOG, data=packed[: len(packed) * 2 // 3], headers={"Content-Encoding": "gzip"})
    assert answer.status_code == 422
    assert answer.json is not None
    assert answer.json["errors"] == [{"path": "body", "message": "the gzip data ends too early"}]
    kept = read(sender)
    assert answer.json["offset"] == len(kept) > 0
    assert kept == b"".join(b"%d\n" % number for number in range(500_000))[: len(kept)]


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_a_bomb_is_refused(sender: FlaskClient, encoding: str) -> None:
    if encoding == "gzip":
        source = io.BytesIO()
        with gzip.GzipFile(fileobj=source, mode="wb") as target:
            for _ in range(100):
                target.write(bytes(1 << 20))
        packed = source.getvalue()
    else:
        packed = zstandard.compress(bytes(100 << 20))
    answer = sender.post(LOG, data=packed, headers={"Content-Encoding": encoding})
    assert answer.status_code == 413
    assert answer.json is not None
    assert "larger than 67,108,864 bytes after unpacking" in answer.json["errors"][0]["message"]
    assert answer.json["offset"] <= 64 << 20


def test_levels_are_added_up_in_the_run(sender: FlaskClient) -> None:
    sender.post(LOG, data=b"ERROR one\nWARNING two\nERR")
    sender.post(LOG, data=b"AND no level\nerror: three\n")
    sender.post(LOG.replace("/run", "/run").replace("logs/run", "logs/edge-1"), data=b"ERROR four\n")
    with writing() as session:
        found = get_run(session, UID)
    assert (found.log_errors, found.log_warnings) == (3, 1)


@pytest.mark.parametrize(
    ("path", "status", "message"),
    [
        ("/api/v1/runs/nonsense/logs/run", 422, "expected a UUID"),
        (f"/api/v1/runs/{UID[:-1]}9/logs/run", 404, "there is no run"),
        (f"/api/v1/runs/{UID}/logs/{'x' * 256}", 422, "expected at most 255 characters"),
        (f"/api/v1/runs/{UID}/logs/a%00b", 422, "U+0000"),
        (f"/api/v1/runs/{UID}/logs/%E2%80%AEb", 422, "U+202E"),
        (f"{LOG}?offset=-1", 422, "offset"),
        (f"{LOG}?offset=soon", 422, "offset"),
        (f"{LOG}?offset=99999999999999999999", 422, "offset"),
        (f"{LOG}?ofset=1", 422, "unknown parameter"),
    ],
)
def test_what_cannot_be_stored_is_refused(sender: FlaskClient, path: str, status: int, message: str) -> None:
    answer = sender.post(path, data=b"x")
    assert answer.status_code == status
    assert message in answer.text


def test_a_device_with_an_awkward_name_has_a_log(sender: FlaskClient) -> None:
    for name in ("../../x", "a/b c", "100%", "größe"):
        path = f"/api/v1/runs/{UID}/logs/{name.replace('%', '%25')}"
        assert sender.post(path, data=name.encode()).status_code == 200
        assert sender.get(path).data == name.encode()
    names = sender.get(f"/api/v1/runs/{UID}/logs").json
    assert names is not None
    assert [item["stream"] for item in names["items"]] == ["../../x", "100%", "a/b c", "größe"]


def test_who_may_add_and_read(
    run: None, client: FlaskClient, make_token: Callable[..., str], api: Callable[[str], FlaskClient]
) -> None:
    assert client.post(LOG, data=b"x").status_code == 401
    assert api(make_token(["read"])).post(LOG, data=b"x").status_code == 403
    assert api(make_token(["ingest"], services=["other"])).post(LOG, data=b"x").status_code == 403
    assert api(make_token(["ingest"])).post(LOG, data=b"x").status_code == 200
    assert api(make_token(["ingest"])).get(LOG).status_code == 403
    assert api(make_token(["read"], services=["other"])).get(LOG).status_code == 404
    assert api(make_token(["read"])).get(LOG).data == b"x"


def test_lines_are_read_by_number_from_the_end_and_by_text(sender: FlaskClient) -> None:
    lines = b"".join(b"\x1b[32m%d\x1b[0m %s\n" % (number, b"ERROR x" * (number == 7)) for number in range(20))
    sender.post(LOG, data=lines)
    page = sender.get(LOG, query_string={"line": 6, "count": 3}).json
    assert page == {
        "items": [
            {"line": 6, "text": "6 ", "level": ""},
            {"line": 7, "text": "7 ERROR x", "level": "error"},
            {"line": 8, "text": "8 ", "level": ""},
        ],
        "total": 20,
        "next": 9,
    }
    tail = sender.get(LOG, query_string={"tail": 2}).json
    assert tail is not None
    assert [item["line"] for item in tail["items"]] == [18, 19]
    assert tail["next"] is None
    found = sender.get(LOG, query_string={"q": "1", "count": 2, "first": 10}).json
    assert found is not None
    assert ([item["line"] for item in found["items"]], found["total"], found["next"]) == ([10, 11], 10, 12)
    assert sender.get(LOG, query_string={"line": 20}).json == {"items": [], "total": 20, "next": None}


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("line=1&tail=2", "expected only one of line, tail, q and offset"),
        ("line=-1", "line"),
        ("tail=0", "tail"),
        ("count=5001&line=1", "count"),
        ("q=", "expected a text to look for"),
        ("q=a%0Ab", "expected a text of one line"),
        ("q=" + "x" * 1001, "q"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(sender: FlaskClient, query: str, message: str) -> None:
    sender.post(LOG, data=b"x\n")
    answer = sender.get(f"{LOG}?{query}")
    assert answer.status_code == 422
    assert message in answer.text


def test_a_log_that_is_not_there_is_not_found(sender: FlaskClient) -> None:
    assert sender.get(LOG).status_code == 404
    assert sender.get(f"/api/v1/runs/{UID}/logs").json == {"items": [], "next": None}


def test_the_list_goes_on(sender: FlaskClient) -> None:
    for name in ("a", "b", "c"):
        sender.post(f"/api/v1/runs/{UID}/logs/{name}", data=b"WARNING x\n")
    first = sender.get(f"/api/v1/runs/{UID}/logs", query_string={"limit": 2}).json
    assert first is not None
    assert [item["stream"] for item in first["items"]] == ["a", "b"]
    assert first["items"][0] | {"changed_at": ""} == {
        "stream": "a", "size": 10, "lines": 1, "errors": 0, "warnings": 1, "changed_at": ""
    }  # fmt: skip
    rest = sender.get(f"/api/v1/runs/{UID}/logs", query_string={"cursor": first["next"]}).json
    assert rest is not None
    assert ([item["stream"] for item in rest["items"]], rest["next"]) == (["c"], None)


def test_the_download_names_its_file(sender: FlaskClient) -> None:
    sender.post(LOG, data=b"x")
    headers = sender.get(LOG).headers
    assert headers["Content-Disposition"] == "attachment; filename=run.log"
    assert re.match("text/plain", headers["Content-Type"])
    assert headers["X-Content-Type-Options"] == "nosniff"
