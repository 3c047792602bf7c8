"""Can an administrator add, try and change repositories in the browser, without ever seeing a secret again?"""

import re
from html import unescape
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.factories.runs import NOW, record_run
from tests.gitexport.pushing import allow_roots
from tests.programs import needs_program
from tests.servers.git_hosts import Repositories
from webapp.gitexport.roster import RepositoryInput, add_repository, follow_automation
from webapp.store import repositories as store
from webapp.store.db import reading, writing
from webapp.store.runs import get_run
from webapp.web.links import SETTINGS_KEY

pytestmark = pytest.mark.integration

FORM = {"name": "lab", "url": "https://git.example.org/team/results.git", "branch": "main", "token": "t0ken"}


def add(client: FlaskClient, **fields: str) -> str:
    """Add a repository by its form and return its page's address."""
    answer = client.post("/admin/git/new", data={**FORM, **fields})
    assert answer.status_code == 302, answer.text
    return answer.location


def plain(text: str) -> str:
    """Return a page's text without its tags."""
    return " ".join(unescape(re.sub("<[^>]+>", " ", text)).split())


def test_nothing_yet_says_what_to_do(admin: FlaskClient) -> None:
    assert "No repositories yet" in admin.get("/admin/git").text


def test_repository_is_added_and_its_secret_never_shown(admin: FlaskClient) -> None:
    page = admin.get(add(admin)).text
    assert "https, token" in page
    assert "Stored. Leave it empty to keep it." in page
    assert "t0ken" not in page + admin.get("/admin/git").text
    with reading() as session:
        kept = store.get_repository(session, 1)
    assert kept.is_default
    assert "t0ken" not in kept.token


def test_empty_secret_keeps_the_stored_one_and_a_tick_forgets_it(admin: FlaskClient) -> None:
    address = add(admin)
    admin.post(address, data={**FORM, "token": "", "branch": "dev"})
    with reading() as session:
        kept = store.get_repository(session, 1)
    assert kept.branch == "dev"
    assert kept.token
    admin.post(address, data={**FORM, "token": "", "forgets": "y"})
    with reading() as session:
        assert store.get_repository(session, 1).token == ""


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("name", "", "Name it, so that services can choose it."),
        ("url", "http://host/r.git", "expected https, ssh or file, got 'http'"),
        ("url", "https://a:geheim@host/r.git", "a token is entered in its own field"),
        ("url", "--upload-pack=x", "not an option or a program"),
        ("branch", "a..b", "expected the name of a branch"),
        ("folder", "../x", "expected folders"),
        ("author_domain", "a b", "expected the domain"),
        ("private_key", "x", "a deploy key is for ssh addresses"),
    ],
)
def test_fault_stands_below_its_field(admin: FlaskClient, field: str, value: str, expected: str) -> None:
    answer = admin.post("/admin/git/new", data={**FORM, field: value})
    assert answer.status_code == 422
    assert expected in unescape(answer.text)
    assert f'id="{field}-error"' in answer.text
    assert "t0ken" not in answer.text


def test_name_that_is_taken_is_refused(admin: FlaskClient) -> None:
    add(admin)
    answer = admin.post("/admin/git/new", data=FORM)
    assert answer.status_code == 422
    assert "there is a repository 'lab' already" in unescape(answer.text)


@needs_program("git")
def test_access_is_tried(app: Flask, admin: FlaskClient, tmp_path: Path) -> None:
    allow_roots(app, str(tmp_path))
    path = Repositories(folder=tmp_path).create("results")
    page = add(admin, url=str(path), token="")
    said = plain(admin.post(f"{page}/test", follow_redirects=True).text)
    assert "lab lets a push in; the first push makes the branch main." in said
    (path / "HEAD").unlink()
    said = plain(admin.post(f"{page}/test", follow_redirects=True).text)
    assert "lab: There is no such repository, or these credentials may not see it" in said


def test_host_key_is_shown_and_can_be_forgotten(admin: FlaskClient) -> None:
    page = add(admin, url="git@git.example.org:r.git", token="")
    with writing() as session:
        store.mark_host_key(
            session, 1, "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAWT8OxDfiGEaaAUHpZ7IyDSFfWHQhgVA2SBpOtsLFAd"
        )
    assert "ssh-ed25519 SHA256:" in admin.get(page).text
    admin.post(f"{page}/host-key")
    assert "SHA256:" not in plain(admin.get(page, follow_redirects=True).text)
    with reading() as session:
        assert store.get_repository(session, 1).host_key == ""


def test_repository_is_removed(admin: FlaskClient) -> None:
    page = add(admin)
    assert "lab is removed here" in admin.post(f"{page}/remove", follow_redirects=True).text
    assert admin.get(page).status_code == 404


def test_automation_keeps_its_name_and_address(app: Flask, admin: FlaskClient) -> None:
    settings = app.extensions[SETTINGS_KEY]
    settings._environment = {**settings._environment, "GIT_AUTOMATION": "git@git.example.org:r.git"}
    with writing() as session:
        follow_automation(session, settings, now=NOW)
    page = admin.get("/admin/git/1").text
    assert "From the setting GIT_AUTOMATION" in page
    form = {"name": "automation", "url": "git@git.example.org:r.git", "branch": "results"}
    assert admin.post("/admin/git/1", data=form).status_code == 302


def test_commit_and_fault_are_shown(app: Flask, admin: FlaskClient, viewer: FlaskClient) -> None:
    page = add(admin)
    uid = record_run(app, devices=["r1"])
    with writing() as session:
        run = get_run(session, uid)
        store.mark_pushed(session, 1, run_id=run.id, commit_id="0123456789abcdef" * 2 + "01234567", now=NOW)
        store.mark_fault(session, 1, "The server cannot be reached: <b>x</b>", now=NOW)
    link = "https://git.example.org/team/results/commit/0123456789abcdef0123456789abcdef01234567"
    for text in (admin.get("/admin/git").text, admin.get(page).text):
        assert f'href="{link}"' in text
        assert "The server cannot be reached: &lt;b&gt;" in text
    for address in (f"/runs/{uid}", "/devices/r1"):
        assert f'href="{link}"' in viewer.get(address).text


def test_two_repositories_of_a_run_are_told_apart(app: Flask, viewer: FlaskClient) -> None:
    uid = record_run(app, devices=["r1"])
    settings = app.extensions[SETTINGS_KEY]
    with writing() as session:
        run = get_run(session, uid)
        for name in ("here", "there"):
            given = RepositoryInput(name=name, url=f"https://git.example.org/{name}.git")
            made = add_repository(session, settings, given, by_id=None, now=NOW)
            store.mark_pushed(session, made, run_id=run.id, commit_id="a" * 40, now=NOW)
    text = plain(viewer.get(f"/runs/{uid}").text)
    assert "aaaaaaaaaa here aaaaaaaaaa there" in text


def test_only_administrators_look_after_repositories(operator: FlaskClient, viewer: FlaskClient) -> None:
    for client in (operator, viewer):
        assert client.get("/admin/git").status_code == 403
        assert client.post("/admin/git/new", data=FORM).status_code == 403
