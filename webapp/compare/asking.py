"""Which difference of two texts is wanted, and is it there? What pages and API ask alike."""

from dataclasses import dataclass

from msgspec import structs

from webapp.compare.difference import Difference, open_difference
from webapp.compare.making import RuleOrder
from webapp.compare.runs import Side
from webapp.compare.sources import WHOLE, LineRange, log_text, result_text
from webapp.compare.texts import Text
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
        a: the older side.
        b: the newer side.
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

    a: Side
    b: Side
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


def find_texts(session: Session, choice: Choice) -> Texts:
    """Return the texts that are chosen.

    Raises:
        NotFoundError: it says which side has none.
    """
    read = result_text if choice.is_result else log_text
    a = read(session, choice.a, choice.names[0], choice.part_a)
    b = read(session, choice.b, choice.names[1], choice.part_b)
    if a is not None and b is not None:
        return a, b
    what = "JSON result" if choice.is_result else "log"
    sides = zip(("A", "B"), (a, b), choice.names, strict=True)
    raise NotFoundError(" and ".join(f"{side} has no {what} of {name}" for side, text, name in sides if text is None))


def ask(workshop: Workshop, session: Session, choice: Choice, texts: Texts) -> Difference | Progress:
    """Return the difference of two texts, or how far it is; what the service of B ignores is ignored.

    Raises:
        TooLargeError: a text, or the work, is beyond a limit.
        NotFoundError: a text has been removed meanwhile.
    """
    options = read_compare_options(get_options(session, choice.b.run.service_id))
    if choice.level == "exact":
        options = CompareOptions()
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
