"""What can be called: the OpenAPI description, made from the declared operations, and a page to read it."""

from http import HTTPStatus
from typing import Any

import msgspec
from flask import Blueprint, Response, render_template

from webapp import __version__
from webapp.api.guard import public
from webapp.api.schema import JSON, OPERATIONS, Faults, Operation, RawAnswer, RawBody

blueprint = Blueprint("api_spec", __name__, url_prefix="/api/v1")

PREFIX = "/api/v1"
ALWAYS = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND)
UNPROCESSABLE = HTTPStatus.UNPROCESSABLE_ENTITY
PATTERNS = {
    "uid": {"type": "string", "format": "uuid"},
    "number": {"type": "integer", "minimum": 1},
}
DESCRIPTION = (
    "Reports and reads runs. Send `Authorization: Bearer <token>`; make a token in your profile. "
    "Every refusal has the same body: a list of places and what was expected there."
)


@blueprint.get("/openapi.json")
@public
def openapi() -> Response:
    """Answer the description of the API."""
    return Response(msgspec.json.encode(describe()), mimetype=JSON)


@blueprint.get("/")
@public
def index() -> str:
    """Show the description of the API as a page."""
    operations = sorted(OPERATIONS.values(), key=lambda item: (item.tag, item.rule, item.method))
    components: dict[str, Any] = describe()["components"]["schemas"]
    return render_template("api/index.html", operations=operations, schemas=components, fields_of=_fields)


def describe() -> dict[str, Any]:
    """Return the OpenAPI 3.1 document."""
    operations = list(OPERATIONS.values())
    types = {item: None for operation in operations for item in _types(operation)}
    schemas, components = msgspec.json.schema_components([*types, Faults], ref_template="#/components/schemas/{name}")
    schema_of = dict(zip([*types, Faults], schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for operation in sorted(operations, key=lambda item: (item.rule, item.method)):
        paths.setdefault(operation.path, {})[operation.method.lower()] = _describe(operation, schema_of, components)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Afterrun", "version": __version__, "description": DESCRIPTION},
        "servers": [{"url": PREFIX}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _types(operation: Operation) -> list[Any]:
    answers = (item.value if isinstance(item, RawAnswer) else item for item in operation.answers.values())
    found = [item for item in answers if item is not None]
    if operation.takes.query is not None:
        found.append(operation.takes.query)
    if operation.takes.body is not None and not isinstance(operation.takes.body, RawBody):
        found.append(operation.takes.body)
    return found


def _describe(operation: Operation, schema_of: dict[Any, Any], components: dict[str, Any]) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation.endpoint,
        "summary": operation.summary,
        "tags": [operation.tag],
        "parameters": _parameters(operation, components),
        "responses": _responses(operation, schema_of),
    }
    if operation.description:
        described["description"] = operation.description
    if isinstance(operation.takes.body, RawBody):
        schema: dict[str, Any] = {}
        described["requestBody"] = {
            "description": operation.takes.body.description,
            "content": {media_type: {"schema": schema} for media_type in operation.takes.body.media_types},
        }
    elif operation.takes.body is not None:
        described["requestBody"] = {"required": True, "content": {JSON: {"schema": schema_of[operation.takes.body]}}}
    return described


def _parameters(operation: Operation, components: dict[str, Any]) -> list[dict[str, Any]]:
    in_path = [
        {"name": name, "in": "path", "required": True, "schema": PATTERNS.get(name, {"type": "string", "minLength": 1})}
        for name in operation.path_parameters
    ]
    if operation.takes.query is None:
        return in_path
    component = components[operation.takes.query.__name__]
    required = component.get("required", [])
    in_query = [
        {"name": name, "in": "query", "required": name in required, "schema": schema}
        for name, schema in component["properties"].items()
    ]
    return in_path + in_query


def _responses(operation: Operation, schema_of: dict[Any, Any]) -> dict[str, Any]:
    responses: dict[str, Any] = {}
    for status, answer in operation.answers.items():
        described: dict[str, Any] = {"description": HTTPStatus(status).phrase}
        if isinstance(answer, RawAnswer):
            described = {"description": answer.description, "content": {answer.media_type: {"schema": {}}}}
            if answer.value is not None:
                described["content"][JSON] = {"schema": schema_of[answer.value]}
        elif answer is not None:
            described["content"] = {JSON: {"schema": schema_of[answer]}}
        responses[str(status)] = described
    refusals = {*ALWAYS, UNPROCESSABLE, *operation.takes.errors}
    for status in sorted(refusals):
        responses[str(int(status))] = {
            "description": HTTPStatus(status).phrase,
            "content": {JSON: {"schema": schema_of[Faults]}},
        }
    return responses


def _fields(name: str, components: dict[str, Any]) -> list[tuple[str, str, bool]]:
    component = components.get(name, {})
    required = component.get("required", [])
    return [(key, _type_word(schema), key in required) for key, schema in component.get("properties", {}).items()]


def _type_word(schema: Any) -> str:
    if not isinstance(schema, dict):
        return "any JSON"  # the schema `true` takes everything
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[-1]
    if "enum" in schema:
        return " | ".join(str(item) for item in schema["enum"] if item is not None)
    if "anyOf" in schema:
        return " or ".join(_type_word(item) for item in schema["anyOf"] if item.get("type") != "null")
    if schema.get("type") == "array":
        return f"list of {_type_word(schema.get('items', {}))}"
    return str(schema.get("format") or schema.get("type") or "any JSON")
