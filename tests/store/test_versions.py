"""Are consecutive equal results of a device one version, and is a version held against the result before it?"""

import pytest
from flask import Flask

from tests.factories.runs import Device, record_run
from tests.queries import counted_queries
from webapp.store import versions
from webapp.store.db import reading
from webapp.store.inventory import find_service, get_device
from webapp.store.paging import Page, Position
from webapp.store.versions import DeviceService, ResultVersion, list_device_services, page_versions

pytestmark = pytest.mark.integration

# One run after the other: the status and the version in the result; none without a result.
STORY = [("ok", 1), ("ok", 1), ("changed", 1), ("failed", None), ("ok", 1), ("ok", 2), ("ok", 2), ("ok", 2)]


@pytest.fixture
def device_id(any_app: Flask) -> int:
    """Record the runs of a device, among those of other devices and services, and return its id."""
    for place, (status, version) in enumerate(STORY):
        logs = {"edge": ["hello"]} if place in (0, 7) else {}
        device = Device(name="edge", status=status) if version is None else None
        device = device or Device(name="edge", status=status, result={"version": version}, message=f"run {place}")
        record_run(any_app, devices=[device, Device(name="other", result=place)], logs=logs)
        record_run(any_app, devices=[Device(name="other", result=place)])
    record_run(any_app, service="elsewhere", devices=[Device(name="edge", result={"version": 9})])
    with reading() as session:
        return get_device(session, "edge").id


def page(device_id: int, *, before: Position | None = None, limit: int = 50) -> Page[ResultVersion]:
    with reading() as session:
        service = find_service(session, "audit")
        assert service is not None
        return page_versions(session, device_id=device_id, service_id=service.id, before=before, limit=limit)


def told(found: Page[ResultVersion]) -> list[tuple[str, int, int, int, bool | None]]:
    return [(str(v.status), v.first.number, v.last.number, v.runs, v.is_changed) for v in found.items]


def test_equal_results_are_folded_newest_first(device_id: int) -> None:
    found = page(device_id)
    assert told(found) == [
        ("ok", 11, 15, 3, True),
        ("ok", 9, 9, 1, False),
        ("failed", 7, 7, 1, None),
        ("changed", 5, 5, 1, False),
        ("ok", 1, 3, 2, None),
    ]
    assert found.older is None
    assert [v.has_log for v in found.items] == [True, False, False, False, False]
    assert [v.last.message for v in found.items] == ["run 7", "run 4", "", "run 2", "run 1"]
    assert not any(v.is_cut for v in found.items)


def test_page_by_page(device_id: int) -> None:
    first = page(device_id, limit=2)
    assert first.older is not None
    second = page(device_id, before=first.older, limit=3)
    assert told(first) + told(second) == told(page(device_id))
    assert second.older is None


def test_a_long_version_is_cut_at_the_window_and_goes_on(device_id: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(versions, "WINDOW", 2)
    first = page(device_id)
    assert told(first) == [("ok", 13, 15, 2, None)]
    assert first.items[0].is_cut
    second = page(device_id, before=first.older)
    assert [(v.runs, v.is_cut) for v in second.items] == [(1, False), (1, True)]


def test_number_of_queries_does_not_depend_on_versions(device_id: int) -> None:
    with counted_queries() as one:
        page(device_id, limit=1)
    with counted_queries() as many:
        page(device_id)
    assert one.count == many.count


def test_services_of_a_device(device_id: int) -> None:
    with reading() as session:
        found = list_device_services(session, device_id=device_id)
        assert found == [DeviceService(slug="audit", runs=8), DeviceService(slug="elsewhere", runs=1)]
        service = find_service(session, "elsewhere")
        assert service is not None
        assert page_versions(session, device_id=device_id + 100, service_id=service.id).items == []
