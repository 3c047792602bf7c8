"""Are repositories added and changed with every fault named, and secrets kept to the server they are for?"""

from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from tests.factories.runs import NOW
from tests.gitexport.pushing import allow_roots
from tests.programs import needs_program
from tests.servers.git_hosts import Repositories, SshHost
from webapp.errors import ConflictError, InvalidError, NotFoundError
from webapp.gitexport import roster
from webapp.gitexport.failures import RepositoryError, Trouble
from webapp.gitexport.roster import RepositoryInput
from webapp.settings.resolve import Settings
from webapp.settings.vault import Vault, new_key
from webapp.store import repositories as store
from webapp.store.db import reading, writing
from webapp.store.models.accounts import AuditRow
from webapp.store.repositories import Repository

pytestmark = pytest.mark.integration

KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\nx\n-----END OPENSSH PRIVATE KEY-----\n"
HTTPS = RepositoryInput(name="lab", url="https://git.example.org/t/r.git", username="bot", token="t0ken")


def add(settings: Settings, given: RepositoryInput) -> Repository:
    with writing() as session:
        made = roster.add_repository(session, settings, given, by_id=None, now=NOW)
    return get(made)


def get(repository_id: int) -> Repository:
    with reading() as session:
        return store.get_repository(session, repository_id)


def change(settings: Settings, repository: Repository, given: RepositoryInput) -> Repository:
    with writing() as session:
        roster.change_repository(session, settings, repository, given, by_id=None, now=NOW)
    return get(repository.id)


@pytest.fixture
def settings(app: Flask, tmp_path: Path) -> Settings:
    """Return the application's settings, with a root for repositories."""
    return allow_roots(app, str(tmp_path))


def test_every_fault_is_named_by_its_field(settings: Settings) -> None:
    given = RepositoryInput(
        name=" x",
        url="ext::sh",
        branch="a..b",
        folder="../x",
        author_domain="no domain",
        username="a:b",
        token="two\nlines",
        private_key="none",
    )
    with pytest.raises(InvalidError) as caught:
        add(settings, given)
    fields = [place for place, _ in caught.value.faults]
    assert fields == ["name", "url", "branch", "folder", "author_domain", "username", "token", "private_key"]
    assert "two" not in str(caught.value)


def test_token_is_for_https_and_key_for_ssh(settings: Settings) -> None:
    for url, field in (("git@h:r.git", "token"), ("https://h/r.git", "private_key")):
        with pytest.raises(InvalidError) as caught:
            add(settings, RepositoryInput(name="x", url=url, token="t", private_key=KEY))
        assert [place for place, _ in caught.value.faults] == [field]


def test_secrets_are_encrypted_and_kept_unless_given_anew(settings: Settings) -> None:
    made = add(settings, HTTPS)
    assert "t0ken" not in made.token
    assert roster.open_target(settings, made).access.token == "t0ken"
    kept = change(settings, made, RepositoryInput(name="lab", url="https://git.example.org/other.git", branch="dev"))
    assert (kept.branch, roster.open_target(settings, kept).access.token) == ("dev", "t0ken")
    gone = change(settings, kept, RepositoryInput(name="lab", url=kept.url, token=""))
    assert gone.token == ""


def test_secret_does_not_follow_to_another_server(settings: Settings) -> None:
    made = add(settings, RepositoryInput(name="ssh", url="ssh://git@one.example/r.git", private_key=KEY))
    with writing() as session:
        store.mark_host_key(session, made.id, "ssh-ed25519 AAAA")
    for url in ("ssh://git@two.example/r.git", "ssh://git@one.example:2222/r.git"):
        moved = change(settings, get(made.id), RepositoryInput(name="ssh", url=url))
        assert (moved.private_key, moved.host_key) == ("", "")


def test_first_is_the_default_and_there_is_one(settings: Settings) -> None:
    with reading() as session, pytest.raises(NotFoundError, match="no default repository: an administrator adds"):
        roster.find_chosen(session, "")
    one = add(settings, HTTPS)
    two = add(settings, RepositoryInput(name="two", url="https://h/two.git"))
    assert (one.is_default, two.is_default) == (True, False)
    change(settings, two, RepositoryInput(name="two", url="https://h/two.git", is_default=True))
    with reading() as session:
        assert roster.find_chosen(session, "").name == "two"
        assert roster.find_chosen(session, "lab").id == one.id
        with pytest.raises(NotFoundError, match="no repository nowhere"):
            roster.find_chosen(session, "nowhere")
    with pytest.raises(ConflictError, match="'two' already"):
        change(settings, one, RepositoryInput(name="two", url=one.url))


def test_changes_are_in_the_audit_trail(settings: Settings) -> None:
    made = add(settings, HTTPS)
    change(settings, made, HTTPS)
    with writing() as session:
        roster.forget_host_key(session, made, by_id=None, now=NOW)
        roster.remove_repository(session, made, by_id=None, now=NOW)
    with reading() as session:
        actions = [row.action for row in session.scalars(select(AuditRow).order_by(AuditRow.id))]
        assert store.list_repositories(session) == []
    assert actions == [
        "repository.added", "repository.changed", "repository.host_key_forgotten", "repository.removed",
    ]  # fmt: skip


def test_automation_is_a_repository(app: Flask, settings: Settings, tmp_path: Path) -> None:
    def follow(url: str) -> bool:
        settings._environment = {**settings._environment, "GIT_AUTOMATION": url}
        with writing() as session:
            return roster.follow_automation(session, settings, now=NOW)

    assert not follow("")
    assert follow("git@git.example.org:t/r.git")
    assert not follow("git@git.example.org:t/r.git")
    with reading() as session:
        made = roster.find_chosen(session, "")
    assert (made.name, made.url, made.branch) == ("automation", "git@git.example.org:t/r.git", "main")
    change(settings, made, RepositoryInput(name="automation", url=made.url, branch="dev", private_key=KEY))
    assert follow("git@git.example.org:t/other.git")
    changed = get(made.id)
    assert (changed.url, changed.branch, bool(changed.private_key)) == ("git@git.example.org:t/other.git", "dev", True)
    with pytest.raises(InvalidError, match="url: expected https, ssh or file"):
        follow("http://git.example.org/r.git")


def test_secrets_are_encrypted_again_under_a_new_key(app: Flask, settings: Settings) -> None:
    made = add(settings, HTTPS)
    old = settings._vault
    assert old is not None
    newest = new_key()
    renewed = Settings(environment={}, file={}, vault=Vault([newest, *old._keys], "test"))
    with writing() as session:
        assert renewed.reseal(session, now=NOW) == 1
    alone = Settings(environment={}, file={}, vault=Vault([newest], "test"))
    assert roster.open_target(alone, get(made.id)).access.token == "t0ken"


@needs_program("git", "sshd")
def test_access_is_tried_and_the_host_key_pinned(
    app: Flask, settings: Settings, repositories: Repositories, ssh_host: SshHost
) -> None:
    path = repositories.create("tried")
    given = RepositoryInput(name="tried", url=ssh_host.url(path), private_key=ssh_host.private_key)
    made = add(settings, given)
    answer = roster.try_access(settings, made, instance=Path(app.instance_path))
    assert (answer.tip, answer.host_key) == (None, ssh_host.host_key)
    with writing() as session:
        assert roster.pin_host_key(session, made, answer, by_id=None, now=NOW)
    pinned = get(made.id)
    assert pinned.host_key == ssh_host.host_key
    with writing() as session:
        assert not roster.pin_host_key(session, pinned, answer, by_id=None, now=NOW)
    assert list((path / "refs" / "heads").iterdir()) == []


@needs_program("git")
def test_access_that_only_reads_is_refused(app: Flask, settings: Settings, tmp_path: Path) -> None:
    path = Repositories(folder=tmp_path).create("reading")
    made = add(settings, RepositoryInput(name="reading", url=str(path)))
    (path / "HEAD").chmod(0o000)
    (path / "HEAD").unlink()
    with pytest.raises(RepositoryError) as caught:
        roster.try_access(settings, made, instance=Path(app.instance_path))
    assert caught.value.trouble is Trouble.NO_REPOSITORY
