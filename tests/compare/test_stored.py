"""Is what changed in a run found once, stored, and read back as it was?"""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from tests.factories.runs import NOW, CaseReport, Device, record_run
from webapp.compare.runs import Side
from webapp.compare.stored import compare_run, find_comparison, rules_for, save_run_comparison, store_comparison
from webapp.domain.changes import Change, ChangeClass, Outcome
from webapp.ingest.services import ServiceFields, put_service
from webapp.store.db import reading, writing
from webapp.store.models.comparisons import RunChangeRow
from webapp.store.retention import remove_runs
from webapp.store.runs import Run, get_run
from webapp.store.stored_comparisons import StoredComparison, find_comparisons, load_changes

pytestmark = pytest.mark.integration


def run_of(uid: str) -> Run:
    with reading() as session:
        return get_run(session, uid)


def store(uid: str) -> StoredComparison | None:
    run = run_of(uid)
    with writing() as session:
        return store_comparison(session, run.id, now=NOW)


def counts(stored: StoredComparison) -> dict[str, tuple[int, int]]:
    every = {kind: (stored.devices[kind], stored.cases[kind]) for kind in ChangeClass}
    return {kind.value: pair for kind, pair in every.items() if pair != (0, 0)}


def test_comparison_is_stored_and_read_back(any_app: Flask) -> None:
    first = record_run(any_app, devices=["a", "b", Device(name="c", result=1)], cases=[CaseReport(name="x")])
    last = record_run(
        any_app,
        devices=[Device(name="a", status="failed"), "b", Device(name="c", result=2)],
        cases=[CaseReport(name="x", result="fail"), CaseReport(name="y")],
    )
    stored = store(last)
    assert stored is not None
    assert stored.baseline is not None
    assert (stored.baseline.uid, stored.baseline.number, stored.baseline.service) == (first, 1, "audit")
    assert (stored.word, stored.reason) == ("previous", "the run before #2 that ended and was not canceled")
    assert counts(stored) == {
        "newly_failing": (1, 1),
        "changed": (1, 0),
        "new_passing": (0, 1),
        "same": (1, 0),
    }
    assert stored.count(ChangeClass.NEWLY_FAILING, ChangeClass.NEW_PASSING) == 3
    with reading() as session:
        kept = load_changes(session, run_of(last).id)
        made = compare_run(session, run_of(last).id)
    assert made is not None
    assert list(kept.devices) == list(made.devices.changes)
    assert list(kept.cases) == list(made.cases.changes)
    assert kept.devices[0] == Change(
        key=kept.devices[0].key,
        kind=ChangeClass.NEWLY_FAILING,
        base="ok",
        a=Outcome("ok", None),
        b=Outcome("failed", None),
    )


def test_first_run_says_so(any_app: Flask) -> None:
    uid = record_run(any_app, devices=["a", Device(name="b", status="failed")])
    stored = store(uid)
    assert stored is not None
    assert (stored.word, stored.baseline) == ("first", None)
    assert counts(stored) == {"new_failing": (1, 0), "new_passing": (1, 0)}


def test_run_without_an_end_or_canceled_is_not_compared(app: Flask) -> None:
    record_run(app)
    for status in (None, "canceled"):
        uid = record_run(app, status=status)
        assert store(uid) is None
        with reading() as session:
            assert find_comparison(session, run_of(uid).id) is None
    with writing() as session:
        assert store_comparison(session, 4711, now=NOW) is None


def test_stored_again_takes_the_place_of_what_was_there(any_app: Flask) -> None:
    record_run(any_app, devices=["a"])
    last = record_run(any_app, devices=[Device(name="a", status="failed")])
    store(last)
    stored = store(last)
    assert stored is not None
    assert counts(stored) == {"newly_failing": (1, 0)}
    with reading() as session:
        kinds = session.scalars(select(RunChangeRow.kind).where(RunChangeRow.run_id == stored.run_id)).all()
    assert kinds == ["newly_failing"]


def test_removed_baseline_leaves_the_counts(any_app: Flask) -> None:
    first = record_run(any_app, devices=["a"])
    last = record_run(any_app, devices=[Device(name="a", status="failed")])
    store(last)
    with writing() as session:
        remove_runs(session, [run_of(first).id])
    with reading() as session:
        stored = find_comparison(session, run_of(last).id)
    assert stored is not None
    assert stored.baseline is None
    assert (stored.word, counts(stored)) == ("previous", {"newly_failing": (1, 0)})


def test_run_removed_meanwhile_is_left_alone(any_app: Flask) -> None:
    record_run(any_app, devices=["a"])
    last = record_run(any_app, devices=["a"])
    with reading() as session:
        made = compare_run(session, run_of(last).id)
    assert made is not None
    with writing() as session:
        remove_runs(session, [made.run.id])
    with writing() as session:
        assert not save_run_comparison(session, made, now=NOW)


def test_pages_notice_unless_the_run_is_old(app: Flask) -> None:
    uid = record_run(app, devices=["a"])
    before = run_of(uid).touched_at
    store(uid)
    noticed = run_of(uid).touched_at
    assert noticed > before
    with writing() as session:
        store_comparison(session, run_of(uid).id, now=NOW + timedelta(hours=2))
    assert run_of(uid).touched_at == noticed


def test_several_runs_at_once(app: Flask) -> None:
    uids = [record_run(app, devices=["a"]) for _ in range(3)]
    for uid in uids[1:]:
        store(uid)
    with reading() as session:
        found = find_comparisons(session, [run_of(uid).id for uid in uids])
    assert {run_id: each.baseline is not None for run_id, each in found.items()} == {
        run_of(uids[1]).id: True,
        run_of(uids[2]).id: True,
    }


def test_what_the_service_ignores_is_known_from_the_end_of_the_run(app: Flask) -> None:
    options = {"compare": {"rules": [{"kind": "path", "pattern": "$.uptime"}]}}
    with writing() as session:
        put_service(session, "audit", ServiceFields(options=options), now=NOW)

    def run(uptime: int, value: int) -> str:
        results = [Device(name="a", result={"uptime": uptime}), Device(name="b", result={"uptime": uptime, "v": value})]
        return record_run(app, devices=results)

    first, last = run(1, 1), run(2, 2)
    with reading() as session:
        a, b = Side(run=run_of(first)), Side(run=run_of(last))
        assert rules_for(session, a, b).known == {}
    stored = store(last)
    assert stored is not None
    assert counts(stored) == {"ignored_only": (1, 0), "changed": (1, 0)}
    with reading() as session:
        assert sorted(rules_for(session, a, b).known.values()) == [False, True]
        assert rules_for(session, b, a).known == {}
    with writing() as session:
        put_service(session, "audit", ServiceFields(options={"compare": {}}), now=NOW)
    with reading() as session:
        assert rules_for(session, a, b).known == {}
