"""Which difference of two texts is wanted, and is it there? What pages and API ask alike."""

from dataclasses import dataclass

from msgspec import structs

from webapp.compare.difference import Difference, open_difference
from webapp.compare.making import RuleOrder
from webapp.compare.runs import Side
from webapp.compare.sources import WHOLE, LineRange, log_text, result_text
from webapp.compare.texts import Text
from webapp.compare.uploads import sent_text
from webapp.compare.workshop import Progress, Workshop
from webapp.diff.layout import View
from webapp.diff.noise import Level
from webapp.domain.compare_options import CompareOptions, read_compare_options
from webapp.errors import NotFoundError
from webapp.store.db import Session
from webapp.store.logs import RUN_LOG
from webapp.store.recording_services import get_options

# Seconds of work after which a comparison by the service's rules is given up.
RULES_S = 20.0


Texts = tuple[Text, Text]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Two texts of two sides, and how they are compared.

    Args:
        a: the older side, or the digest of a text that was sent.
        b: the newer side, or such a digest.
        device: the device of A; empty for the log of the whole run.
        other: the device of B.
        is_result: JSON results are compared, else logs.
        part_a: the lines of A that are compared.
        part_b: the lines of B.
        level: what counts as the same line.
        view: side by side or unified.
        context: unchanged lines around a change; None is all.
        shows_ignored: rows that differ only in ignored parts stay visible.
        find: what is searched for in the rows.
    """

    a: Side | str
    b: Side | str
    device: str = ""
    other: str = ""
    is_result: bool = False
    part_a: LineRange = WHOLE
    part_b: LineRange = WHOLE
    level: Level = "exact"
    view: View = "side"
    context: int | None = 3
    shows_ignored: bool = False
    find: str = ""

    @property
    def names(self) -> tuple[str, str]:
        """Return what the texts are called within their runs: a device, or `run`."""
        return self.device or RUN_LOG, self.other or RUN_LOG


def find_texts(session: Session, workshop: Workshop, choice: Choice) -> Texts:
    """Return the texts that are chosen.

    Raises:
        NotFoundError: it says which side has none.
    """
    sides = zip(("A", "B"), (choice.a, choice.b), choice.names, (choice.part_a, choice.part_b), strict=True)
    read = result_text if choice.is_result else log_text
    a, b = (
        sent_text(workshop.shelf, side, name=letter, part=part)
        if isinstance(side, str)
        else read(session, side, name, part)
        for letter, side, name, part in sides
    )
    if a is not None and b is not None:
        return a, b
    wants = [_title(name, is_result=choice.is_result) for name in choice.names]
    if a is None and b is None and wants[0] == wants[1]:
        raise NotFoundError(f"neither A nor B has a {wants[0]}")
    found = zip(("A", "B"), (a, b), wants, strict=True)
    raise NotFoundError(" and ".join(f"{side} has no {want}" for side, text, want in found if text is None))


def _title(name: str, *, is_result: bool) -> str:
    if is_result:
        return f"JSON result of {name}"
    return "run log" if name == RUN_LOG else f"log of {name}"


def ask(workshop: Workshop, session: Session, choice: Choice, texts: Texts) -> Difference | Progress:
    """Return the difference of two texts, or how far it is; what the service of B ignores is ignored.

    Raises:
        TooLargeError: a text, or the work, is beyond a limit.
        NotFoundError: a text has been removed meanwhile.
    """
    options = CompareOptions()
    if choice.level != "exact" and isinstance(choice.b, Side):
        options = read_compare_options(get_options(session, choice.b.run.service_id))
    order = structs.replace(
        workshop.order(*texts),
        level=choice.level,
        rules=tuple(
            RuleOrder(pattern=rule.pattern, name=rule.name, whole_line=rule.whole_line) for rule in options.line_rules
        ),
        view=choice.view,
        context=choice.context,
        shows_ignored=choice.shows_ignored,
        find=choice.find,
        values=choice.is_result,
        ignore=options.ignored_paths,
        tolerance=options.tolerance,
        rules_s=RULES_S,
    )
    return workshop.ask(order, *texts) or open_difference(order, texts)
