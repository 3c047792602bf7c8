"""Is a run pinned as its service's baseline, kept, and let go?"""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from tests.factories.people import make_caller
from tests.factories.runs import NOW, SERVER, record_run
from webapp.domain.access import Role
from webapp.errors import ConflictError, InvalidError, NotFoundError
from webapp.ingest.baselines import pin_run, unpin_run
from webapp.ingest.retention import forget
from webapp.ingest.services import ServiceFields, put_service
from webapp.store.accounts import list_audit
from webapp.store.db import reading, writing
from webapp.store.models.comparisons import WantedComparisonRow
from webapp.store.models.inventory import ServiceRow
from webapp.store.models.runs import RunRow
from webapp.worker.comparisons import compare_wanted_runs

pytestmark = pytest.mark.integration


def options() -> dict[str, Any]:
    with reading() as session:
        return dict(session.scalars(select(ServiceRow.options).where(ServiceRow.slug == "audit")).one())


def pin(uid: str) -> None:
    with writing() as session:
        pin_run(session, uid, caller=SERVER, now=NOW)


def unpin(uid: str) -> bool:
    with writing() as session:
        return unpin_run(session, uid, caller=SERVER, now=NOW)


def put(**compare: Any) -> None:
    with writing() as session:
        put_service(session, "audit", ServiceFields(options={"compare": compare, "other": 1}), now=NOW)


def test_run_is_pinned_and_let_go(any_app: Flask) -> None:
    rules = [{"kind": "path", "pattern": "$..uptime"}]
    put(rules=rules)
    first, second = record_run(any_app), record_run(any_app)
    ann = make_caller("ann", Role.OPERATOR)
    with writing() as session:
        pin_run(session, first, caller=ann, now=NOW)
    assert options() == {"compare": {"baseline": "pinned", "pinned": first, "rules": rules}, "other": 1}
    assert not unpin(second)
    pin(second)
    assert options()["compare"]["pinned"] == second
    assert unpin(second)
    assert options() == {"compare": {"baseline": "previous", "rules": rules}, "other": 1}
    with reading() as session:
        trail = [(entry.user_id, entry.action, entry.subject) for entry in list_audit(session, limit=3)]
    assert trail == [
        (None, "baseline.unpinned", "audit #2"),
        (None, "baseline.pinned", "audit #2"),
        (ann.user_id, "baseline.pinned", "audit #1"),
    ]


def test_letting_go_keeps_another_baseline(app: Flask) -> None:
    uid = record_run(app)
    put(baseline="last-ok", pinned=uid)
    assert unpin(uid)
    assert options()["compare"] == {"baseline": "last-ok"}


def test_only_a_run_that_says_something_is_pinned(app: Flask) -> None:
    for status in (None, "canceled"):
        with pytest.raises(ConflictError, match="has ended and was not canceled"):
            pin(record_run(app, status=status))
    with pytest.raises(NotFoundError):
        pin(str(uuid4()))


def test_options_that_pin_what_cannot_be_are_refused(app: Flask) -> None:
    running, other = record_run(app, status=None), record_run(app, service="other")
    for uid in (str(uuid4()), running, other):
        with pytest.raises(InvalidError, match=r"options\.compare\.pinned: expected the uid of a run of audit"):
            put(baseline="pinned", pinned=uid)
    with pytest.raises(InvalidError, match=r"options\.compare\.pinned: expected the uid"):
        put(baseline="pinned")


def test_options_change_while_the_pinned_run_is_gone(app: Flask) -> None:
    pin(record_run(app))
    gone = str(uuid4())
    with writing() as session:
        session.execute(update(ServiceRow).values(options={"compare": {"baseline": "pinned", "pinned": gone}}))
    rules = [{"kind": "path", "pattern": "$..uptime"}]
    for compare in ({"baseline": "pinned", "rules": rules}, {"baseline": "previous"}, {"baseline": "last-ok"}):
        put(pinned=gone, **compare)
        assert options()["compare"] == {"pinned": gone, **compare}
    with pytest.raises(InvalidError, match="expected the uid of a run of audit"):
        put(baseline="pinned", pinned=str(uuid4()))


def test_newest_runs_are_compared_anew(app: Flask) -> None:
    uids = [record_run(app) for _ in range(3)]
    compare_wanted_runs()
    pin(uids[0])
    with reading() as session:
        assert session.scalar(select(func.count()).select_from(WantedComparisonRow)) == 3
    compare_wanted_runs()
    put(baseline="last-ok")
    with reading() as session:
        assert session.scalar(select(func.count()).select_from(WantedComparisonRow)) == 3


def test_pinned_run_is_not_forgotten(app: Flask) -> None:
    uids = [record_run(app) for _ in range(3)]
    pin(uids[1])
    assert forget(NOW + timedelta(days=31), days=30).runs == 2
    with reading() as session:
        assert session.scalars(select(RunRow.uid)).all() == [uids[1]]
