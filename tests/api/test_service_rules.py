"""Can a program set what a service ignores, with every fault told and every change recorded?"""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.conftest import MakeToken
from tests.factories.runs import record_run
from webapp.store.accounts import list_audit
from webapp.store.db import reading

pytestmark = pytest.mark.integration


def test_rules_are_set_checked_and_recorded(
    app: Flask, api: Callable[[str], FlaskClient], make_token: MakeToken
) -> None:
    record_run(app)
    caller = api(make_token(["admin"]))
    rules = [{"kind": "mask", "pattern": r"serial \w+", "name": "serial"}, {"kind": "path", "pattern": "$..up"}]
    answer = caller.put("/api/v1/services/audit", json={"options": {"compare": {"rules": rules}}})
    assert answer.status_code == 200
    assert answer.json is not None
    assert answer.json["options"]["compare"]["rules"] == rules
    faulty = [{"kind": "mask", "pattern": "("}, {"kind": "path", "pattern": "x"}]
    refused = caller.put("/api/v1/services/audit", json={"options": {"compare": {"rules": faulty}}})
    assert refused.status_code == 422
    assert "options.compare.rules[0].pattern" in refused.text
    assert "options.compare.rules[1].pattern" in refused.text
    with reading() as session:
        (entry,) = (entry for entry in list_audit(session, limit=20) if entry.action == "service.rules")
    assert entry.user_id is not None
    assert entry.details == {"old": [], "new": rules}
