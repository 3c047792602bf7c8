"""The catalogue: complete, without contradictions, and in the words of the domain."""

import pytest

from tests.query.asking import NOW, read
from webapp.domain import outcome
from webapp.domain.changes import ChangeClass
from webapp.query import fields
from webapp.query.fields import FIELDS, SHORTCUTS, TEXT_COLUMNS, Field, Kind, Shortcut, View
from webapp.query.parser import parse

pytestmark = pytest.mark.unit


def name_of(entry: Field | Shortcut) -> str:
    return f"{entry.name}-{entry.views[0]}"


@pytest.mark.parametrize("field", FIELDS, ids=name_of)
def test_a_field_has_help_and_an_example_that_is_read(field: Field) -> None:
    assert field.summary[0].isupper()
    assert not field.summary.endswith(".")
    for view in field.views:
        assert parse(field.example, view=view, now=NOW) != parse("", view=view, now=NOW)


@pytest.mark.parametrize("shortcut", SHORTCUTS, ids=name_of)
def test_a_flag_means_its_filter(shortcut: Shortcut) -> None:
    for view in shortcut.views:
        assert read(f"is:{shortcut.name}", view) == read(shortcut.text, view)


def test_a_name_is_unique_in_its_view_and_of_one_kind_everywhere() -> None:
    names = [(field.name, view) for field in FIELDS for view in field.views]
    assert len(names) == len(set(names))
    assert all(field.kind is fields.kind_of(field.name) for field in FIELDS)
    flags = [(name, view) for view in View for name in fields.flags_of(view)]
    assert len(flags) == len(set(flags))


def test_an_alias_stands_for_a_field_of_its_views() -> None:
    for alias in (field for field in FIELDS if field.stands_for):
        for view in alias.views:
            meant = fields.find_field(alias.stands_for, view)
            assert meant is not None
            assert meant.kind is alias.kind


def test_groups_are_made_of_the_words_of_their_field() -> None:
    for field in FIELDS:
        assert bool(field.values) is (field.kind is Kind.ENUM)
        assert all(set(members) < set(field.values) for _, members in field.groups)
        assert not {group for group, _ in field.groups} & set(field.values)


def test_free_text_looks_into_fields_of_its_view() -> None:
    assert set(TEXT_COLUMNS) == set(View)
    for view, names in TEXT_COLUMNS.items():
        kinds = {found.kind for name in names if (found := fields.find_field(name, view))}
        assert kinds <= {Kind.NAME, Kind.KEY, Kind.TEXT}
        assert all(fields.find_field(name, view) for name in names)


def test_the_words_are_those_of_the_domain() -> None:
    assert set(fields.SERVICE_KINDS) == set(outcome.ServiceKind)
    assert set(fields.RUN_STATUSES) == set(outcome.RunStatus)
    assert set(dict(fields.RUN_GROUPS)["finished"]) == outcome.ENDED
    assert fields.LEVELS == outcome.LEVEL_ORDER
    assert set(fields.DEVICE_STATUSES) == set(outcome.DeviceStatus)
    assert set(dict(fields.DEVICE_GROUPS)["success"]) == outcome.DEVICE_SUCCESS
    assert set(dict(fields.DEVICE_GROUPS)["failure"]) == outcome.DEVICE_FAILURE
    assert set(fields.CASE_RESULTS) == set(outcome.CaseResult)
    assert tuple(kind for kind in ChangeClass if kind is not ChangeClass.SAME) == fields.CHANGES
