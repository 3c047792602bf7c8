"""A site for tests of notices: an application with its outbox, worked off step by step, and moments that pass."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from flask import Flask

from tests.conftest import TEST_CONFIG
from webapp.app import create_app
from webapp.clock import now
from webapp.domain.access import Caller, Role, Scope
from webapp.notify.office import EXTENSION, Office
from webapp.store import accounts
from webapp.store.changes import hub_of
from webapp.store.db import db, reading, writing
from webapp.store.deliveries import Delivery, list_of_run
from webapp.store.models.notices import OutboxRow
from webapp.store.runs import get_run
from webapp.worker.outbox import list_due_lanes, work_lane

NO_IRC = ("", "")


@dataclass(slots=True)
class Site:
    """An application whose outbox is worked off when a test says so."""

    app: Flask

    @property
    def office(self) -> Office:
        """Return what sends notices."""
        found: Office = self.app.extensions[EXTENSION]
        return found

    def work(self, rounds: int = 50) -> None:
        """Do what is due, until nothing is."""
        for _ in range(rounds):
            lanes = list_due_lanes()
            if not lanes:
                return
            for lane in dict.fromkeys(lanes):
                work_lane(self.office, lane, workers=8)

    def plan(self) -> None:
        """Plan what is due, and send nothing."""
        while lanes := [lane for lane in list_due_lanes() if lane.startswith("run:")]:
            for lane in dict.fromkeys(lanes):
                work_lane(self.office, lane, workers=8)

    def deliveries(self, uid: str) -> list[Delivery]:
        """Return what was planned for a run."""
        with reading() as session:
            return list_of_run(session, get_run(session, uid).id)

    def make_due(self) -> None:
        """Let the time pass that retries wait for."""
        with writing() as session:
            session.query(OutboxRow).update({"next_at": now() - timedelta(seconds=1)})

    def expire_leases(self) -> None:
        """Let the time pass that a worker has for one thing."""
        with writing() as session:
            session.query(OutboxRow).filter_by(state="sending").update({"lease_until": now() - timedelta(seconds=1)})

    def add_user(
        self, name: str, *, email: str = "", role: Role = Role.OPERATOR, irc: tuple[str, str] = ("", "")
    ) -> int:
        """Add an account and return its id."""
        with writing() as session:
            new = accounts.NewUser(name=name, email=email, role=role)
            user = accounts.add_user(session, new, now=now())
            accounts.change_user(session, user.id, irc_handle=irc[0], irc_server=irc[1])
        return user.id

    def caller(self, name: str) -> Caller:
        """Return somebody whose token may do everything."""
        with reading() as session:
            user = accounts.find_user_by_name(session, name)
        assert user is not None
        return Caller(user_id=user.id, name=name, role=user.role, scopes=frozenset({Scope.ADMIN}))


@contextmanager
def opened_site(instance: Path, config: dict[str, Any]) -> Iterator[Site]:
    """Make an application of a configuration, with its context entered."""
    app = create_app(instance, config={**TEST_CONFIG, **config})
    with app.app_context():
        try:
            yield Site(app=app)
        finally:
            hub_of(db.engine).close()
            db.session.remove()
            db.engine.dispose()
