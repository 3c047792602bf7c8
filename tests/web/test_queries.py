"""Are lists of runs saved under a name, shown as views, changed and removed, and by whom?"""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.conftest import SignIn
from tests.factories.people import make_caller, make_query
from tests.factories.runs import NOW, record_run
from webapp.accounts.queries import QueryFields, put_query
from webapp.domain import saved_queries
from webapp.domain.access import Role
from webapp.errors import ForbiddenError, InvalidError, NotFoundError
from webapp.store.accounts import list_audit
from webapp.store.db import reading, writing
from webapp.store.queries import find_query

pytestmark = pytest.mark.integration


def stored(owner: str, name: str) -> tuple[str, bool] | None:
    with reading() as session:
        found = find_query(session, owner=owner, name=name)
        return None if found is None else (found.text, found.is_shared)


def test_list_is_saved_and_becomes_a_view(app: Flask, viewer: FlaskClient) -> None:
    record_run(app, service="backup")
    text = viewer.get("/runs?q=service:backup").text
    assert 'href="/queries/new?text=service:backup"' in text
    assert 'aria-label="Views"' not in text
    form = viewer.get("/queries/new?text=service:backup").text
    assert 'value="service:backup"' in form
    answer = viewer.post("/queries/new", data={"name": "my backups", "text": "service:backup"})
    assert answer.headers["Location"] == "/runs?q=service:backup"
    assert stored("viewer", "my backups") == ("service:backup", False)
    text = viewer.get("/runs?q=service:backup").text
    assert '<a href="/runs?q=service:backup" aria-current="page" data-swap="#runs-list">my backups</a>' in text
    assert "Save this view" not in text
    with reading() as session:
        assert [entry.action for entry in list_audit(session, limit=1)] == ["query.saved"]


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"name": "", "text": "service:x"}, "Type a name."),
        ({"name": "x", "text": ""}, "Type a filter."),
        ({"name": "x", "text": "statis:ok"}, "(at character 1)"),
        ({"name": "x\u202ey", "text": "service:x"}, "change the direction of text"),
        ({"name": "x" * 101, "text": "service:x"}, "longer than 100"),
        ({"name": "taken", "text": "service:x"}, "You have a query of this name"),
    ],
)
def test_faulty_query_is_refused_beside_its_field(
    app: Flask, viewer: FlaskClient, data: dict[str, str], sentence: str
) -> None:
    make_query(make_caller("viewer"), "taken", "service:y")
    answer = viewer.post("/queries/new", data=data)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert stored("viewer", "taken") == ("service:y", False)


def test_query_is_changed_and_removed_by_its_owner(app: Flask, viewer: FlaskClient) -> None:
    make_query(make_caller("viewer"), "a/b", "service:x")
    assert 'value="service:x"' in viewer.get("/queries/viewer/a/b").text
    viewer.post("/queries/viewer/a/b", data={"text": "service:y", "shared": "y"})
    assert stored("viewer", "a/b") == ("service:y", True)
    assert viewer.post("/queries/viewer/a/b", data={"text": "nonsense:"}).status_code == 422
    assert "everybody" in viewer.get("/queries").text
    assert viewer.post("/queries/viewer/a/b", data={"remove": "yes"}).headers["Location"] == "/queries"
    assert stored("viewer", "a/b") is None
    assert "Nothing is saved yet" in viewer.get("/queries").text


def test_others_see_what_is_shared_and_change_nothing(
    app: Flask, viewer: FlaskClient, admin: FlaskClient, sign_in: SignIn
) -> None:
    ann = make_caller("ann")
    make_query(ann, "own", "service:own")
    make_query(ann, "shared", "service:shared", is_shared=True)
    text = viewer.get("/queries").text
    assert "service:shared" in text
    assert "service:own" not in text
    assert "/queries/ann/shared" not in text
    assert ">ann/shared</a>" in viewer.get("/runs").text
    assert viewer.get("/queries/ann/own").status_code == 404
    assert viewer.get("/queries/ann/shared").status_code == 403
    assert viewer.post("/queries/ann/shared", data={"text": "service:z"}).status_code == 403
    assert viewer.post("/queries/ann/shared", data={"remove": "yes"}).status_code == 403
    assert viewer.post("/queries/ann/own", data={"remove": "yes"}).status_code == 404
    assert "service:own" in admin.get("/queries").text
    admin.post("/queries/ann/own", data={"text": "service:changed"})
    assert stored("ann", "own") == ("service:changed", False)
    assert admin.post("/queries/ann/shared", data={"remove": "yes"}).status_code == 302


def test_query_of_somebody_else_is_not_made(app: Flask) -> None:
    ann, root = make_caller("ann"), make_caller("root", Role.ADMIN)
    fields = QueryFields(text="service:x", is_shared=False)
    with writing() as session:
        with pytest.raises(ForbiddenError, match="saved by its owner"):
            put_query(session, "ann", "new", fields, caller=root, now=NOW)
        with pytest.raises(InvalidError, match="there is no account 'bob'"):
            put_query(session, "bob", "new", fields, caller=ann, now=NOW)
    make_query(root, "secret", "service:x")
    with writing() as session, pytest.raises(NotFoundError):
        put_query(session, "root", "secret", fields, caller=ann, now=NOW)


def test_number_of_queries_is_limited(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webapp.accounts.queries.MAX_OWN", 1)
    assert saved_queries.MAX_OWN > 1
    ann = make_caller("ann")
    for text, name in (("service:x", "one"), ("service:y", "one")):
        with writing() as session:
            put_query(session, "ann", name, QueryFields(text=text, is_shared=False), caller=ann, now=NOW)
    with writing() as session, pytest.raises(InvalidError, match="at most 1 saved queries"):
        put_query(session, "ann", "two", QueryFields(text="x", is_shared=False), caller=ann, now=NOW)
    with writing() as session, pytest.raises(InvalidError, match="at most 2,000 characters"):
        put_query(session, "ann", "one", QueryFields(text="x" * 2_001, is_shared=False), caller=ann, now=NOW)
