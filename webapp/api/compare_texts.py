"""What changed between two logs or two JSON results, for programs?"""

from collections.abc import Iterator
from typing import Annotated, Literal

import msgspec
from flask import Blueprint, Response, current_app

from webapp.api.compare import RunWord, readable
from webapp.api.results import Section, section_of
from webapp.api.schema import RawAnswer, Takes, operation
from webapp.compare.asking import Choice, ask, find_texts
from webapp.compare.baseline import resolve
from webapp.compare.difference import Difference
from webapp.compare.making import ShownMessages, ShownValues
from webapp.compare.runs import Side
from webapp.compare.saved import Summary
from webapp.compare.sources import read_range
from webapp.compare.workshop import WORKSHOP, Progress
from webapp.diff.noise import Level
from webapp.diff.patch import unified_patch
from webapp.domain.access import Scope
from webapp.store.db import db

blueprint = Blueprint("api_compare_texts", __name__, url_prefix="/api/v1")

MAX_HUNKS = 10_000
PATCH = "text/x-diff"

Device = Annotated[str, msgspec.Meta(max_length=255)]
Part = Annotated[str, msgspec.Meta(pattern=r"^([1-9][0-9]{0,8}-([1-9][0-9]{0,8})?)?$", description="`1-200000`")]


class TextQuery(msgspec.Struct, frozen=True):
    """Which two texts: the logs of two runs or devices, or the JSON results of devices."""

    a: RunWord
    b: RunWord
    of: Literal["log", "result"] = "log"
    device: Device = ""
    other: Device = ""
    attempt_a: Section = "overall"
    attempt_b: Section = "overall"
    a_lines: Part = ""
    b_lines: Part = ""
    level: Level = "exact"


class HunksQuery(TextQuery, frozen=True):
    """Which of its hunks are listed."""

    first: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] = 0
    limit: Annotated[int, msgspec.Meta(ge=1, le=MAX_HUNKS)] = 1_000


class PatchQuery(TextQuery, frozen=True):
    """How many unchanged lines stand around each change."""

    context: Annotated[int, msgspec.Meta(ge=0, le=1_000)] = 3


class Working(msgspec.Struct, frozen=True, tag="working", tag_field="state"):
    """The comparison is being made: ask again."""

    doing: str
    seconds: float


class TextDiff(msgspec.Struct, frozen=True, tag="ready", tag_field="state"):
    """The comparison.

    Args:
        summary: what it came to.
        hunks: `[first line of A, line behind the last one, first line of B, line behind the last one]`, from 0.
        next_first: the first hunk of the next page.
        messages: new and gone kinds of messages, null while they are being told apart.
        values: the changed values of two JSON results.
    """

    summary: Summary
    hunks: list[list[int]]
    next_first: int | None
    messages: ShownMessages | None
    values: ShownValues | None


@operation(
    blueprint,
    "GET",
    "/compare/text",
    scope=Scope.READ,
    answers={200: TextDiff, 202: Working},
    takes=Takes(query=HunksQuery, errors=(413,)),
)
def compare_two_texts(query: HunksQuery) -> TextDiff | tuple[int, Working]:
    """Compare two logs or two JSON results line by line.

    Long texts are compared in the background: 202 says how far that is, and to ask again.
    """
    found = _ask(query)
    if isinstance(found, Progress):
        return 202, Working(doing=found.doing, seconds=found.seconds)
    hunks = found.hunks()
    stop = query.first + query.limit
    first_a, first_b = (text.first for text in found.texts)
    return TextDiff(
        summary=found.summary,
        hunks=[
            [a + first_a, a_end + first_a, b + first_b, b_end + first_b]
            for a, a_end, b, b_end in hunks[query.first : stop]
        ],
        next_first=stop if stop < len(hunks) else None,
        messages=found.messages(),
        values=found.values(),
    )


@operation(
    blueprint,
    "GET",
    "/compare/text.patch",
    scope=Scope.READ,
    answers={200: RawAnswer(media_type=PATCH, description="A unified patch of the raw lines."), 202: Working},
    takes=Takes(query=PatchQuery, errors=(413,)),
)
def patch_two_texts(query: PatchQuery) -> Response | tuple[int, Working]:
    """Return the difference of two logs or two JSON results as a patch that `git apply` and `patch` take."""
    found = _ask(query)
    if isinstance(found, Progress):
        return 202, Working(doing=found.doing, seconds=found.seconds)
    kind = "json" if query.of == "result" else "log"
    names = [f"{name}.{kind}" for name in _names(query)]
    return Response(_patch(found, names, query.context), mimetype=PATCH)


def _patch(difference: Difference, names: list[str], context: int) -> Iterator[bytes]:
    with difference.lines() as (a, b):
        yield from unified_patch(difference.hunks(), a, b, a_name=names[0], b_name=names[1], context=context)


def _names(query: TextQuery) -> tuple[str, str]:
    return query.device or "run", query.other or query.device or "run"


def _ask(query: TextQuery) -> Difference | Progress:
    session = db.session()
    newer = readable(resolve(session, query.b, of=None).run)
    older = readable(resolve(session, query.a, of=newer).run)
    choice = Choice(
        a=Side(run=older, attempt=section_of(query.attempt_a)),
        b=Side(run=newer, attempt=section_of(query.attempt_b)),
        device=query.device,
        other=query.other or query.device,
        is_result=query.of == "result",
        part_a=read_range("a_lines", query.a_lines),
        part_b=read_range("b_lines", query.b_lines),
        level=query.level,
    )
    workshop = current_app.extensions[WORKSHOP]
    return ask(workshop, session, choice, find_texts(session, workshop, choice))
