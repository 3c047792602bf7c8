"""What does the API call things: the JSON shapes of runs, results, services and devices."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

import msgspec
from flask import url_for

from webapp.domain.notice_options import mask_options
from webapp.domain.policy import mask_block
from webapp.store.history import DeviceVersion
from webapp.store.inventory import Device, Service
from webapp.store.results import CaseOutcome, DeviceResult
from webapp.store.runs import Run, RunDetail

Limit = Annotated[int, msgspec.Meta(ge=1, le=1000)]
Filter = Annotated[str, msgspec.Meta(description="a filter, as in the pages' address", max_length=2000)]
Cursor = Annotated[str, msgspec.Meta(description="the `next` of the answer before", max_length=40)]


class Counts(msgspec.Struct, frozen=True):
    """How many devices have each status and how many cases each result, in the overall section."""

    devices: Mapping[str, int]
    cases: Mapping[str, int]


class RunAnswer(msgspec.Struct, frozen=True):
    """A run as lists show it."""

    uid: str
    service: str
    kind: str
    number: int
    url: str
    status: str
    level: str | None
    message: str
    submitter: str | None
    trigger: str
    host: str
    external_key: str | None
    parent_run: str | None
    parent_step: str
    priority: int
    labels: list[str]
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    last_seen_at: datetime
    duration_s: float | None
    attempts: int
    counts: Counts
    flaky_devices: int
    log_warnings: int
    log_errors: int
    late_events: int


class RunDetailAnswer(RunAnswer, frozen=True, kw_only=True):
    """A run with everything it was started with."""

    parameters: Mapping[str, Any]
    metadata: Mapping[str, Any]
    environment: Mapping[str, Any]
    notify: Mapping[str, Any] | None
    definition: str
    planned_devices: int | None
    planned_cases: int | None


class DeviceResultAnswer(msgspec.Struct, frozen=True):
    """What a device came to in one attempt."""

    device: str
    group: str
    platform: str
    attempt: int
    is_overall: bool
    status: str
    raw_status: str
    message: str
    started_at: datetime | None
    ended_at: datetime | None
    duration_s: float | None
    result_url: str | None


class CaseAnswer(msgspec.Struct, frozen=True):
    """What a test case came to in one attempt."""

    suite: str
    name: str
    device: str | None
    attempt: int
    is_overall: bool
    result: str
    raw_result: str
    message: str
    measurement: float | None
    units: str
    started_at: datetime | None
    duration_s: float | None


class ServiceAnswer(msgspec.Struct, frozen=True):
    """A service and its newest run."""

    slug: str
    kind: str
    description: str
    owner: str | None
    options: Mapping[str, Any]
    heartbeat_s: int
    last_number: int
    last_run: str | None
    last_status: str | None
    last_level: str | None


class DeviceAnswer(msgspec.Struct, frozen=True):
    """A device and what it last came to."""

    name: str
    group: str
    platform: str
    owner: str | None
    attributes: Mapping[str, Any]
    last_status: str | None
    last_run: str | None


class DeviceVersionAnswer(msgspec.Struct, frozen=True):
    """What a device came to overall in one run; `is_changed` holds its result against the run before."""

    run: str
    service: str
    number: int
    started_at: datetime | None
    attempt: int
    status: str
    message: str
    duration_s: float | None
    is_changed: bool | None


def run_values(run: Run) -> dict[str, Any]:
    """Return the values of a run's answer by name."""
    names = RunAnswer.__struct_fields__
    shown = {name: getattr(run, name) for name in names if hasattr(run, name)}
    return {
        **shown,
        "labels": list(run.labels),
        "url": url_for("run.show", uid=run.uid, _external=True),
        "parent_run": run.parent_uid,
        "counts": Counts(devices=run.device_counts, cases=run.case_counts),
    }


def run_answer(run: Run) -> RunAnswer:
    """Return a run for a list."""
    return RunAnswer(**run_values(run))


def run_detail_answer(run: Run, detail: RunDetail) -> RunDetailAnswer:
    """Return a run with what it was started with."""
    return RunDetailAnswer(
        **run_values(run),
        parameters=detail.parameters,
        metadata=detail.metadata,
        environment=detail.environment,
        notify=None if detail.notify is None else mask_block(detail.notify),
        definition=detail.definition,
        planned_devices=run.planned_devices,
        planned_cases=run.planned_cases,
    )


def device_result_answer(uid: str, result: DeviceResult) -> DeviceResultAnswer:
    """Return what a device came to."""
    values = {name: getattr(result, name) for name in DeviceResultAnswer.__struct_fields__ if name != "result_url"}
    url = None
    if result.blob_id is not None:
        url = url_for("api_results.show_device_result", uid=uid, name=result.device, attempt=result.attempt)
    return DeviceResultAnswer(**values, result_url=url)


def case_answer(outcome: CaseOutcome) -> CaseAnswer:
    """Return what a test case came to."""
    return CaseAnswer(**{name: getattr(outcome, name) for name in CaseAnswer.__struct_fields__})


def service_answer(service: Service) -> ServiceAnswer:
    """Return a service."""
    values = {name: getattr(service, name) for name in ServiceAnswer.__struct_fields__ if name != "last_run"}
    values["options"] = mask_options(service.options)
    return ServiceAnswer(**values, last_run=service.last_uid)


def device_answer(device: Device) -> DeviceAnswer:
    """Return a device."""
    values = {name: getattr(device, name) for name in DeviceAnswer.__struct_fields__ if name != "last_run"}
    return DeviceAnswer(**values, last_run=device.last_uid)


def version_answer(version: DeviceVersion) -> DeviceVersionAnswer:
    """Return one entry of a device's history."""
    values = {name: getattr(version, name) for name in DeviceVersionAnswer.__struct_fields__ if name != "run"}
    return DeviceVersionAnswer(**values, run=version.uid)
