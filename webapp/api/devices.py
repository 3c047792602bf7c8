"""Which devices are there, whose are they, and how did each fare run after run?"""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from flask import Blueprint, g

from webapp import clock
from webapp.api.answers import (
    Cursor,
    DeviceAnswer,
    DeviceVersionAnswer,
    Filter,
    Limit,
    device_answer,
    version_answer,
)
from webapp.api.schema import Takes, operation
from webapp.api.services import readable_service
from webapp.domain.access import Caller, Scope
from webapp.domain.messages import Name, OptionalName
from webapp.errors import ForbiddenError
from webapp.ingest.devices import DeviceFields, put_device
from webapp.query.fields import View
from webapp.query.parser import parse
from webapp.store.db import db, writing
from webapp.store.history import device_history
from webapp.store.inventory import Device, get_device, page_devices
from webapp.store.paging import read_position, write_position
from webapp.store.versions import ResultVersion, VersionRun, page_versions

blueprint = Blueprint("api_devices", __name__, url_prefix="/api/v1")


Attributes = Annotated[dict[str, Any], msgspec.Meta(max_length=100)]


class DeviceList(msgspec.Struct, frozen=True):
    """A page of devices."""

    items: list[DeviceAnswer]
    next: str | None


class DeviceListQuery(msgspec.Struct, frozen=True):
    """Which devices."""

    q: Filter = ""
    limit: Limit = 100
    cursor: Cursor = ""


class DeviceBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to set; what is left out stays as it is, and an empty text, or null for an attribute, takes it away."""

    owner: OptionalName | None = None
    group: OptionalName | None = None
    platform: OptionalName | None = None
    attributes: Attributes | None = None


class DeviceHistory(msgspec.Struct, frozen=True):
    """A page of a device's history, newest first."""

    items: list[DeviceVersionAnswer]
    next: str | None


class DeviceHistoryQuery(msgspec.Struct, frozen=True):
    """Which part of the history."""

    limit: Limit = 50
    cursor: Cursor = ""


class VersionRunAnswer(msgspec.Struct, frozen=True):
    """A run at one end of a version."""

    run: str
    number: int
    started_at: datetime | None


class ResultVersionAnswer(msgspec.Struct, frozen=True):
    """What a device came to in consecutive runs, with the same status and the same result (by its key).

    `is_changed` holds the result against the one before, null without one; with `is_cut` there may be more `runs`.
    """

    status: str
    result: int | None
    is_changed: bool | None
    runs: int
    is_cut: bool
    first: VersionRunAnswer
    last: VersionRunAnswer
    message: str


class DeviceVersionList(msgspec.Struct, frozen=True):
    """The versions of a device's result in a service, newest first."""

    items: list[ResultVersionAnswer]
    next: str | None


class DeviceVersionQuery(msgspec.Struct, frozen=True):
    """Of which service, and which part."""

    service: Name
    limit: Limit = 50
    cursor: Cursor = ""


@operation(
    blueprint,
    "GET",
    "/devices",
    scope=Scope.READ,
    answers={200: DeviceList},
    takes=Takes(query=DeviceListQuery, errors=(400,)),
)
def list_devices(query: DeviceListQuery) -> DeviceList:
    """List devices by name; a token that is for some services is told nothing of runs of others."""
    where = parse(query.q, view=View.DEVICES, now=clock.now())
    page = page_devices(db.session(), where=where, before=read_position(query.cursor), limit=query.limit)
    return DeviceList(items=[_shown(item) for item in page.items], next=write_position(page.older))


@operation(blueprint, "GET", "/devices/<path:name>", scope=Scope.READ, answers={200: DeviceAnswer})
def show_device(name: str) -> DeviceAnswer:
    """Show one device."""
    return _shown(get_device(db.session(), name))


@operation(
    blueprint,
    "PUT",
    "/devices/<path:name>",
    scope=Scope.ADMIN,
    answers={200: DeviceAnswer, 201: DeviceAnswer},
    takes=Takes(body=DeviceBody, errors=(413,)),
)
def change_device(name: str, body: DeviceBody) -> tuple[int, DeviceAnswer]:
    """Say who owns a device, who then hears of it as `{DEVICE_OWNER}`, its group, platform and attributes.

    A device that is not there yet is made; what is left out stays as it is.
    """
    caller: Caller = g.caller
    if caller.services:
        raise ForbiddenError("this token is limited to services; devices belong to none")
    fields = DeviceFields(owner=body.owner, group=body.group, platform=body.platform, attributes=body.attributes)
    with writing() as session:
        is_new = put_device(session, name, fields, now=clock.now(), by_id=caller.user_id)
        return (201 if is_new else 200), device_answer(get_device(session, name))


@operation(
    blueprint,
    "GET",
    "/devices/<path:name>/history",
    scope=Scope.READ,
    answers={200: DeviceHistory},
    takes=Takes(query=DeviceHistoryQuery),
)
def show_device_history(name: str, query: DeviceHistoryQuery) -> DeviceHistory:
    """Show what a device came to in run after run, newest first.

    A token that is for some services is shown only their runs, so a page may hold fewer.
    """
    session = db.session()
    device = get_device(session, name)
    before = read_position(query.cursor)
    page = device_history(session, device_id=device.id, before=before, limit=query.limit)
    caller: Caller = g.caller
    visible = [version_answer(item) for item in page.items if caller.may_touch(item.service)]
    return DeviceHistory(items=visible, next=write_position(page.older))


@operation(
    blueprint,
    "GET",
    "/devices/<path:name>/versions",
    scope=Scope.READ,
    answers={200: DeviceVersionList},
    takes=Takes(query=DeviceVersionQuery),
)
def list_device_versions(name: str, query: DeviceVersionQuery) -> DeviceVersionList:
    """List the versions of a device's result in the runs of a service: equal ones in a row are one version."""
    session = db.session()
    device, service = get_device(session, name), readable_service(query.service)
    page = page_versions(
        session,
        device_id=device.id,
        service_id=service.id,
        before=read_position(query.cursor),
        limit=query.limit,
    )
    return DeviceVersionList(items=[_version(item) for item in page.items], next=write_position(page.older))


def _shown(device: Device) -> DeviceAnswer:
    caller: Caller = g.caller
    answer = device_answer(device)
    if device.last_service is None or caller.may_touch(device.last_service):
        return answer
    return msgspec.structs.replace(answer, last_status=None, last_run=None)


def _version(version: ResultVersion) -> ResultVersionAnswer:
    return ResultVersionAnswer(
        status=version.status,
        result=version.blob_id,
        is_changed=version.is_changed,
        runs=version.runs,
        is_cut=version.is_cut,
        first=_version_run(version.first),
        last=_version_run(version.last),
        message=version.last.message,
    )


def _version_run(run: VersionRun) -> VersionRunAnswer:
    return VersionRunAnswer(run=run.uid, number=run.number, started_at=run.started_at)
