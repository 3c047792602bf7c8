"""Does every call of the API answer what it declares, and refuse what it must?"""

import gzip
import json
from collections.abc import Callable
from itertools import islice
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest
import zstandard
from flask import Flask
from flask.testing import FlaskClient

from tests.conftest import MakeToken
from tests.factories.runs import CaseReport, Device, record_run

pytestmark = pytest.mark.integration

Api = Callable[[str], FlaskClient]
AT = "2026-11-22T12:00:00Z"


@pytest.fixture
def caller(api: Api, make_token: MakeToken) -> FlaskClient:
    """Return a client whose token may do everything."""
    return api(make_token(["admin"]))


def lines(*events: dict[str, Any]) -> bytes:
    """Return events as they are sent, numbered from 1."""
    return b"".join(
        json.dumps({"seq": number, "ts": AT, **event}).encode() + b"\n" for number, event in enumerate(events, start=1)
    )


WHOLE = lines(
    {"type": "run.start", "service": "backup"},
    {"type": "device.end", "device": "edge-1", "status": "ok", "result": {"n": 2**64, "b": 1, "a": 2}},
    {"type": "run.end", "status": "complete"},
)


def test_a_run_reported_and_read(caller: FlaskClient) -> None:
    uid = str(uuid4())
    answer = caller.post(f"/api/v1/runs/{uid}/events?stream=s", data=WHOLE)
    assert answer.json == {"acked": 3, "duplicates": 0, "cancel": False}
    again = caller.post(f"/api/v1/runs/{uid}/events?stream=s", data=WHOLE)
    assert again.json == {"acked": 3, "duplicates": 3, "cancel": False}
    run = caller.get(f"/api/v1/runs/{uid}").json
    assert run is not None
    assert run["counts"] == {"devices": {"ok": 1}, "cases": {}}
    assert (run["service"], run["number"], run["level"]) == ("backup", 1, "ok")
    raw = caller.get(f"/api/v1/runs/{uid}/devices/edge-1/result")
    assert raw.text == '{"n": 18446744073709551616, "b": 1, "a": 2}'


@pytest.mark.parametrize(("encoding", "pack"), [("gzip", gzip.compress), ("zstd", zstandard.compress)])
def test_packed_batches(caller: FlaskClient, encoding: str, pack: Callable[[bytes], bytes]) -> None:
    headers = {"Content-Encoding": encoding}
    path = f"/api/v1/runs/{uuid4()}/events"
    assert caller.post(path, data=pack(WHOLE), headers=headers).status_code == 200
    cut = caller.post(path, data=pack(WHOLE)[:-6], headers=headers)
    assert cut.status_code == 422
    assert "ends too early" in cut.text
    bomb = caller.post(path, data=pack(b"\n" * (64 << 20)), headers=headers)
    assert bomb.status_code == 413
    assert "4,194,304 bytes" in bomb.text


def test_unknown_packing_and_garbage(caller: FlaskClient) -> None:
    path = f"/api/v1/runs/{uuid4()}/events"
    assert caller.post(path, data=WHOLE, headers={"Content-Encoding": "br"}).status_code == 422
    for encoding in ("gzip", "zstd"):
        answer = caller.post(path, data=b"garbage", headers={"Content-Encoding": encoding})
        assert answer.status_code == 422
        assert f"expected {encoding} data" in answer.text


def test_a_gap_says_what_is_expected(caller: FlaskClient) -> None:
    uid = str(uuid4())
    caller.post(f"/api/v1/runs/{uid}/events", data=WHOLE)
    answer = caller.post(
        f"/api/v1/runs/{uid}/events", data=json.dumps({"seq": 7, "ts": AT, "type": "heartbeat"}).encode()
    )
    assert answer.status_code == 409
    assert answer.json is not None
    assert answer.json["expected"] == 4


@pytest.mark.parametrize(
    ("event", "place"),
    [
        ({"type": "device.end", "device": "x"}, "status"),
        ({"type": "device.end", "device": "x", "status": "fine"}, "status"),
        ({"type": "device.end", "device": "x" * 300, "status": "ok"}, "device"),
        ({"type": "device.end", "device": "a\u0000b", "status": "ok"}, "device"),
        ({"type": "device.end", "device": "a\u202eb", "status": "ok"}, "device"),
        ({"type": "device.end", "device": "x", "status": "ok", "colour": 1}, "colour"),
        ({"type": "nonsense"}, "type"),
        ({"type": "heartbeat", "seq": "2"}, "seq"),
        ({"type": "heartbeat", "ts": "2026-11-22T12:00:00"}, "ts"),
    ],
)
def test_a_faulty_event_is_refused_with_its_place(caller: FlaskClient, event: dict[str, Any], place: str) -> None:
    uid = str(uuid4())
    body = lines({"type": "run.start", "service": "backup"}, {"type": "heartbeat"}, event)
    answer = caller.post(f"/api/v1/runs/{uid}/events", data=body)
    assert answer.status_code == 422
    assert answer.json is not None
    assert answer.json["errors"][0]["path"].startswith("line 3")
    assert place in answer.text
    assert answer.json["acked"] == 0
    assert caller.get(f"/api/v1/runs/{uid}").status_code == 404


@pytest.mark.parametrize("raw", [b'{"seq":1', b"\xff\xfe", b'{"seq":1,"ts":"x"}', b"[]", b"nul", b'{"a":' * 600])
def test_what_is_no_event_is_refused(caller: FlaskClient, raw: bytes) -> None:
    answer = caller.post(f"/api/v1/runs/{uuid4()}/events", data=raw)
    assert answer.status_code == 422
    assert "line 1" in answer.text


@pytest.mark.parametrize("value", ["NaN", "Infinity", "[" * 600 + "]" * 600, '"\\ud800"'])
def test_json_that_is_none_is_refused_in_results(caller: FlaskClient, value: str) -> None:
    body = lines({"type": "run.start", "service": "x"}) + (
        f'{{"seq":2,"ts":"{AT}","type":"device.end","device":"d","status":"ok","result":{value}}}'.encode()
    )
    answer = caller.post(f"/api/v1/runs/{uuid4()}/events", data=body)
    assert answer.status_code == 422
    assert "line 2" in answer.text


@pytest.mark.parametrize("at", ["1901-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
def test_strange_times_are_kept(caller: FlaskClient, viewer: FlaskClient, at: str) -> None:
    uid = str(uuid4())
    body = lines({"type": "run.start", "service": "x", "ts": at}, {"type": "run.end", "status": "complete", "ts": at})
    assert caller.post(f"/api/v1/runs/{uid}/events", data=body).status_code == 200
    assert viewer.get(f"/runs/{uid}").status_code == 200
    assert viewer.get("/runs").status_code == 200


def test_too_many_events(caller: FlaskClient) -> None:
    body = lines({"type": "run.start", "service": "x"}, *({"type": "heartbeat"} for _ in range(1_000)))
    answer = caller.post(f"/api/v1/runs/{uuid4()}/events", data=body)
    assert answer.status_code == 413
    assert "1,000 events" in answer.text


def test_tokens_open_what_they_are_for(
    api: Api, make_token: MakeToken, client: FlaskClient, viewer: FlaskClient
) -> None:
    uid = str(uuid4())
    path = f"/api/v1/runs/{uid}/events"
    assert client.post(path, data=WHOLE).status_code == 401
    assert api("art_unknown").post(path, data=WHOLE).status_code == 401
    assert api(make_token(["read"])).post(path, data=WHOLE).status_code == 403
    assert api(make_token(["ingest"], services=["other"])).post(path, data=WHOLE).status_code == 403
    assert api(make_token(["ingest"])).post(path, data=WHOLE).status_code == 200
    assert api(make_token(["ingest"])).get(f"/api/v1/runs/{uid}").status_code == 403
    assert viewer.get(f"/api/v1/runs/{uid}").status_code == 200
    assert viewer.post(path, data=WHOLE).status_code == 401
    other = api(make_token(["read"], services=["other"]))
    assert other.get(f"/api/v1/runs/{uid}").status_code == 404
    assert other.get("/api/v1/runs").json == {"items": [], "next": None}


def test_a_run_is_made_and_changed(caller: FlaskClient) -> None:
    uid = str(uuid4())
    made = caller.put(f"/api/v1/runs/{uid}", json={"service": "s", "labels": ["a"], "devices": ["d"]})
    assert made.status_code == 201
    changed = caller.put(f"/api/v1/runs/{uid}", json={"parameters": {"x": 1}})
    assert changed.status_code == 200
    assert changed.json is not None
    assert (changed.json["labels"], changed.json["parameters"]) == (["a"], {"x": 1})
    assert caller.put(f"/api/v1/runs/{uid}", json={"service": "other"}).status_code == 409
    assert caller.put(f"/api/v1/runs/{uuid4()}", json={}).status_code == 422
    assert caller.put(f"/api/v1/runs/{uid}", json={"colour": 1}).status_code == 422
    assert caller.put("/api/v1/runs/nonsense", json={"service": "s"}).status_code == 422
    assert caller.put(f"/api/v1/runs/{uid}", data=b"{").status_code == 422


def test_canceling(caller: FlaskClient, app: Flask) -> None:
    uid = record_run(app, status=None)
    answer = caller.post(f"/api/v1/runs/{uid}/cancel")
    assert (answer.status_code, answer.json) == (202, {"cancel": True})
    told = caller.post(f"/api/v1/runs/{uid}/events?stream=new", data=lines({"type": "heartbeat"}))
    assert told.json is not None
    assert told.json["cancel"] is True
    assert caller.post(f"/api/v1/runs/{uuid4()}/cancel").status_code == 404


def test_lists_follow_their_cursor(caller: FlaskClient, app: Flask) -> None:
    uids = [record_run(app, devices=["a", "b", "c"], cases=[CaseReport(name="x"), CaseReport(name="y")]) for _ in "123"]
    seen = []
    cursor: str | None = ""
    while cursor is not None:
        page = caller.get("/api/v1/runs", query_string={"limit": 2, "cursor": cursor}).json
        assert page is not None
        seen += [run["uid"] for run in page["items"]]
        cursor = page["next"]
    assert seen == uids[::-1]
    for path, count in ((f"runs/{uids[0]}/results", 3), (f"runs/{uids[0]}/cases", 2), ("devices", 3)):
        first = caller.get(f"/api/v1/{path}?limit=1").json
        assert first is not None
        rest = caller.get(f"/api/v1/{path}?cursor={first['next']}").json
        assert rest is not None
        assert len(rest["items"]) == count - 1
    history = caller.get("/api/v1/devices/a/history?limit=2").json
    assert history is not None
    assert [version["number"] for version in history["items"]] == [3, 2]


def test_refusals_name_the_place_and_what_was_expected(caller: FlaskClient, app: Flask) -> None:
    uid = record_run(app)
    for answer, place, expected in (
        (caller.get(f"/api/v1/runs/{uid}/results.json?devices=x"), "devices", "expected one of all, failed, success"),
        (caller.put("/api/v1/services/a", json={"kind": "x"}), "kind", "expected one of service, workflow"),
        (caller.put("/api/v1/services/a", json={"kynd": "x"}), "kynd", "unknown field"),
        (caller.put("/api/v1/services/a", json={"heartbeat_s": "x"}), "heartbeat_s", "expected a whole number or null"),
        (caller.get("/api/v1/runs?limit=x"), "limit", "expected a whole number, got a text"),
    ):
        assert answer.status_code == 422
        (fault,) = answer.get_json()["errors"]
        assert fault["path"] == place
        assert fault["message"].startswith(expected)


def test_lists_refuse_nonsense(caller: FlaskClient) -> None:
    faulty = caller.get("/api/v1/runs?q=a+statis:x")
    assert faulty.status_code == 400
    assert faulty.get_json()["errors"][0]["path"] == "filter: character 3"
    for query in ("limit=0", "limit=x", "limit=1&limit=2", "cursor=nonsense", "colour=1"):
        answer = caller.get(f"/api/v1/runs?{query}")
        assert answer.status_code == 422
        assert answer.json is not None
        assert answer.json["errors"][0]["path"]


def test_results_by_status_and_attempt(caller: FlaskClient, app: Flask) -> None:
    uid = record_run(app, attempts=[{"a": "failed", "b": "ok"}, {"a": "ok"}])
    first = caller.get(f"/api/v1/runs/{uid}/results?status=failed&attempt=1").json
    assert first is not None
    assert [item["device"] for item in first["items"]] == ["a"]
    overall = caller.get(f"/api/v1/runs/{uid}/results?status=failed").json
    assert overall == {"items": [], "next": None}
    one = caller.get(f"/api/v1/runs/{uid}/devices/a?attempt=2").json
    assert one is not None
    assert one["status"] == "ok"
    assert caller.get(f"/api/v1/runs/{uid}/results?device=a").json is not None
    assert caller.get(f"/api/v1/runs/{uid}/results?attempt=99999").status_code == 422
    assert caller.get(f"/api/v1/runs/{uid}/results?attempt=x").status_code == 422
    assert caller.get(f"/api/v1/runs/{uid}/devices/z").status_code == 404


def test_a_device_may_have_any_name_in_an_address(caller: FlaskClient, app: Flask) -> None:
    names = ["a//b", "../../x", "100%", "ä ö"]
    uid = record_run(app, devices=[Device(name=name, result={"is": name}) for name in names])
    for name in names:
        path = f"/api/v1/runs/{uid}/devices/{quote(name, safe='')}"
        assert caller.get(path).json["device"] == name  # type: ignore[index]
        assert caller.get(f"{path}/result").json == {"is": name}


def test_documents_and_outputs(caller: FlaskClient, app: Flask) -> None:
    uid = record_run(app, devices=["a", Device(name="b", status="failed")], cases=[CaseReport(name="x", output="<b>")])
    document = caller.get(f"/api/v1/runs/{uid}/results.json?devices=failed")
    assert document.json is not None
    assert list(document.json["results"]["devices"]) == ["b"]
    assert "attachment" not in document.headers["Content-Disposition"]
    output = caller.get(f"/api/v1/runs/{uid}/cases/1/output")
    assert (output.text, output.mimetype) == ("<b>", "text/plain")
    assert caller.get(f"/api/v1/runs/{uid}/cases/9/output").status_code == 404
    assert caller.get(f"/api/v1/runs/{uid}/devices/a/result").status_code in (200, 404)


def test_attachments(caller: FlaskClient, app: Flask) -> None:
    uid = record_run(app)
    path = f"/api/v1/runs/{uid}/attachments/a b.html"
    put = caller.put(path, data=b"<script>", headers={"Content-Type": "text/html"})
    assert put.status_code == 204
    assert caller.put(path, data=b"<script>2", headers={"Content-Type": "text/html"}).status_code == 204
    found = caller.get(path)
    assert (found.data, found.mimetype) == (b"<script>2", "application/octet-stream")
    assert found.headers["Content-Disposition"].startswith("attachment")
    listed = caller.get(f"/api/v1/runs/{uid}/attachments").json
    assert listed is not None
    assert [(item["name"], item["size"]) for item in listed["items"]] == [("a b.html", 9)]
    assert caller.get(f"/api/v1/runs/{uid}/attachments/none").status_code == 404
    assert caller.put(f"/api/v1/runs/{uid}/attachments/a%00b", data=b"x").status_code == 422
    assert caller.put(path, data=b"x", headers={"Content-Type": "a" * 300}).status_code == 422


def test_services(caller: FlaskClient, api: Api, make_token: MakeToken) -> None:
    made = caller.put("/api/v1/services/flow", json={"kind": "workflow", "options": {"a": 1}})
    assert made.status_code == 201
    changed = caller.put("/api/v1/services/flow", json={"description": "all of it", "heartbeat_s": 5})
    assert changed.status_code == 200
    shown = caller.get("/api/v1/services/flow").json
    assert shown is not None
    assert (shown["kind"], shown["description"], shown["heartbeat_s"]) == ("workflow", "all of it", 5)
    listed = caller.get("/api/v1/services?q=kind:workflow").json
    assert listed is not None
    assert [service["slug"] for service in listed["items"]] == ["flow"]
    assert caller.get("/api/v1/services/none").status_code == 404
    assert caller.put("/api/v1/services/flow", json={"heartbeat_s": 0}).status_code == 422
    assert caller.put("/api/v1/services/flow", json={"owner": "nobody"}).status_code == 422
    limited = api(make_token(["admin"], services=["other"]))
    assert limited.put("/api/v1/services/flow", json={}).status_code == 403


def test_a_ping_is_a_run(caller: FlaskClient, viewer: FlaskClient) -> None:
    done = caller.post("/api/v1/services/cron/ping", data="all\nwell\n", headers={"Content-Type": "text/plain"}).json
    assert done is not None
    assert (done["status"], done["number"]) == ("complete", 1)
    assert caller.get(f"/api/v1/runs/{done['uid']}/logs/run").text == "all\nwell\n"
    assert viewer.get(f"/runs/{done['uid']}").status_code == 200


def test_a_ping_ends_what_a_ping_began(caller: FlaskClient) -> None:
    began = caller.post("/api/v1/services/cron/ping/start?device=web-1").json
    assert began is not None
    assert began["status"] == "running"
    ended = caller.post("/api/v1/services/cron/ping/3?device=web-1", data="ERROR: no\n").json
    assert ended is not None
    assert (ended["uid"], ended["status"]) == (began["uid"], "incomplete")
    run = caller.get(f"/api/v1/runs/{ended['uid']}").json
    assert run is not None
    assert (run["level"], run["message"], run["counts"]["devices"]) == ("failed", "exit code 3", {"failed": 1})
    failed = caller.post("/api/v1/services/cron/ping/fail").json
    assert failed is not None
    assert failed["uid"] != began["uid"]


def test_pings_that_are_refused(caller: FlaskClient, api: Api, make_token: MakeToken) -> None:
    for signal in ("256", "-1", "nonsense", "1e1"):
        answer = caller.post(f"/api/v1/services/cron/ping/{signal}")
        assert answer.status_code == 422
        assert "expected start, fail or an exit code" in answer.text
    assert api(make_token(["ingest"], services=["other"])).post("/api/v1/services/cron/ping").status_code == 403
    assert caller.post("/api/v1/services/cron/ping?device=a%00b").status_code == 422


def test_a_run_can_be_followed(caller: FlaskClient, app: Flask) -> None:
    uid = record_run(app)
    answer = caller.get(f"/api/v1/runs/{uid}/stream", buffered=False)
    assert b"event: changed" in b"".join(islice(answer.iter_encoded(), 2))
    answer.close()


def test_refusals_of_the_server_have_the_same_shape(caller: FlaskClient, client: FlaskClient) -> None:
    wrong = caller.delete("/api/v1/runs")
    assert (wrong.status_code, wrong.mimetype) == (405, "application/json")
    assert "GET" in wrong.headers["Allow"]
    nowhere = caller.get("/api/v1/nowhere")
    assert nowhere.status_code == 404
    assert nowhere.json is not None
    assert nowhere.json["errors"][0]["message"]
    assert client.get("/api/v1/runs").headers["WWW-Authenticate"]


def test_the_description_is_public_and_a_page(client: FlaskClient) -> None:
    described = client.get("/api/v1/openapi.json").json
    assert described is not None
    assert described["openapi"].startswith("3.1")
    assert "/runs/{uid}/events" in described["paths"]
    page = client.get("/api/v1/")
    assert page.status_code == 200
    assert "Add a batch of events" in page.text
