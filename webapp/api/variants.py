"""Which devices of a run have the same result, and which stand out, for programs?"""

import msgspec
from flask import Blueprint

from webapp import clock
from webapp.api.answers import Filter, Limit
from webapp.api.results import Section, section_of
from webapp.api.runs import readable_run
from webapp.api.schema import Takes, operation
from webapp.compare.runs import Side
from webapp.compare.variants import Variant, find_variants
from webapp.diff.noise import Level
from webapp.domain.access import Scope
from webapp.domain.compare_options import read_compare_options
from webapp.query.fields import View
from webapp.query.parser import parse
from webapp.store.db import db
from webapp.store.inventory import get_service

blueprint = Blueprint("api_variants", __name__, url_prefix="/api/v1")


class VariantQuery(msgspec.Struct, frozen=True):
    """Whose results, and what counts as the same."""

    attempt: Section = "overall"
    level: Level = "volatile"
    q: Filter = ""
    limit: Limit = 300


class VariantAnswer(msgspec.Struct, frozen=True):
    """Devices with the same result: how many, how many of them failed, the first by name, the keys of the results."""

    count: int
    failed: int
    devices: list[str]
    results: list[int]
    size: int


class VariantList(msgspec.Struct, frozen=True):
    """The devices of a run by their results, the rarest first.

    `level` is `exact` when nothing could be ignored, and `refusal` then says why. `without` counts devices that have no
    result, `variants` all variants.
    """

    level: Level
    refusal: str
    variants: int
    without: int
    items: list[VariantAnswer]


@operation(
    blueprint,
    "GET",
    "/runs/<uid>/variants",
    scope=Scope.READ,
    answers={200: VariantList},
    takes=Takes(query=VariantQuery, errors=(400,)),
)
def list_variants(uid: str, query: VariantQuery) -> VariantList:
    """List which devices of a run have the same JSON result, the odd ones first.

    Above the level `exact` a device's own name, parts of texts and what the service's rules say are ignored.
    """
    run = readable_run(uid)
    session = db.session()
    found = find_variants(
        session,
        Side(run=run, attempt=section_of(query.attempt)),
        where=parse(query.q, view=View.RESULTS, now=clock.now()),
        level=query.level,
        options=read_compare_options(get_service(session, run.service).options),
    )
    return VariantList(
        level=found.level,
        refusal=found.refusal,
        variants=len(found.items),
        without=found.without,
        items=[_answer(variant) for variant in found.items[: query.limit]],
    )


def _answer(variant: Variant) -> VariantAnswer:
    return VariantAnswer(
        count=variant.count,
        failed=variant.failed,
        devices=list(variant.names),
        results=list(variant.results),
        size=variant.size,
    )
