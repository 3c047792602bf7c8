"""Do runs that ended before comparisons were stored get theirs?"""

from pathlib import Path

import pytest
from flask_migrate import upgrade
from sqlalchemy import text

from tests.conftest import TEST_CONFIG
from tests.house.files import ROOT
from webapp.app import create_app
from webapp.store.db import db, reading
from webapp.store.wanted_comparisons import list_wanted

pytestmark = pytest.mark.integration

MIGRATIONS = str(ROOT / "webapp" / "store" / "migrations")
FIRST = "c5b3828b9475"
SERVICE = (
    "INSERT INTO service (id, slug, kind, description, options, heartbeat_s, last_number, created_at) "
    "VALUES (1, 'audit', 'service', '', '{}', 60, 4, 0)"
)
RUN = (
    "INSERT INTO run (id, uid, service_id, number, parent_step, trigger, host, status, message, priority, created_at, "
    "last_seen_at, touched_at, attempts, device_counts, case_counts, flaky_devices, log_warnings, log_errors, "
    "late_events) VALUES (:id, :uid, 1, :id, '', '', '', :status, '', 50, 0, 0, 0, 0, '{}', '{}', 0, 0, 0, 0)"
)


def test_old_runs_wait_newest_first(tmp_path: Path) -> None:
    application = create_app(tmp_path / "instance", config=TEST_CONFIG)
    with application.app_context():
        upgrade(directory=MIGRATIONS, revision=FIRST)
        with db.engine.begin() as connection:
            connection.execute(text(SERVICE))
            for number, status in enumerate(("complete", "incomplete", "canceled", "running"), start=1):
                connection.execute(text(RUN), {"id": number, "uid": f"uid-{number}", "status": status})
        upgrade(directory=MIGRATIONS)
        with reading() as session:
            assert [wanted.run_id for wanted in list_wanted(session, limit=9)] == [2, 1]
        db.engine.dispose()
