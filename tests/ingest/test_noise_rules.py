"""Is what a service ignores changed as its looker-on meant it, and recorded with who did it?"""

from typing import Any

import pytest
from flask import Flask

from tests.factories.runs import NOW, record_run
from webapp.domain.compare_options import NoiseRule, RuleKind
from webapp.errors import ConflictError, InvalidError, NotFoundError
from webapp.ingest.noise_rules import Edit, add_rule, edit_rules, moving, removing, replacing, version_of
from webapp.ingest.services import ServiceFields, put_service
from webapp.store.accounts import list_audit
from webapp.store.db import reading, writing
from webapp.store.inventory import get_service

pytestmark = pytest.mark.integration

A, B, C = (NoiseRule(kind=RuleKind.MASK, pattern=pattern) for pattern in "abc")


def options() -> Any:
    with reading() as session:
        return get_service(session, "audit").options


def patterns() -> list[str]:
    return [rule["pattern"] for rule in options().get("compare", {}).get("rules", [])]


def edit(change: Edit, version: str = "") -> None:
    with writing() as session:
        edit_rules(session, "audit", change, version=version, by_id=None, now=NOW)


@pytest.fixture
def ruled(any_app: Flask) -> None:
    """Make a service with three rules and another baseline than usual."""
    record_run(any_app)
    with writing() as session:
        put_service(session, "audit", ServiceFields(options={"compare": {"baseline": "last-ok"}, "x": 1}), now=NOW)
        for rule in (A, B, C):
            add_rule(session, "audit", rule, by_id=None, now=NOW)


def test_rules_are_added_once_beside_the_other_options(ruled: None) -> None:
    with writing() as session:
        add_rule(session, "audit", B, by_id=None, now=NOW)
    assert patterns() == ["a", "b", "c"]
    assert options()["compare"]["baseline"] == "last-ok"
    assert options()["x"] == 1


def test_rules_are_replaced_removed_and_moved(ruled: None) -> None:
    edit(replacing(1, NoiseRule(kind=RuleKind.PATH, pattern="$.x", name="the x")))
    assert options()["compare"]["rules"][1] == {"kind": "path", "pattern": "$.x", "name": "the x"}
    edit(moving(1, -1))
    assert patterns() == ["$.x", "a", "c"]
    edit(moving(0, -1))
    edit(moving(2, 1))
    assert patterns() == ["$.x", "a", "c"]
    edit(moving(0, 1))
    assert patterns() == ["a", "$.x", "c"]
    edit(removing(2))
    assert patterns() == ["a", "$.x"]


def test_an_edit_of_a_list_that_has_changed_is_refused(ruled: None) -> None:
    version = version_of([A, B, C])
    edit(removing(0), version)
    with pytest.raises(ConflictError, match="meanwhile"):
        edit(removing(0), version)
    assert patterns() == ["b", "c"]


def test_what_is_not_there_is_refused(ruled: None) -> None:
    for change in (removing(3), replacing(3, A), moving(3, -1)):
        with pytest.raises(NotFoundError, match="no such rule"):
            edit(change)
    with writing() as session, pytest.raises(NotFoundError, match="there is no service none"):
        add_rule(session, "none", A, by_id=None, now=NOW)


def test_too_many_rules_are_refused(ruled: None) -> None:
    rules = [{"kind": "mask", "pattern": f"p{number}"} for number in range(50)]
    with writing() as session:
        put_service(session, "audit", ServiceFields(options={"compare": {"rules": rules}}), now=NOW)
    with writing() as session, pytest.raises(InvalidError, match="at most 50 rules"):
        add_rule(session, "audit", A, by_id=None, now=NOW)


def test_every_change_is_recorded_with_old_and_new(ruled: None) -> None:
    edit(removing(1))
    with writing() as session:
        put_service(session, "audit", ServiceFields(options={"compare": {"rules": []}}), by_id=None, now=NOW)
        put_service(session, "audit", ServiceFields(options={"x": 2}), now=NOW)
    with reading() as session:
        entries = [entry for entry in list_audit(session, limit=20) if entry.action == "service.rules"]
    assert [entry.subject for entry in entries] == ["audit"] * 5
    changes = [
        ([rule["pattern"] for rule in entry.details["old"]], [rule["pattern"] for rule in entry.details["new"]])
        for entry in entries
        if entry.details is not None
    ]
    assert changes[:2] == [(["a", "c"], []), (["a", "b", "c"], ["a", "c"])]
