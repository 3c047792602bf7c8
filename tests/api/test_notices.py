"""Does the API check blocks, show which rules a run meets, and keep what others sent to whom it concerns?"""

import json
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.api.conftest import FINISHED, Api
from tests.conftest import MakeToken
from tests.factories.runs import Device, record_run
from tests.factories.sites import Site
from tests.queries import counted_queries
from webapp.clock import now
from webapp.domain.access import Role
from webapp.store.accounts import NewUser, add_user, change_user, find_user_by_name, get_user, list_audit
from webapp.store.db import reading, writing

pytestmark = pytest.mark.integration

UID = "01890a5d-ac96-774b-bcce-b302099a8057"


@pytest.mark.parametrize(
    "body", [json.dumps(FINISHED), "criteria:\n  status: finished\n", "notify:\n  criteria: {status: finished}\n"]
)
def test_right_block_is_answered_normalised(viewer_api: FlaskClient, body: str) -> None:
    answer = viewer_api.post("/api/v1/notify/check", data=body, content_type="application/yaml")
    assert answer.status_code == 200
    assert answer.get_json() == {"ok": True, "notify": {"criteria": {"status": ["finished"]}, "verbosity": "quiet"}}


def test_faulty_block_is_refused_with_every_fault(viewer_api: FlaskClient) -> None:
    block = {"criteria": {"status": "finish"}, "recipients": [{"to": {"method": "email", "user": "ghost"}}]}
    answer = viewer_api.post("/api/v1/notify/check", json=block)
    assert answer.status_code == 422
    assert [fault["path"] for fault in answer.get_json()["errors"]] == [
        "notify.criteria.status",
        "notify.recipients[0].to.user",
    ]


FORMS = [
    "label:nightly",
    "testjob__health__exact__Complete,submitter__operator",
    ["testjob__health__exact__Complete", "submitter__operator"],
    {"entity": "testjob", "conditions": {"health": "Complete", "submitter__contains": "oper"}},
    {"username": "operator", "name": "shared"},
]


@pytest.fixture
def operator_api(api: Api, make_token: MakeToken) -> FlaskClient:
    """Return an operator who has saved a query for everybody and one of their own."""
    client = api(make_token(["ingest", "read"], role=Role.OPERATOR))
    for name, is_shared in (("shared", True), ("own", False)):
        path = f"/api/v1/queries/operator/{name}"
        assert client.put(path, json={"text": "label:nightly", "shared": is_shared}).status_code == 201
    return client


@pytest.mark.usefixtures("operator_api")
@pytest.mark.parametrize("query", FORMS)
def test_query_of_each_form_is_right(viewer_api: FlaskClient, query: Any) -> None:
    block = {"criteria": {"status": "all", "dependency_query": query}, "compare": {"query": query}}
    answer = viewer_api.post("/api/v1/notify/check", json=block)
    assert answer.status_code == 200, answer.get_json()
    again = answer.get_json()["notify"]
    assert viewer_api.post("/api/v1/notify/check", json=again).get_json()["notify"] == again


@pytest.mark.usefixtures("operator_api")
@pytest.mark.parametrize(
    ("query", "fault"),
    [
        ({"entity": "testjob", "conditions": {"colour": "red"}}, 'the field "colour" is not supported'),
        (["health__Complete", "testcase__name__exact__x"], 'conditions of "testcase" can'),
        ({"username": "operator", "name": "gone"}, "there is no saved query operator/gone"),
        ({"username": "operator", "name": "own"}, "there is no saved query operator/own"),
    ],
)
def test_query_that_cannot_be_used_is_refused(viewer_api: FlaskClient, query: Any, fault: str) -> None:
    block = {"criteria": {"status": "all", "dependency_query": query}, "compare": {"query": query}}
    faults = viewer_api.post("/api/v1/notify/check", json=block).get_json()["errors"]
    assert [each["path"].removesuffix(".conditions") for each in faults] == [
        "notify.criteria.dependency_query",
        "notify.compare.query",
    ]
    assert all(fault in each["message"] for each in faults)


def test_own_query_is_for_runs_of_its_owner(operator_api: FlaskClient, admin_api: FlaskClient) -> None:
    block = FINISHED | {"compare": {"query": {"username": "operator", "name": "own"}}}
    body = {"service": "audit", "notify": block}
    assert operator_api.put(f"/api/v1/runs/{UID}", json=body).status_code == 201
    other = {**body, "submitter": "viewer"}
    assert operator_api.put(f"/api/v1/runs/{UID[:-1]}8", json=other).status_code == 403


@pytest.mark.parametrize("body", [b"\xff", b"- a", b"a: &x 1\nb: *x", b"", b"a: [", b"notify: 7"])
def test_what_is_no_block_is_refused(viewer_api: FlaskClient, body: bytes) -> None:
    assert viewer_api.post("/api/v1/notify/check", data=body, content_type="text/plain").status_code == 422


def test_faulty_block_is_refused_with_the_runs_creation(admin_api: FlaskClient) -> None:
    body = {"service": "audit", "notify": {"criteria": {"status": "finish"}}}
    answer = admin_api.put(f"/api/v1/runs/{UID}", json=body)
    assert answer.status_code == 422
    assert answer.get_json()["errors"][0]["path"] == "notify.criteria.status"
    assert admin_api.get(f"/api/v1/runs/{UID}").status_code == 404


@pytest.mark.parametrize("notify", [{"criteria": {"status": "finish"}}, "criteria: [", 7])
def test_run_is_kept_when_its_reporter_says_so(admin_api: FlaskClient, notify: Any) -> None:
    body = {"service": "audit", "notify": notify, "notify_on_error": "ignore"}
    wanted = 422 if notify == 7 else 201  # not even of the right type
    assert admin_api.put(f"/api/v1/runs/{UID}", json=body).status_code == wanted


def test_block_that_was_faulty_is_never_followed(app: Any, admin_api: FlaskClient) -> None:
    to = [{"to": {"method": "email", "user": "later"}}, {"to": {"method": "email", "email": "all@example.org"}}]
    body = {"service": "audit", "notify": FINISHED | {"recipients": to}, "notify_on_error": "ignore"}
    assert admin_api.put(f"/api/v1/runs/{UID}", json=body).status_code == 201
    with writing() as session:
        add_user(session, NewUser(name="later", email="later@example.org", role=Role.VIEWER), now=now())
    record_run(app, uid=UID, service="audit")
    (rule,) = admin_api.get(f"/api/v1/runs/{UID}/notify").get_json()["items"]
    assert rule["faults"] == ["notify.recipients[0].to.user: there is no account 'later'"]
    assert [each["channel"] for each in rule["recipients"]] == ["none"]


@pytest.mark.parametrize(
    "notify", ["callback: {token: hunter2", {"notify": {"callback": {"token": "hunter2"}}}, "notify: {x: hunter2}"]
)
def test_secrets_of_a_faulty_block_are_not_shown(admin_api: FlaskClient, viewer_api: FlaskClient, notify: Any) -> None:
    body = {"service": "audit", "notify": notify, "notify_on_error": "ignore"}
    assert admin_api.put(f"/api/v1/runs/{UID}", json=body).status_code == 201
    assert "hunter2" not in viewer_api.get(f"/api/v1/runs/{UID}").get_data(as_text=True)


def test_tokens_of_a_block_are_not_shown(admin_api: FlaskClient, viewer_api: FlaskClient) -> None:
    callback = {"url": "http://127.0.0.1/", "token": "hunter2", "secret": "whsec"}
    admin_api.put(f"/api/v1/runs/{UID}", json={"service": "audit", "notify": FINISHED | {"callback": callback}})
    options = {"notify": FINISHED | {"callback": callback}}
    assert admin_api.put("/api/v1/services/audit", json={"options": options}).status_code == 200
    for path in (f"/api/v1/runs/{UID}", "/api/v1/services/audit", "/api/v1/services"):
        text = viewer_api.get(path).get_data(as_text=True)
        assert "hunter2" not in text
        assert "whsec" not in text


@pytest.mark.parametrize(
    ("options", "path"),
    [
        ({"notify": {"criteria": {}}}, "options.notify.criteria.status"),
        ({"notify": "criteria: ["}, "options.notify"),
        ({"send_notification": ["email"]}, "options.mail_recipients"),
        ({"send_notification": ["nowhere"]}, "options.send_notification[0]"),
        ({"include_link": 1}, "options.include_link"),
    ],
)
def test_faulty_options_of_a_service_are_refused(admin_api: FlaskClient, options: dict[str, Any], path: str) -> None:
    answer = admin_api.put("/api/v1/services/audit", json={"options": options})
    assert answer.status_code == 422
    assert [fault["path"] for fault in answer.get_json()["errors"]] == [path]
    answer = admin_api.put("/api/v1/services/audit", json=options)
    assert answer.status_code == 422
    assert [fault["path"] for fault in answer.get_json()["errors"]] == [path.removeprefix("options.")]


def test_options_may_stand_beside_the_other_fields(admin_api: FlaskClient) -> None:
    body = {"description": "all of it", "notify": FINISHED, "push_to_git": True, "options": {"header": "Nightly"}}
    assert admin_api.put("/api/v1/services/audit", json=body).status_code in {200, 201}
    shown = admin_api.get("/api/v1/services/audit").get_json()
    assert shown["options"] == {"notify": FINISHED, "push_to_git": True, "header": "Nightly"}
    admin_api.put("/api/v1/services/audit", json={"push_to_git": None})
    assert set(admin_api.get("/api/v1/services/audit").get_json()["options"]) == {"notify", "header"}


def test_rules_say_who_is_told_and_why_not(app: Any, admin_api: FlaskClient) -> None:
    block = {"criteria": {"status": "incomplete"}, "recipients": [{"to": {"method": "email", "email": "a@b.c"}}]}
    uid = record_run(app, fields={"notify": block})
    answer = admin_api.get(f"/api/v1/runs/{uid}/notify").get_json()
    assert answer["event"] == "ended"
    (rule,) = answer["items"]
    assert (rule["route"], rule["is_met"]) == ("the run's notify block", False)
    assert rule["mismatch"] == "the run is complete, and the criteria ask for incomplete"
    assert [each["to"] for each in rule["recipients"]] == ["a@b.c"]


def test_run_without_rules_has_none(app: Any, admin_api: FlaskClient) -> None:
    assert admin_api.get(f"/api/v1/runs/{record_run(app)}/notify").get_json()["items"] == []


def test_list_costs_the_same_for_more_deliveries(told: str, app: Any, admin: FlaskClient) -> None:
    counts = []
    for _ in range(2):
        with counted_queries() as queries:
            assert admin.get("/api/v1/deliveries").status_code == 200
        counts.append(queries.count)
        block = FINISHED | {"recipients": [{"to": {"method": "email", "user": name}} for name in ("a", "b")]}
        record_run(app, fields={"notify": block})
        Site(app=app).plan()
    assert counts[0] == counts[1]


def test_delivery_is_listed_shown_sent_again_and_taken_back(told: str, admin_api: FlaskClient) -> None:
    (item,) = admin_api.get(f"/api/v1/deliveries?run={told}").get_json()["items"]
    assert (item["channel"], item["state"], item["attempts"]) == ("webhook", "failed", 1)
    path = f"/api/v1/deliveries/{item['uid']}"
    shown = admin_api.get(path).get_json()
    assert shown["payload"]["fields"]["method"] == "POST"
    assert [each["number"] for each in shown["tries"]] == [1]
    assert admin_api.post(f"{path}/cancel").status_code == 409
    again = admin_api.post(f"{path}/retry")
    assert (again.status_code, again.get_json()["state"]) == (202, "pending")
    assert admin_api.post(f"{path}/cancel").get_json()["state"] == "canceled"
    assert admin_api.post(f"{path}/retry").status_code == 202
    details = {"uid": item["uid"], "channel": "webhook"}
    assert audited() == [
        ("admin", action, "audit #1", details)
        for action in ("delivery.sent_again", "delivery.canceled", "delivery.sent_again")
    ]


def audited() -> list[tuple[str, str, str, Any]]:
    """Return who sent what again or took it back, the newest first."""
    with reading() as session:
        return [
            (get_user(session, line.user_id).name, line.action, line.subject, line.details)
            for line in list_audit(session, limit=20)
            if line.action.startswith("delivery.") and line.user_id is not None
        ]


def test_many_are_replayed(told: str, admin_api: FlaskClient) -> None:
    answer = admin_api.post("/api/v1/deliveries/replay", json={"state": "failed", "run": told})
    assert answer.status_code == 202
    uids = answer.get_json()["uids"]
    assert len(uids) == 1
    assert audited() == [("admin", "delivery.sent_again", "1 message", {"uids": uids})]
    assert admin_api.post("/api/v1/deliveries/replay", json={"state": "failed"}).get_json() == {"uids": []}


def test_others_see_neither_addresses_nor_contents(
    told: str, viewer_api: FlaskClient, api: Api, make_token: Any
) -> None:
    (item,) = viewer_api.get("/api/v1/deliveries").get_json()["items"]
    assert item["to"] == "http://127.0.0.1:9/…"
    shown = viewer_api.get(f"/api/v1/deliveries/{item['uid']}").get_json()
    assert shown["payload"] is None
    assert "key=abc" not in str(shown)
    for verb in ("retry", "cancel"):
        assert viewer_api.post(f"/api/v1/deliveries/{item['uid']}/{verb}").status_code == 403
    limited = api(make_token(["admin"], services=["other"]))
    assert limited.get("/api/v1/deliveries").get_json()["items"] == []
    assert limited.get(f"/api/v1/deliveries/{item['uid']}").status_code == 404
    assert limited.post("/api/v1/deliveries/replay", json={}).status_code == 403


def test_event_is_planned_again_for_those_not_told_yet(app: Any, admin_api: FlaskClient) -> None:
    uid = record_run(app)
    site = Site(app=app)
    site.plan()
    assert site.deliveries(uid) == []
    options = {"send_notification": ["email"], "mail_recipients": ["a@example.org"]}
    admin_api.put("/api/v1/services/audit", json={"options": options})
    for _ in range(2):
        assert admin_api.post(f"/api/v1/runs/{uid}/notify").status_code == 202
        site.plan()
    assert [each.to for each in site.deliveries(uid)] == ["a@example.org"]


def test_destination_is_made_changed_and_removed(admin_api: FlaskClient, viewer_api: FlaskClient) -> None:
    path = "/api/v1/destinations/ops-room"
    body = {"channel": "slack", "config": {"token": "xoxb-hunter2", "channel": "#ops"}}
    assert admin_api.put(path, json=body).status_code == 201
    again = admin_api.put(path, json={"channel": "slack", "config": {"token": "********", "channel": "#dev"}})
    assert (again.status_code, again.get_json()["config"]) == (200, {"token": "********", "channel": ["#dev"]})
    assert "hunter2" not in str(admin_api.get("/api/v1/destinations").get_json())
    assert viewer_api.get("/api/v1/destinations").get_json()["items"][0]["config"] is None
    assert viewer_api.put(path, json=body).status_code == 403
    assert admin_api.put(path, json={"channel": "irc", "config": {}}).status_code == 409
    assert admin_api.delete(path).status_code == 204
    assert admin_api.delete(path).status_code == 404


@pytest.mark.parametrize(
    ("name", "body", "path"),
    [
        ("ops", {"channel": "nosuch", "config": {}}, "method"),
        ("ops", {"channel": "slack", "config": {}}, "config.token"),
        ("ops", {"channel": "slack", "config": {"tokn": "x"}}, "config.tokn"),
        ("slack", {"channel": "slack", "config": {"url": "https://x.example/"}}, "name"),
        ("x" * 65, {"channel": "slack", "config": {"url": "https://x.example/"}}, "name"),
    ],
)
def test_faulty_destination_is_refused(admin_api: FlaskClient, name: str, body: dict[str, Any], path: str) -> None:
    answer = admin_api.put(f"/api/v1/destinations/{name}", json=body)
    assert answer.status_code == 422
    assert answer.get_json()["errors"][0]["path"] == path


def test_subscription_is_ones_own(admin_api: FlaskClient, viewer_api: FlaskClient) -> None:
    body = {"criteria": {"status": "finished", "level": "errors"}, "query": "service:audit"}
    made = viewer_api.post("/api/v1/subscriptions", json=body)
    assert made.status_code == 201
    assert [each["id"] for each in viewer_api.get("/api/v1/subscriptions").get_json()["items"]] == [
        made.get_json()["id"]
    ]
    assert admin_api.get("/api/v1/subscriptions").get_json()["items"] == []
    assert admin_api.delete(f"/api/v1/subscriptions/{made.get_json()['id']}").status_code == 404
    assert viewer_api.delete(f"/api/v1/subscriptions/{made.get_json()['id']}").status_code == 204


def test_faulty_subscription_is_refused_with_every_fault(viewer_api: FlaskClient) -> None:
    body = {"criteria": {"status": "finish"}, "query": "service:(", "channel": "slack"}
    answer = viewer_api.post("/api/v1/subscriptions", json=body)
    assert answer.status_code == 422
    assert [fault["path"] for fault in answer.get_json()["errors"]] == [
        "channel",
        "query",
        "subscription.criteria.status",
    ]


def test_subscription_tells_of_runs_that_it_selects(app: Any, viewer_api: FlaskClient) -> None:
    with writing() as session:
        user = find_user_by_name(session, "viewer")
        assert user is not None
        change_user(session, user.id, email="viewer@example.org")
    body = {"criteria": {"status": "finished", "level": "errors"}, "query": "service:audit"}
    viewer_api.post("/api/v1/subscriptions", json=body)
    site = Site(app=app)
    failed = [Device(name="r1", status="failed")]
    runs: list[tuple[str, list[Device]]] = [("audit", failed), ("audit", []), ("x", failed)]
    uids = [record_run(app, service=name, devices=devices) for name, devices in runs]
    site.plan()
    assert [[each.to for each in site.deliveries(uid)] for uid in uids] == [["viewer@example.org"], [], []]


def test_secret_is_kept_and_never_shown(admin_api: FlaskClient, viewer_api: FlaskClient) -> None:
    made = admin_api.post("/api/v1/secrets", json={"description": "ci", "value": "hunter2", "is_servers": True})
    assert (made.status_code, made.get_json()["is_servers"]) == (201, True)
    assert "hunter2" not in str(admin_api.get("/api/v1/secrets").get_json())
    assert viewer_api.get("/api/v1/secrets").get_json()["items"] == []
    assert admin_api.delete(f"/api/v1/secrets/{made.get_json()['id']}").status_code == 204
    assert admin_api.delete(f"/api/v1/secrets/{made.get_json()['id']}").status_code == 404


@pytest.mark.parametrize("body", [{"description": " ", "value": "x"}, {"description": "a", "value": "a\nb"}])
def test_faulty_secret_is_refused(admin_api: FlaskClient, body: dict[str, Any]) -> None:
    assert admin_api.post("/api/v1/secrets", json=body).status_code == 422


def test_operator_keeps_no_secret_of_the_server(api: Api, make_token: MakeToken) -> None:
    client = api(make_token(["ingest", "read"], role=Role.OPERATOR))
    body = {"description": "ci", "value": "x"}
    assert client.post("/api/v1/secrets", json=body).status_code == 201
    assert client.post("/api/v1/secrets", json=body | {"is_servers": True}).status_code == 403
