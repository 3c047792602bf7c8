"""Can an operator choose the repositories of a service?"""

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.factories.runs import NOW
from webapp.gitexport.roster import RepositoryInput, add_repository
from webapp.ingest.services import ServiceFields, put_service
from webapp.store.db import reading, writing
from webapp.store.inventory import get_service
from webapp.web.links import SETTINGS_KEY

pytestmark = pytest.mark.integration


@pytest.fixture
def repositories(app: Flask) -> None:
    """Add two repositories, the first of which is the default."""
    with writing() as session:
        for name in ("lab", "audit"):
            given = RepositoryInput(name=name, url=f"https://git.example.org/{name}.git")
            add_repository(session, app.extensions[SETTINGS_KEY], given, by_id=None, now=NOW)


def put(app: Flask, options: dict[str, Any]) -> None:
    with writing() as session:
        put_service(session, "backup", ServiceFields(options=options), now=NOW)


def option() -> Any:
    with reading() as session:
        return get_service(session, "backup").options.get("push_to_git")


def ticked(text: str) -> list[str]:
    """Return the repositories whose boxes are ticked."""
    boxes = [part.split(">")[0] for part in text.split("<input") if 'name="repositories"' in part]
    return [box.split('value="')[1].split('"')[0] for box in boxes if "checked" in box]


@pytest.mark.usefixtures("repositories")
@pytest.mark.parametrize(
    ("value", "expected"),
    [(None, []), (False, []), (True, ["lab"]), ("audit", ["audit"]), (["lab", "gone"], ["lab", "gone"]), (7, [])],
)
def test_choice_is_shown(app: Flask, operator: FlaskClient, value: Any, expected: list[str]) -> None:
    put(app, {"push_to_git": value})
    assert ticked(operator.get("/services/backup/git").text) == expected


@pytest.mark.usefixtures("repositories")
def test_choice_is_kept(app: Flask, operator: FlaskClient) -> None:
    put(app, {"header": "x"})
    assert operator.post("/services/backup/git", data={"repositories": ["lab", "audit"]}).status_code == 302
    assert option() == ["lab", "audit"]
    operator.post("/services/backup/git", data={})
    assert option() is None


@pytest.mark.usefixtures("repositories")
def test_wish_for_changes_that_matter_is_kept(app: Flask, operator: FlaskClient) -> None:
    put(app, {})
    operator.post("/services/backup/git", data={"repositories": ["lab"], "only_meaningful": "y"})
    with reading() as session:
        assert get_service(session, "backup").options == {"push_to_git": ["lab"], "git_only_meaningful": True}
    assert (
        "checked" in operator.get("/services/backup/git").text.split('name="only_meaningful"')[0].rsplit("<input", 1)[1]
    )
    operator.post("/services/backup/git", data={})
    with reading() as session:
        assert get_service(session, "backup").options == {}


@pytest.mark.usefixtures("repositories")
def test_unknown_repository_is_refused(app: Flask, operator: FlaskClient) -> None:
    put(app, {})
    assert operator.post("/services/backup/git", data={"repositories": ["nowhere"]}).status_code == 422
    assert option() is None


def test_no_repository_says_who_adds_one(app: Flask, operator: FlaskClient, viewer: FlaskClient) -> None:
    put(app, {})
    assert "An administrator adds one" in operator.get("/services/backup/git").text
    assert viewer.get("/services/backup/git").status_code == 403
    assert operator.get("/services/none/git").status_code == 404
