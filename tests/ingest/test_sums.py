"""Do the sums of a run equal a recount, whatever happens in whatever order?"""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.factories.runs import NOW, SERVER, Numbers
from tests.ingest.recount import recounted_sums, stored_sums
from webapp.domain.messages import (
    AnyEvent,
    AttemptEnd,
    AttemptStart,
    Case,
    DeviceEnd,
    DeviceStart,
    Measurement,
    Plan,
    RunEnd,
    RunStart,
)
from webapp.domain.outcome import DEVICE_OPEN, CaseResult, DeviceStatus
from webapp.ingest.stream import accept_messages
from webapp.store.db import reading

pytestmark = pytest.mark.integration

DEVICES = st.sampled_from(["a", "b", "c"])
ATTEMPTS = st.integers(1, 3)
ENDS = st.sampled_from([status for status in DeviceStatus if status not in DEVICE_OPEN])

Step = tuple[type[AnyEvent], dict[str, Any]]


def step(kind: type[AnyEvent], **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Step]:
    return st.tuples(st.just(kind), st.fixed_dictionaries(fields))


STEPS = st.one_of(
    step(Plan, devices=st.lists(DEVICES, max_size=3)),
    step(AttemptStart, attempt=ATTEMPTS),
    step(AttemptEnd, attempt=ATTEMPTS),
    step(DeviceStart, device=DEVICES, attempt=ATTEMPTS),
    step(DeviceEnd, device=DEVICES, attempt=ATTEMPTS, status=ENDS),
    step(
        Case,
        suite=st.just("s"),
        name=st.sampled_from(["x", "y"]),
        result=st.sampled_from(CaseResult),
        attempt=ATTEMPTS,
        device=st.none() | DEVICES,
    ),
    step(Measurement, name=st.just("x"), value=st.just(1.0), attempt=ATTEMPTS, device=st.none() | DEVICES),
    step(RunEnd, status=st.sampled_from(["complete", "incomplete", "canceled"])),
)
BATCHES = st.lists(st.lists(STEPS, min_size=1, max_size=8), min_size=1, max_size=5)


def record(batches: Iterable[Iterable[Step]]) -> str:
    uid, numbers = str(uuid4()), Numbers()
    first: list[AnyEvent] = [RunStart(**numbers.next(), service="audit")]
    accept_messages(first, uid=uid, caller=SERVER, now=NOW)
    for minute, batch in enumerate(batches):
        messages = [kind(**numbers.next(), **fields) for kind, fields in batch]
        accept_messages(messages, uid=uid, caller=SERVER, now=NOW + timedelta(minutes=minute))
    return uid


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=BATCHES)
def test_sums_equal_a_recount(app: Flask, batches: list[list[Step]]) -> None:
    uid = record(batches)
    with reading() as session:
        assert stored_sums(session, uid) == recounted_sums(session, uid)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEPS, min_size=2, max_size=12))
@example(
    steps=[
        (RunEnd, {"status": "incomplete"}),
        (DeviceStart, {"device": "a"}),
        (Case, {"suite": "s", "name": "x", "result": CaseResult.PASS, "device": "a"}),
    ]
)
def test_size_of_the_batches_changes_nothing(app: Flask, steps: list[Step]) -> None:
    together, apart = record([steps]), record([[each] for each in steps])
    with reading() as session:
        one, many = stored_sums(session, together), stored_sums(session, apart)
    assert (one.devices, one.cases, one.flaky, one.attempts) == (many.devices, many.cases, many.flaky, many.attempts)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=BATCHES, status=st.sampled_from(["complete", "incomplete", "canceled"]))
def test_nothing_stays_open_after_the_end(app: Flask, batches: list[list[Step]], status: str) -> None:
    uid = record([*batches, [(RunEnd, {"status": status})], *batches])
    with reading() as session:
        sums = stored_sums(session, uid)
    counts = [sums.devices, *(devices for devices, _ in sums.attempts.values())]
    assert not any(word in each for word in DEVICE_OPEN for each in counts)
