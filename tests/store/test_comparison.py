"""Does the database hold two runs against each other by its indexes, never all of one for each row of the other?"""

import pytest
from flask import Flask
from sqlalchemy import event, text
from sqlalchemy.orm import Session

from tests.factories.runs import CaseReport, record_run
from webapp.compare.runs import Side, compare_cases, compare_devices, show_changes
from webapp.store.comparison import Place, load_gone, load_outcomes
from webapp.store.db import db, reading
from webapp.store.runs import get_run

pytestmark = pytest.mark.integration

# The first column of an index that leads straight to one device or case, or to one run's or one row's own.
STRAIGHT = ("device_id=? AND run_id", "test_case_id=?", "rowid=?", "run_id=? AND attempt")


def plans_of(session: Session, app: Flask, runs: tuple[str, str]) -> list[str]:
    """Return how SQLite goes about each statement of a comparison, one line a table."""
    said: list[tuple[str, object]] = []

    def listen(*values: object) -> None:
        said.append((str(values[2]), values[3]))

    event.listen(db.engine, "before_cursor_execute", listen)
    try:
        a, b = (Side(run=get_run(session, uid)) for uid in runs)
        for compare in (compare_devices, compare_cases):
            found = compare(session, a, b)
            show_changes(session, found, found.changes)
    finally:
        event.remove(db.engine, "before_cursor_execute", listen)
    connection = session.connection()
    return [
        row[3]
        for statement, values in said
        if statement.lstrip().startswith("SELECT")
        for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()  # type: ignore[arg-type]
    ]


def test_one_result_leads_straight_to_the_other(app: Flask) -> None:
    if db.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL plans by its statistics")
    cases = [CaseReport(name="x", device="a"), CaseReport(name="y")]
    worse = [CaseReport(name="x", device="a", result="fail"), CaseReport(name="y", result="fail")]
    first = record_run(app, attempts=[{"a": "ok", "b": "ok", "gone": "ok"}], cases=cases)
    last = record_run(app, attempts=[{"a": "failed", "b": "ok", "new": "ok"}], cases=worse)
    with reading() as session:
        assert session.execute(text("SELECT count(*) FROM device_result")).scalar_one() == 6
        plans = plans_of(session, app, (first, last))
    # The inner side of a join: what is looked up for each row of the outer one.
    inner = [line for line in plans if "LEFT-JOIN" in line]
    assert len(inner) >= 2
    assert all(any(straight in line for straight in STRAIGHT) for line in inner), inner
    assert not [line for line in plans if line.startswith("SCAN") and "_result" in line]


def test_places_are_told_apart(any_app: Flask) -> None:
    uid = record_run(
        any_app,
        attempts=[{"one": "failed", "two": "ok"}, {"one": "ok"}],
        cases=[
            *(CaseReport(name="x", result="fail"), CaseReport(name="x", result="skip")),
            CaseReport(name="x", result="pass", attempt=2),
        ],
    )
    with reading() as session:
        run_id = get_run(session, uid).id
        devices = {
            attempt: sorted(
                word
                for word, _ in load_outcomes(session, Place(run_id=run_id, attempt=attempt), is_case=False).values()
            )
            for attempt in (None, 1, 2)
        }
        cases = {
            attempt: [
                word for word, _ in load_outcomes(session, Place(run_id=run_id, attempt=attempt), is_case=True).values()
            ]
            for attempt in (None, 1, 2)
        }
        gone = load_gone(session, Place(run_id=run_id, attempt=1), Place(run_id=run_id, attempt=2), is_case=False)
    assert devices == {None: ["ok", "ok"], 1: ["failed", "ok"], 2: ["ok"]}
    assert cases == {None: ["pass"], 1: ["skip"], 2: ["pass"]}
    assert [word for word, _ in gone.values()] == ["ok"]
