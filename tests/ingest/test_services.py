"""Is a service made and changed as it was asked?"""

import pytest
from flask import Flask
from sqlalchemy import select

from tests.factories.runs import NOW
from webapp.domain.access import Role
from webapp.domain.outcome import ServiceKind
from webapp.errors import InvalidError
from webapp.ingest.services import ServiceFields, put_service
from webapp.store.accounts import NewUser, add_user
from webapp.store.db import reading, writing
from webapp.store.models.inventory import ServiceRow

pytestmark = pytest.mark.integration


def put(fields: ServiceFields, slug: str = "audit") -> bool:
    with writing() as session:
        return put_service(session, slug, fields, now=NOW)


def stored() -> ServiceRow:
    with reading() as session:
        return session.scalars(select(ServiceRow)).one()


def test_service_is_made_and_changed(any_app: Flask) -> None:
    with writing() as session:
        ada = add_user(session, NewUser(name="ada", email="", role=Role.VIEWER), now=NOW)
    assert put(ServiceFields(description="what\0it does", owner="ada", options={"retention_days": 7, "push_to_git": 1}))
    assert not put(ServiceFields(kind=ServiceKind.WORKFLOW, heartbeat_s=5, options={"push_to_git": None, "noise": []}))
    service = stored()
    assert (service.kind, service.heartbeat_s, service.owner_id) == ("workflow", 5, ada.id)
    assert (service.description, service.options) == ("what\u2400it does", {"retention_days": 7, "noise": []})
    put(ServiceFields(owner=""))
    assert stored().owner_id is None


def test_service_that_cannot_be_kept_is_refused(app: Flask) -> None:
    for fields, sentence in (
        (ServiceFields(owner="eve"), "owner: there is no account 'eve'"),
        (ServiceFields(heartbeat_s=0), "heartbeat_s: expected 1 to 86,400 seconds, got 0"),
        (ServiceFields(options={"compare": {"rules": [{"kind": "x"}]}}), r"options.compare.rules\[0\].kind: expected"),
    ):
        with pytest.raises(InvalidError, match=sentence):
            put(fields)
    with pytest.raises(InvalidError, match="service: expected a name without '/'"):
        put(ServiceFields(), slug="a/b")
    with reading() as session:
        assert session.scalars(select(ServiceRow.id)).all() == []
