"""Is a run made and changed as it was asked, and refused where it can't be?"""

from typing import Any
from uuid import uuid4

import msgspec
import pytest
from flask import Flask
from sqlalchemy import select

from tests.factories.runs import NOW, SERVER, record_run
from webapp.domain.access import Caller, Role, Scope
from webapp.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from webapp.ingest.runs import PutRun, RunFields, put_run, request_cancel
from webapp.store.accounts import NewUser, add_user
from webapp.store.db import reading, writing
from webapp.store.models.results import DeviceResultRow
from webapp.store.models.runs import RunDetailRow, RunLabelRow, RunRow

pytestmark = pytest.mark.integration

PRODUCER = Caller(
    user_id=None, name="ci", role=Role.OPERATOR, scopes=frozenset({Scope.INGEST}), services=frozenset({"audit"})
)


def put(uid: str, caller: Caller = SERVER, **fields: Any) -> PutRun:
    with writing() as session:
        return put_run(session, uid, msgspec.convert(fields, RunFields), caller=caller, now=NOW)


def run_of(uid: str) -> RunRow:
    with reading() as session:
        return session.scalars(select(RunRow).where(RunRow.uid == uid)).one()


def fault_of(**fields: Any) -> list[tuple[str, str]]:
    with pytest.raises(InvalidError) as caught:
        put(str(uuid4()), **{"service": "audit", **fields})
    return caught.value.faults


def test_run_is_made_and_changed_idempotently(any_app: Flask) -> None:
    uid = str(uuid4())
    fields: dict[str, Any] = {
        "service": "audit",
        "devices": ["a", "b", "a"],
        "cases": 4,
        "labels": ["night", "prod", "night"],
        "metadata": {"b": 1, "a": [2**70]},
        "parameters": {"site": "x"},
        "environment": {"ref": "main"},
        "notify": "criteria:\n  status: finished\n",
        "definition": "do\0it",
        "priority": 70,
        "trigger": "cron",
        "host": "jump-1",
        "external_key": "gh:1",
    }
    assert put(uid, **fields) == PutRun(uid=uid, number=1, created=True)
    assert put(uid, **fields) == PutRun(uid=uid, number=1, created=False)
    run = run_of(uid)
    assert (run.status, run.planned_devices, run.planned_cases, run.device_counts) == ("queued", 2, 4, {"queued": 2})
    assert (run.priority, run.trigger, run.host, run.external_key) == (70, "cron", "jump-1", "gh:1")
    with reading() as session:
        details = session.scalars(select(RunDetailRow)).one()
        labels = session.scalars(select(RunLabelRow.label).order_by(RunLabelRow.label)).all()
    assert (details.details, details.parameters) == ({"b": 1, "a": [2**70]}, {"site": "x"})
    assert (details.notify, details.definition) == ({"criteria": {"status": "finished"}}, "do\u2400it")
    assert labels == ["night", "prod"]


def test_what_is_left_out_stays(app: Flask) -> None:
    uid = str(uuid4())
    put(uid, service="audit", labels=["a"], trigger="cron", parameters={"x": 1})
    put(uid, trigger="manual")
    with reading() as session:
        assert session.scalars(select(RunLabelRow.label)).all() == ["a"]
        assert session.scalars(select(RunDetailRow.parameters)).one() == {"x": 1}
    assert run_of(uid).trigger == "manual"


def test_external_key_is_unique_in_its_service(any_app: Flask) -> None:
    first, second = str(uuid4()), str(uuid4())
    put(first, service="audit", external_key="gh:1")
    put(str(uuid4()), service="backup", external_key="gh:1")
    with pytest.raises(ConflictError, match=f"is that of the run {first}"):
        put(second, service="audit", external_key="gh:1")
    with reading() as session:
        assert session.scalar(select(RunRow.id).where(RunRow.uid == second)) is None


def test_parent_is_another_run(app: Flask) -> None:
    parent, child = record_run(app, service="nightly"), str(uuid4())
    put(child, service="audit", parent_run=parent, parent_step="audit")
    assert run_of(child).parent_run_id == run_of(parent).id
    for uid, above in ((parent, child), (parent, parent)):
        with pytest.raises(InvalidError, match="parent_run: expected another run"):
            put(uid, parent_run=above)
    assert fault_of(parent_run="x") == [("parent_run", "there is no run 'x'")]


def test_service_is_needed_once_and_then_fixed(app: Flask) -> None:
    uid = str(uuid4())
    with pytest.raises(InvalidError, match="service: expected the name of a service"):
        put(uid, trigger="x")
    put(uid, service="audit")
    with pytest.raises(ConflictError, match="belongs to the service 'audit'"):
        put(uid, service="other")


def test_submitter_is_the_caller_unless_an_admin_names_one(app: Flask) -> None:
    with writing() as session:
        user = add_user(session, NewUser(name="ada", email="", role=Role.VIEWER), now=NOW)
    uid = str(uuid4())
    put(uid, service="audit", submitter="ada")
    assert run_of(uid).submitter_id == user.id
    with pytest.raises(ForbiddenError, match="only an admin token may name another submitter"):
        put(uid, caller=PRODUCER, submitter="ada")
    assert fault_of(submitter="eve") == [("submitter", "there is no account 'eve'")]


def test_token_of_other_services_is_refused(app: Flask) -> None:
    uid = str(uuid4())
    with pytest.raises(ForbiddenError):
        put(uid, caller=PRODUCER, service="backup")
    put(uid, service="backup")
    with pytest.raises(ForbiddenError):
        put(uid, caller=PRODUCER, trigger="x")
    with writing() as session, pytest.raises(ForbiddenError):
        request_cancel(session, uid, caller=PRODUCER, now=NOW)
    with writing() as session, pytest.raises(NotFoundError):
        request_cancel(session, str(uuid4()), caller=PRODUCER, now=NOW)


@pytest.mark.parametrize(
    ("fields", "place", "sentence"),
    [
        ({"service": "a/b"}, "service", "without '/'"),
        ({"service": ".."}, "service", "other than '.' and '..'"),
        ({"devices": ["ok", " a"]}, "devices[1]", "without blanks at its start and end"),
        ({"labels": ["a\u202eb"]}, "labels[0]", "change the direction of text, got U+202E at character 2"),
        ({"trigger": "a\nb"}, "trigger", "no control characters, got U+000A"),
        ({"external_key": "a\0"}, "external_key", "U+0000"),
        ({"notify": "[1]"}, "notify", "expected a mapping"),
        ({"notify": "a: ["}, "notify", "expected YAML"),
    ],
)
def test_field_that_cannot_be_kept_is_named(app: Flask, fields: dict[str, Any], place: str, sentence: str) -> None:
    [(path, message)] = fault_of(**fields)
    assert path == place
    assert sentence in message


def test_number_cannot_be_chosen() -> None:
    with pytest.raises(msgspec.ValidationError, match="unknown field `number`"):
        msgspec.convert({"number": 7}, RunFields)


def test_plan_keeps_results_that_are_there(app: Flask) -> None:
    uid = record_run(app, devices=["a"], status=None)
    put(uid, devices=["a", "b"])
    with reading() as session:
        found = session.scalars(select(DeviceResultRow.status).order_by(DeviceResultRow.id)).all()
    assert found == ["ok", "queued"]
    assert run_of(uid).device_counts == {"ok": 1, "queued": 1}
