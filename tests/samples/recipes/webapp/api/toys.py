"""Which toys are there, for programs?"""

import msgspec
from flask import Blueprint

from webapp.api.schema import operation
from webapp.domain.access import Scope

blueprint = Blueprint("api_toys", __name__, url_prefix="/api/v1")


class ToyList(msgspec.Struct, frozen=True):
    """Every toy."""

    items: list[str]


@operation(blueprint, "GET", "/toys", scope=Scope.READ, answers={200: ToyList})
def list_toys() -> ToyList:
    """List the toys."""
    return ToyList(items=["robot", "kite"])
