"""What does the filter in this address ask for, and if it cannot be read, where is it wrong?"""

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlencode

from flask import Blueprint, request

from webapp import clock
from webapp.errors import QueryError
from webapp.query.editing import with_term
from webapp.query.expressions import EVERYTHING, Expression
from webapp.query.fields import View
from webapp.query.parser import parse

blueprint = Blueprint("filters", __name__)

HTTP_OK = 200
HTTP_BAD_REQUEST = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterFault:
    """Why a filter cannot be read: characters `start` to `end` of it are at fault."""

    message: str
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """A filter as typed and as understood; with a fault it selects nothing."""

    text: str
    tree: Expression
    fault: FilterFault | None

    @property
    def status(self) -> int:
        """Return the HTTP status of a page with this filter."""
        return HTTP_OK if self.fault is None else HTTP_BAD_REQUEST


def read_filter(view: View, *, name: str = "q") -> Filter:
    """Return the filter in a parameter of the request's address."""
    return understand(request.args.get(name, ""), view)


def understand(text: str, view: View) -> Filter:
    """Return a filter text with what it means, or with what is wrong with it."""
    try:
        return Filter(text=text, tree=parse(text, view=view, now=clock.now()), fault=None)
    except QueryError as error:
        fault = FilterFault(message=str(error), start=error.position, end=error.position + error.length)
        return Filter(text=text, tree=EVERYTHING, fault=fault)


@blueprint.app_template_global("term")
def term(field: str, value: str) -> str:
    """Return the filter text that asks for one value of one field."""
    return with_term("", field, value)


@blueprint.app_template_global("urls_of")
def urls_of(words: Iterable[str], url: str, *, name: str = "status") -> dict[str, str]:
    """Return, for each word, the address that shows only what has it."""
    return {word: f"{url}?{urlencode({name: word})}" for word in words}
