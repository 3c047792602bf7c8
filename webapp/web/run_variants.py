"""Which devices of a run have the same result, and which stand out?"""

from dataclasses import dataclass
from typing import Any, cast

from flask import Blueprint, request, url_for

from webapp.compare.runs import Side
from webapp.compare.variants import Variant, Variants, find_variants
from webapp.diff.noise import Level
from webapp.domain.compare_options import read_compare_options
from webapp.errors import InvalidError
from webapp.query.expressions import EVERYTHING, Expression
from webapp.store.db import Session
from webapp.store.filtering import only_with_results
from webapp.store.inventory import get_service
from webapp.web.compare_wanted import LEVELS
from webapp.web.paging import here
from webapp.web.run_section import Section

blueprint = Blueprint("run_variants", __name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownVariants:
    """The devices of a run by their results, as its page lists them.

    Args:
        variants: all of them.
        levels: the choice of what counts as the same result.
        rules: how many rules of the service are in force.
        code: the variant that the address chooses, or empty.
        chosen: it, if there is one.
    """

    variants: Variants
    levels: list[dict[str, Any]]
    rules: int
    code: str
    chosen: Variant | None

    @property
    def first(self) -> str:
        """Return the name of the first device of the rarest variant, or empty."""
        return self.variants.items[0].names[0] if self.variants.items else ""

    @property
    def is_listed(self) -> bool:
        """Say whether the variants are listed, and not the devices of one."""
        return not self.code

    @property
    def devices(self) -> Expression:
        """Return the filter of the device results that the choice leaves."""
        return only_with_results(self.chosen.results if self.chosen else ()) if self.code else EVERYTHING


def read_variants(session: Session, section: Section, *, where: Expression) -> ShownVariants | None:
    """Return the selected devices by their results, None when the address doesn't ask for that (`by=result`).

    Raises:
        InvalidError: the level is none.
    """
    if request.args.get("by") != "result":
        return None
    level = request.args.get("level") or "volatile"
    if level not in LEVELS:
        raise InvalidError(("level", f"expected one of {', '.join(LEVELS)}, got {level[:40]!r}"))
    options = read_compare_options(get_service(session, section.run.service).options)
    side = Side(run=section.run, attempt=section.attempt)
    found = find_variants(session, side, where=where, level=cast("Level", level), options=options)
    code = request.args.get("same", "")
    return ShownVariants(
        variants=found,
        levels=[
            {"title": title, "url": here(level=name, same=None), "current": found.level == name}
            for name, title in LEVELS.items()
        ],
        rules=len(options.line_rules) + len(options.ignored_paths),
        code=code,
        chosen=next((variant for variant in found.items if variant.code == code), None),
    )


@blueprint.app_template_global("odd_one_url")
def odd_one_url(section: Section, shown: ShownVariants, odd: Variant) -> str:
    """Return the address that compares a device of a variant with one of the usual variant."""
    usual = shown.variants.usual
    level = shown.variants.level
    return url_for(
        "compare.index",
        a=section.run.uid,
        b=section.run.uid,
        attempt_a=section.attempt,
        attempt_b=section.attempt,
        tab="result",
        device=usual.names[0] if usual else "",
        other=odd.names[0],
        level=None if level == "exact" else level,
    )
