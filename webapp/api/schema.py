"""What does each call take and answer: operations declared with msgspec types and checked at the door."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from http import HTTPStatus
from typing import Any, TypeVar

import msgspec
from flask import Blueprint, Response, request

from webapp.api.bodies import read_body
from webapp.api.guard import requires_scope
from webapp.domain.access import Scope
from webapp.domain.wire import choices_of, in_plain_words
from webapp.errors import InvalidError

JSON_BODY_LIMIT = 4 * 1024 * 1024
JSON = "application/json"

_PATH_PARAMETER = re.compile(r"<(?:(?P<converter>\w+):)?(?P<name>\w+)>")
_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`", re.DOTALL)
_ERROR_PLACE = re.compile(r"^(?P<message>.*?) - at `\$(?P<path>.*)`$", re.DOTALL)


class Fault(msgspec.Struct, frozen=True):
    """One thing that is wrong: where, and what was expected there."""

    path: str
    message: str


class Faults(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why a request was refused.

    Args:
        errors: every fault found.
        acked: for a batch of events, the highest sequence number that is stored.
        expected: after a gap, the next sequence number that can be stored.
        offset: after a gap in a log, how many bytes are stored.
    """

    errors: list[Fault]
    acked: int | None = None
    expected: int | None = None
    offset: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RawBody:
    """A body that the view reads itself as a stream; `media_types` are what it may be sent as."""

    media_types: tuple[str, ...]
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RawAnswer:
    """An answer that is not one JSON value of a declared type, or only sometimes: then `value` is that type."""

    media_type: str
    description: str
    value: type[Any] | None = None


Answers = dict[int, type[Any] | RawAnswer | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Takes:
    """What a call is sent.

    Args:
        query: the type of the query string.
        body: the type of the JSON body, or how a raw body may be sent.
        errors: refusals besides those that every call can answer (401, 403, 404, 422).
        token_in_address: the caller's name and token may stand in the query, for programs that can send no header.
    """

    query: type[msgspec.Struct] | None = None
    body: type[msgspec.Struct] | RawBody | None = None
    errors: tuple[int, ...] = ()
    token_in_address: bool = False


NOTHING = Takes()


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One call of the API."""

    rule: str
    method: str
    endpoint: str
    summary: str
    description: str
    tag: str
    scope: Scope
    takes: Takes
    answers: Answers

    @property
    def path(self) -> str:
        """Return the path as OpenAPI writes it."""
        return _PATH_PARAMETER.sub(lambda found: "{" + found["name"] + "}", self.rule)

    @property
    def path_parameters(self) -> list[str]:
        """Return the names of the parameters in the path."""
        return [found["name"] for found in _PATH_PARAMETER.finditer(self.rule)]


T = TypeVar("T")
S = TypeVar("S", bound=msgspec.Struct)
View = Callable[..., Any]
OPERATIONS: dict[tuple[str, str], Operation] = {}


def operation(
    blueprint: Blueprint, method: str, rule: str, *, scope: Scope, answers: Answers, takes: Takes = NOTHING
) -> Callable[[View], View]:
    """Register a view as a call of the API.

    The view gets its path parameters, and `query=` and `body=` when those are declared. It returns a value of the type
    declared for the first status in `answers`, a pair of status and value, or a ready response. Its docstring's first
    line is the summary.

    Args:
        blueprint: where the route goes.
        method: the HTTP method.
        rule: the path below `/api/v1`.
        scope: what the caller's token must be good for.
        answers: status to type, the usual one first.
        takes: what is sent, and how it can be refused.
    """

    def register(view: View) -> View:
        documented = (view.__doc__ or "").strip().split("\n\n", 1)
        described = Operation(
            rule=rule,
            method=method,
            endpoint=view.__name__,
            summary=documented[0].rstrip("."),
            description=documented[1] if len(documented) > 1 else "",
            tag=blueprint.name.removeprefix("api_"),
            scope=scope,
            takes=takes,
            answers=answers,
        )
        OPERATIONS[(rule, method)] = described

        @wraps(view)
        def checked(**arguments: Any) -> Response:
            if takes.query is not None:
                arguments["query"] = _parse_query(takes.query)
            if takes.body is not None and not isinstance(takes.body, RawBody):
                arguments["body"] = decode_json(read_body(request, limit=JSON_BODY_LIMIT), takes.body)
            return _answer(view(**arguments), described)

        guard = requires_scope(scope, in_address=takes.token_in_address)
        blueprint.add_url_rule(rule, view.__name__, guard(checked), methods=[method])
        return view

    return register


def decode_json(raw: bytes, expected: type[T]) -> T:
    """Return the JSON text as a value of the expected type.

    Raises:
        InvalidError: it is not JSON, or not of that type; the path says where.
    """
    try:
        return msgspec.json.decode(raw, type=expected)
    except msgspec.ValidationError as error:
        raise InvalidError(fault_of(error, expected)) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidError(("body", f"expected JSON: {error}")) from error


def fault_of(error: msgspec.ValidationError, expected: type) -> tuple[str, str]:
    """Split msgspec's sentence into the place and what was expected there."""
    found = _ERROR_PLACE.match(str(error))
    path, message = (found["path"].lstrip("."), found["message"]) if found else ("", str(error))
    unknown = _UNKNOWN.fullmatch(message)
    if unknown is not None:
        return ".".join(part for part in (path, unknown[1][:80]) if part), "unknown field"
    choices = choices_of(expected, path) if message.startswith("Invalid ") else []
    return path, f"expected one of {', '.join(choices)}" if choices else in_plain_words(message)


def _parse_query(expected: type[S]) -> S:
    names = {known.encode_name for known in msgspec.structs.fields(expected)}
    for name in request.args:
        if name not in names:
            raise InvalidError((name[:80], f"unknown parameter; expected one of {', '.join(sorted(names))}"))
    repeated = [name for name in request.args if len(request.args.getlist(name)) > 1]
    if repeated:
        raise InvalidError((repeated[0], "given more than once"))
    try:
        return msgspec.convert(request.args.to_dict(), expected, strict=False)
    except msgspec.ValidationError as error:
        raise InvalidError(fault_of(error, expected)) from error


def _answer(value: Any, described: Operation) -> Response:
    if isinstance(value, Response):
        return value
    status = next(iter(described.answers))
    if isinstance(value, tuple):
        status, value = value
    if value is None:
        return Response(status=status)
    return json_response(value, status)


def json_response(value: Any, status: int = HTTPStatus.OK) -> Response:
    """Return a value as a JSON answer."""
    return Response(msgspec.json.encode(value), status=status, mimetype=JSON)
