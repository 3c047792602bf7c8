"""Does the number that lists of deliveries watch move whenever one of them changes?"""

from collections.abc import Callable

import pytest
from flask import Flask

from tests.factories.runs import record_run
from webapp.clock import now
from webapp.domain.deliveries import DeliveryState
from webapp.domain.notices import Event
from webapp.store.db import Session, reading, writing
from webapp.store.deliveries import NewDelivery, add_deliveries, mark_ended, mark_retrying, mark_sending
from webapp.store.delivery_lists import version_of_deliveries
from webapp.store.runs import get_run

pytestmark = pytest.mark.integration


def _versions(run_id: int) -> tuple[int, int]:
    with reading() as session:
        return version_of_deliveries(session), version_of_deliveries(session, run_id=run_id)


def test_version_moves_with_every_change(app: Flask) -> None:
    uid, other = record_run(app), record_run(app)
    with reading() as session:
        run_id, other_id = get_run(session, uid).id, get_run(session, other).id
    new = NewDelivery(
        uid="u1", channel="email", route="r", source="", target={}, target_key="k", to="a", user_id=None, wants={}
    )
    seen = [_versions(run_id)]
    with writing() as session:
        ids = add_deliveries(session, [new], run_id=run_id, event=Event.ENDED, now=now())
    seen.append(_versions(run_id))
    changes: list[Callable[[Session], None]] = [
        lambda session: mark_sending(session, ids["u1"]),
        lambda session: mark_retrying(session, ids["u1"], next_at=now(), reason="x"),
        lambda session: mark_ended(session, ids["u1"], DeliveryState.SENT, reason="", now=now()),
    ]
    for change in changes:
        with writing() as session:
            change(session)
        seen.append(_versions(run_id))
    assert len(set(seen)) == 5
    assert _versions(other_id)[1] == seen[0][1]
