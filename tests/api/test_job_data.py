"""Can the data of a run's callbacks be fetched, as LAVA's `job_data`, by whom it concerns?"""

import gzip
import json

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.api.conftest import FINISHED
from tests.conftest import MakeToken
from tests.factories.runs import CaseReport, EndStatus, record_run
from tests.factories.sites import Site

pytestmark = pytest.mark.integration


def test_job_data_is_for_submitter_and_administrators(
    told: str, admin_api: FlaskClient, viewer_api: FlaskClient
) -> None:
    path = f"/api/v1/runs/{told}/job_data"
    assert viewer_api.get(path).status_code == 403
    answer = admin_api.get(path)
    assert answer.mimetype == "application/gzip"
    assert "filename=job_data.gz" in answer.headers["Content-Disposition"]
    data = json.loads(gzip.decompress(answer.data))
    assert data["status_string"] == "complete"
    assert data["log"] == "hello\n"
    assert "abc" not in data["definition"]


def test_job_data_of_a_run_without_callbacks_or_that_goes_on_is_not_there(app: Flask, admin_api: FlaskClient) -> None:
    calls, posts = ({"callback": {"url": "http://127.0.0.1/", "method": method}} for method in ("GET", "POST"))
    both = {"criteria": {"status": "all"}}
    ends: tuple[EndStatus | None, ...] = ("complete", None, "complete")
    for notify, status in zip((None, both | posts, both | calls), ends, strict=True):
        uid = record_run(app, fields={"notify": notify} if notify else {}, status=status)
        Site(app=app).work()
        assert admin_api.get(f"/api/v1/runs/{uid}/job_data").status_code == 404
    waiting = record_run(app, fields={"notify": both | posts})
    assert admin_api.get(f"/api/v1/runs/{waiting}/job_data").status_code == 404


@pytest.mark.parametrize("content_type", ["urlencoded", "json"])
def test_job_data_is_what_was_sent(app: Flask, admin_api: FlaskClient, content_type: str) -> None:
    callback = {"url": "http://127.0.0.1:9/", "method": "POST", "dataset": "all", "content-type": content_type}
    fields = {"notify": FINISHED | {"callback": callback}, "metadata": {"build": 12}}
    uid = record_run(app, fields=fields, cases=[CaseReport(name="boot", suite="smoke")])
    Site(app=app).work()
    admin_api.post(f"/api/v1/runs/{uid}/logs/run", data=b"late")
    admin_api.put(f"/api/v1/runs/{uid}", json={"metadata": {"build": 13}})
    data = json.loads(gzip.decompress(admin_api.get(f"/api/v1/runs/{uid}/job_data").data))
    assert (data["metadata"], data["log"], list(data["results"])) == ([{"build": "12"}], "", ["smoke"])
    assert (data["id"], data["health"], data["end_time"][:4], data["failure_comment"]) == (uid, 1, "2026", None)


def test_job_data_can_be_fetched_by_what_sends_no_header(told: str, app: Flask, make_token: MakeToken) -> None:
    token, client = make_token(["read"]), app.test_client()
    path = f"/api/v1/runs/{told}/job_data"
    assert client.get(f"{path}?user=admin&token={token}").mimetype == "application/gzip"
    for wrong in (f"user=viewer&token={token}", f"token={token}", "user=admin&token=art_x", "user=admin", ""):
        assert client.get(f"{path}?{wrong}").status_code == 401
    assert client.get(f"/api/v1/runs/{told}?user=admin&token={token}").status_code == 401
