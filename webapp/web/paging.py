"""Which page of a list does this address mean, and what are the addresses of its neighbours?"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from flask import Blueprint, request, url_for

from webapp.store.paging import Page, Position, read_position, write_position

blueprint = Blueprint("paging", __name__)

# What stands in a query as it is (RFC 3986, 3.4): filters stay readable.
PLAIN = "!$'()*,/:;?@"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pager:
    """The addresses of the neighbouring pages, empty where there is none."""

    newer: str
    older: str


def read_before() -> Position | None:
    """Return the position that the page ends the list of newer ones at, from `?before=`."""
    return read_position(request.args.get("before"))


def read_after() -> Position | None:
    """Return the position that the page begins the list of older ones at, from `?after=`."""
    return read_position(request.args.get("after"))


@blueprint.app_template_global("here")
def here(*, _anchor: str | None = None, **changes: str | int | None) -> str:
    """Return this address with some parameters changed; None or an empty text removes one."""
    kept: dict[str, Any] = {**request.args.to_dict(), **changes}
    kept = {name: value for name, value in kept.items() if value not in (None, "")}
    address = add_query(url_for(request.endpoint or "runs.index", **(request.view_args or {})), kept)
    return f"{address}#{quote(_anchor)}" if _anchor else address


def add_query(address: str, query: Mapping[str, str | int]) -> str:
    """Return an address with parameters of any name; `url_for` takes some names for its own."""
    return f"{address}?{urlencode(query, safe=PLAIN)}" if query else address


def pager_of(page: Page[Any]) -> Pager:
    """Return the addresses of the pages beside this one."""
    newer, older = write_position(page.newer), write_position(page.older)
    return Pager(
        newer=here(after=newer, before=None) if newer else "",
        older=here(before=older, after=None) if older else "",
    )


@blueprint.app_template_global("kept")
def kept(*names: str) -> dict[str, str]:
    """Return those parameters of this address that a form has to carry on."""
    return {name: request.args[name] for name in names if request.args.get(name)}


@blueprint.app_template_global("counted")
def counted(count: int, word: str) -> str:
    """Return a number and what it counts: `1 device`, `2,000 devices`."""
    return f"{count:,} {word}" if count == 1 else f"{count:,} {word}s"
