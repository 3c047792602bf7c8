"""Does every call answer as the description of the API says, whatever it is sent?"""

import contextvars
import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
import schemathesis
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode, SerializationContext
from schemathesis.checks import CheckFunction, load_all_checks, not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.conftest import MakeToken
from tests.factories.runs import CaseReport, Device, record_run

pytestmark = pytest.mark.integration

UIDS = [str(UUID(int=number, version=4)) for number in (1, 2)]
# What is there, so that calls succeed; half of all cases have it in their path.
KNOWN = {"owner": "admin", "name": "edge-1", "slug": "audit", "stream": "run", "number": 1, "signal": "start"}
CHECKS: list[CheckFunction] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
EXAMPLES = 8
HOSTILE = ["%00", "a%00b", "%ED%A0%80", "%FF", "%E2%80%AE", "9" * 400, "-1", "..", "%2e%2e%2fx", "%0a", "x" * 3000, "%"]
FAULTY = [r'"\ud800"', r'"a\u0000b"', "9" * 400, "1e999", "NaN", "[" * 2000 + "]" * 2000, "-0", '"\xff']


@schemathesis.serializer("application/x-ndjson")
def write_line(_context: SerializationContext, value: Any) -> bytes:
    """Return a generated value as the one line of a batch."""
    return json.dumps(value, default=str).encode("utf-8", "surrogatepass")


@pytest.fixture
def caller(app: Flask, make_token: MakeToken) -> dict[str, str]:
    """Return the header of a token that may do everything, for an application with two runs and a workflow's step."""
    facts = {"interfaces": {"ge-0": {"up": True, "mtu": 1500}}, "big": 2**70}
    devices = [Device(name="edge-1", result=facts), Device(name="edge-2", status="failed", message="no route")]
    for uid in UIDS:
        record_run(
            app,
            uid=uid,
            devices=devices,
            cases=[CaseReport(name="boot", device="edge-1", output="fine\n", measurement=1.5)],
            logs={"run": ["INFO begun", "ERROR \x1b[31mno\x1b[0m"], "edge-1": ["hello"]},
            fields={"labels": ["night"], "parameters": {"depth": 2}, "external_key": f"gh:{uid}"},
        )
    return {"Authorization": f"Bearer {make_token(['admin'])}"}


def load(app: Flask) -> Any:
    """Return the description of the API as it is served."""
    load_all_checks()
    return contextvars.Context().run(schemathesis.openapi.from_wsgi, "/api/v1/openapi.json", app)


def iterate_operations(schema: Any) -> Iterator[Any]:
    """Yield every operation but the endless one."""
    for found in schema.get_all_operations():
        operation = found.ok()
        if not operation.path.endswith("/stream"):
            yield operation


@pytest.mark.parametrize("mode", list(GenerationMode))
def test_every_call_answers_as_described(app: Flask, caller: dict[str, str], mode: GenerationMode) -> None:
    operations = list(iterate_operations(load(app)))
    assert len(operations) > 25
    for operation in operations:
        check(operation, headers=caller, mode=mode)


def check(operation: Any, *, headers: dict[str, str], mode: GenerationMode) -> None:
    """Call an operation with generated values, half of the time for something that is there."""

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode), pick=st.sampled_from([None, *UIDS]))
    def call(case: Any, pick: str | None) -> None:
        if pick is not None:
            values = {**KNOWN, "uid": pick}
            case.path_parameters = {name: values[name] for name in case.path_parameters}
        contextvars.Context().run(case.call_and_validate, headers=headers, checks=CHECKS)

    call()


def test_hostile_paths_and_queries_are_refused(app: Flask, client: FlaskClient, caller: dict[str, str]) -> None:
    faults: list[tuple[str, int]] = []
    for operation in iterate_operations(load(app)):
        for text in HOSTILE:
            path = "/api/v1" + operation.path
            for name in KNOWN | {"uid": ""}:
                path = path.replace("{" + name + "}", text)
            queries = ["", *(f"{parameter.name}={text}" for parameter in operation.query)]
            for query in queries:
                answer = client.open(
                    f"{path}?{query}", method=operation.method.upper(), headers=caller, data=b"{}", buffered=True
                )
                declared = {int(status) for status in operation.definition.raw["responses"]}
                if answer.status_code not in declared:
                    faults.append((f"{operation.method} {operation.path}?{query[:60]} {text[:20]}", answer.status_code))
    assert faults == []


@pytest.mark.parametrize("value", FAULTY)
def test_hostile_values_in_bodies_are_kept_or_refused(client: FlaskClient, caller: dict[str, str], value: str) -> None:
    bodies = {
        "/services/audit": ["description", "owner", "heartbeat_s", "options"],
        f"/runs/{UIDS[0]}": ["labels", "parameters", "metadata", "priority", "external_key"],
    }
    for path, names in bodies.items():
        for name in names:
            for shown in (value, f"[{value}]", f'{{"a": {value}}}'):
                body = f'{{"{name}": {shown}}}'.encode("latin-1")
                answer = client.put(f"/api/v1{path}", data=body, headers=caller)
                assert answer.status_code in (200, 409, 422), (path, body[:80])
        assert client.get(f"/api/v1{path}", headers=caller).status_code == 200
