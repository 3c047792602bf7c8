"""Does every address ask for a permission, is none lost unnoticed, and would the guard notice one that asks nothing?"""

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.typing import ResponseReturnValue

from tests.house.routes import guard_of, list_routes, unguarded_routes
from tests.snapshots import Snapshot
from webapp.api.guard import requires_scope
from webapp.domain.access import Permission, Scope
from webapp.web.guard import public, requires

ROUTES = Path(__file__).with_name("routes.txt")

# What somebody who is not signed in needs, what a browser or a probe fetches first, and what describes the API.
PUBLIC = frozenset(
    {
        "account.do_login",
        "account.first_password",
        "account.login",
        "account.theme",
        "api_spec.index",
        "api_spec.openapi",
        "assets.show",
        "health.show",
        "reporters.show",
    }
)


@pytest.mark.integration
def test_every_route_asks_for_a_permission(app: Flask) -> None:
    assert unguarded_routes(app, public=PUBLIC) == []


@pytest.mark.integration
def test_route_list_is_the_recorded_one(app: Flask, snapshot: Snapshot) -> None:
    snapshot(ROUTES, "\n".join(list_routes(app)) + "\n")


def make_view() -> Callable[[], ResponseReturnValue]:
    def page() -> ResponseReturnValue:
        return "seen"

    return page


def toy(view: Callable[[], ResponseReturnValue]) -> Flask:
    """Return an application of one page."""
    app = Flask("toy", static_folder=None)
    app.add_url_rule("/page", "toy.page", view)
    return app


@pytest.mark.unit
def test_route_without_a_guard_is_noticed() -> None:
    assert unguarded_routes(toy(make_view()), public=()) == ["toy.page declares no permission"]
    assert list_routes(toy(make_view()))[0].endswith("UNGUARDED")


@pytest.mark.unit
def test_public_route_that_is_not_listed_is_noticed() -> None:
    app = toy(public(make_view()))
    assert unguarded_routes(app, public=()) == ["toy.page is public and not on the list of public pages"]
    assert unguarded_routes(app, public={"toy.page"}) == []


@pytest.mark.unit
def test_listed_page_that_is_gone_is_noticed() -> None:
    found = unguarded_routes(toy(requires(Permission.VIEW)(make_view())), public={"toy.gone"})
    assert found == ["toy.gone is on the list of public pages and does not exist"]


@pytest.mark.unit
def test_guards_are_read_as_they_are_declared() -> None:
    assert guard_of(requires(Permission.OPERATE)(make_view())) == "operate"
    assert guard_of(requires_scope(Scope.INGEST)(make_view())) == "scope:ingest"
    assert guard_of(make_view()) is None
