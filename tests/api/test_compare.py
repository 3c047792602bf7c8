"""Does the API say what changed between two runs?"""

import csv
import io
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.conftest import MakeToken
from tests.factories.people import make_caller, make_query
from tests.factories.runs import CaseReport, Device, record_run
from webapp.domain.changes import ChangeClass
from webapp.worker.comparisons import compare_wanted_runs

pytestmark = pytest.mark.integration


@pytest.fixture
def caller(api: Callable[[str], FlaskClient], make_token: MakeToken) -> FlaskClient:
    """Return a client whose token may read."""
    return api(make_token(["read"]))


def test_two_runs_by_device(app: Flask, caller: FlaskClient) -> None:
    record_run(app, devices=["a"])
    first = record_run(app, devices=[Device(name="a", status="failed"), Device(name="b", result=1), "c"])
    last = record_run(app, devices=[Device(name="a", status="lost", message="gone"), Device(name="b", result=2), "c"])
    answer = caller.get(f"/api/v1/compare?a=previous&b={last}").json
    assert answer is not None
    assert answer["a"]["uid"] == first
    assert answer["reason"].startswith("the run before #3")
    assert {name: count for name, count in answer["devices"].items() if count} == {
        "still_failing": 1,
        "changed": 1,
        "same": 1,
    }
    assert [(item["class"], item["device"]) for item in answer["items"]] == [("still_failing", "a"), ("changed", "b")]
    assert answer["items"][0]["since"]["number"] == 2
    assert answer["items"][0]["message"] == "gone"
    same = caller.get(f"/api/v1/compare?a={first}&b={last}&change=same").json
    assert same is not None
    assert [item["device"] for item in same["items"]] == ["c"]


def test_cases_page_by_page(app: Flask, caller: FlaskClient) -> None:
    first = record_run(app, cases=[CaseReport(name="x"), CaseReport(name="y"), CaseReport(name="z")])
    last = record_run(app, cases=[CaseReport(name="x", result="fail"), CaseReport(name="new")])
    query = f"/api/v1/compare?a={first}&b={last}&by=cases&limit=3"
    page = caller.get(query).json
    assert page is not None
    assert (page["cases"]["newly_failing"], page["cases"]["missing"], page["cases"]["new_passing"]) == (1, 2, 1)
    assert page["next_page"] == 1
    rest = caller.get(f"{query}&page=1").json
    assert rest is not None
    assert [item["name"] for item in rest["items"]] == ["new"]
    assert rest["next_page"] is None


def test_refusals(app: Flask, caller: FlaskClient, api: Callable[[str], FlaskClient], make_token: MakeToken) -> None:
    uid = record_run(app)
    assert caller.get("/api/v1/compare").status_code == 422
    assert caller.get(f"/api/v1/compare?a={uid}&b={uid}&change=nonsense").status_code == 422
    assert caller.get(f"/api/v1/compare?a=previous&b={uid}").status_code == 404
    assert api(make_token(["read"], services=["other"])).get(f"/api/v1/compare?a={uid}&b={uid}").status_code == 404


def test_rows_carry_everything(app: Flask, caller: FlaskClient) -> None:
    first = record_run(app, devices=[Device(name="a", result=1, duration_s=2), "b"])
    last = record_run(app, devices=[Device(name="a", status="failed", result=2, duration_s=3, message="gone")])
    answer = caller.get(f"/api/v1/compare?a={first}&b={last}").json
    assert answer is not None
    assert set(answer["devices"]) == set(answer["cases"]) == set(ChangeClass)
    item = answer["items"][0]
    assert (item["a"]["status"], item["a"]["duration_s"], item["b"]["duration_s"]) == ("ok", 2, 3)
    assert item["a"]["result"] != item["b"]["result"]
    assert item["since"] == {"uid": last, "number": 2, "runs": 1, "is_longer": False}
    assert not item["flaky"]
    links = item["links"]
    assert links["page"] == f"http://localhost/compare?a={first}&b={last}&tab=result&device=a"
    assert caller.get(links["a_result"]).text == "1"
    assert caller.get(links["b_result"]).text == "2"
    assert answer["items"][1]["b"] is None
    assert answer["items"][1]["links"]["b_result"] is None


def test_words_stand_for_runs(app: Flask, caller: FlaskClient) -> None:
    first = record_run(app, devices=["a"])
    record_run(app, devices=["a"])
    last = record_run(app, devices=["a"])
    make_query(make_caller("ann"), "first", f"uid:{first}", is_shared=True)
    answer = caller.get("/api/v1/compare", query_string={"a": "query:ann/first", "b": last}).json
    assert answer is not None
    assert answer["a"]["uid"] == first
    assert answer["reason"] == "the newest run before #3 that the saved query ann/first selects"
    assert caller.get(f"/api/v1/compare?a=pinned&b={last}").status_code == 404


def test_one_cell_one_device_and_two_devices(app: Flask, caller: FlaskClient) -> None:
    cases = [CaseReport(name="x", device="a"), CaseReport(name="x", device="b", result="fail")]
    first = record_run(app, cases=cases)
    query = f"/api/v1/compare?a={first}&b={first}&by=cases"
    cell = caller.get(f"{query}&pair=pass:pass").json
    assert cell is not None
    assert [(item["device"], item["class"]) for item in cell["items"]] == [("a", "same")]
    alone = caller.get(f"{query}&device=b").json
    assert alone is not None
    assert alone["cases"]["still_failing"] == 1
    assert alone["cases"]["same"] == 0
    pair = caller.get(f"{query}&device=a&other=b").json
    assert pair is not None
    assert [item["class"] for item in pair["items"]] == ["newly_failing"]
    assert pair["items"][0]["links"]["page"].endswith("&tab=cases&device=b&change=newly_failing")
    for more in ("pair=ok", "other=b", "device=a&other=nobody", "device=nobody"):
        assert caller.get(f"{query}&{more}").status_code in (404, 422), more


def test_changes_as_csv(app: Flask, caller: FlaskClient) -> None:
    first = record_run(app, devices=["a", "=1+1", "stays"])
    last = record_run(app, devices=[Device(name="a", status="failed", message='two\nlines, "quoted"'), "stays"])
    answer = caller.get(f"/api/v1/compare.csv?a=previous&b={last}", buffered=True)
    assert answer.mimetype == "text/csv"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="compare-1-2-devices.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [(row["class"], row["device"], row["a_status"], row["b_status"]) for row in rows] == [
        ("newly_failing", "a", "ok", "failed"),
        ("missing", "'=1+1", "ok", ""),
    ]
    assert (rows[0]["message"], rows[0]["since_number"], rows[0]["since_runs"]) == ('two\nlines, "quoted"', "2", "1")
    same = caller.get(f"/api/v1/compare.csv?a={first}&b={last}&change=same", buffered=True)
    assert [row["device"] for row in csv.DictReader(io.StringIO(same.text))] == ["stays"]
    cases = caller.get(f"/api/v1/compare.csv?a={first}&b={last}&by=cases", buffered=True)
    assert len(cases.text.splitlines()) == 1


def test_ignored_parts_are_counted_apart(
    app: Flask, caller: FlaskClient, api: Callable[[str], FlaskClient], make_token: MakeToken
) -> None:
    first = record_run(app, devices=[Device(name="a", result={"uptime": 1})])
    last = record_run(app, devices=[Device(name="a", result={"uptime": 2})])
    options = {"compare": {"rules": [{"kind": "path", "pattern": "$.uptime"}]}}
    assert api(make_token(["admin"])).put("/api/v1/services/audit", json={"options": options}).status_code == 200
    answer = caller.get(f"/api/v1/compare?a={first}&b={last}&change=ignored_only").json
    assert answer is not None
    assert answer["devices"]["ignored_only"] == 1
    assert [item["device"] for item in answer["items"]] == ["a"]
    assert not answer["is_partial"]


def test_what_was_found_at_the_end(app: Flask, caller: FlaskClient) -> None:
    first = record_run(app, devices=["a"])
    last = record_run(app, devices=[Device(name="a", status="failed")], cases=[CaseReport(name="x")])
    assert caller.get(f"/api/v1/runs/{last}/changes").status_code == 404
    compare_wanted_runs()
    found = caller.get(f"/api/v1/runs/{last}/changes").json
    assert found is not None
    assert found["baseline"] == {"uid": first, "service": "audit", "number": 1}
    assert (found["word"], found["is_partial"]) == ("previous", False)
    assert (found["devices"]["newly_failing"], found["cases"]["new_passing"]) == (1, 1)
    nothing = caller.get(f"/api/v1/runs/{first}/changes").json
    assert nothing is not None
    assert (nothing["baseline"], nothing["word"]) == (None, "first")
