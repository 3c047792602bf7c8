"""Does each verb do what it says, print what scripts need, and refuse in one sentence?"""

import json
import sqlite3
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask

from tests.conftest import TEST_CONFIG
from tests.programs import needs_program
from webapp.accounts.tokens import find_caller
from webapp.app import create_app
from webapp.cli.program import run
from webapp.clock import now
from webapp.store.db import db

pytestmark = pytest.mark.integration
Typed = Callable[..., str]


@pytest.fixture
def instance(tmp_path: Path) -> Path:
    """Return an instance folder without a database."""
    return tmp_path / "instance"


@pytest.fixture
def typed(instance: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Typed]:
    """Return a function that runs a verb and returns what it printed; it fails unless the status is as wanted."""
    made: list[Flask] = []

    def make() -> Flask:
        made.append(create_app(instance, config=TEST_CONFIG))
        return made[-1]

    def run_verb(*words: str, status: int = 0) -> str:
        with pytest.raises(SystemExit) as ended:
            run(make, words)
        out, err = capsys.readouterr()
        assert (ended.value.code or 0) == status, out + err
        return out if status == 0 else err

    yield run_verb
    for app in made:
        with app.app_context():
            db.engine.dispose()


@pytest.fixture
def ready(typed: Typed) -> Typed:
    """Return the same on a database with tables and a person."""
    typed("db", "upgrade")
    typed("user", "create", "ann", "--role", "admin")
    return typed


def test_every_verb_explains_itself(typed: Typed) -> None:
    for words in (
        ["serve"],
        ["worker"],
        ["backup"],
        ["db", "upgrade"],
        ["db", "check"],
        ["token", "create"],
        ["token", "list"],
        ["token", "revoke"],
        ["user", "create"],
        ["user", "list"],
        ["user", "link"],
        ["settings", "get"],
        ["settings", "set"],
        ["settings", "unset"],
        ["settings", "list"],
        ["settings", "rotate-key"],
    ):
        text = typed(*words, "--help")
        assert text.startswith(f"Usage: afterrun {' '.join(words)}")
        assert words[0] in ("serve", "worker") or "--json" in text
    text = typed("--help")
    assert all(verb in text for verb in ("serve", "worker", "exec", "flush", "import", "token", "user", "settings"))
    assert "0.1.0" in typed("--version")


def test_stale_tables_are_refused(typed: Typed) -> None:
    assert "afterrun db upgrade" in typed("user", "list", status=1)
    assert "needs" in typed("db", "check", status=1)


def test_database_is_upgraded_and_checked(ready: Typed) -> None:
    found = json.loads(ready("db", "check", "--json"))
    assert (found["kind"], found["sound"]) == ("sqlite", True)
    assert "sound" in ready("db", "check")


def test_missing_column_is_found(ready: Typed, instance: Path) -> None:
    with sqlite3.connect(instance / "afterrun.db") as connection:
        connection.execute("ALTER TABLE user DROP COLUMN irc_server")
    connection.close()
    assert "irc_server" in ready("db", "check", status=1)


def test_token_is_printed_alone_and_works(ready: Typed, instance: Path) -> None:
    text = ready("token", "create", "--user", "ann", "--scope", "admin").strip()
    with create_app(instance, config=TEST_CONFIG).app_context():
        caller = find_caller(text, now=now())
        db.engine.dispose()
    assert caller is not None
    assert caller.name == "ann"
    made = json.loads(
        ready("token", "create", "--user", "ann", "--scope", "read", "--service", "x", "--days", "3", "--json")
    )
    rows = json.loads(ready("token", "list", "--user", "ann", "--json"))
    assert [(row["id"], row["services"], row["usable"]) for row in rows] == [(2, ["x"], True), (1, [], True)]
    assert made["token"] not in ready("token", "list")
    assert "revoked" in ready("token", "revoke", "2")
    assert json.loads(ready("token", "list", "--json"))[0]["usable"] is False
    assert "no token 99" in ready("token", "revoke", "99", status=1)
    assert "no account 'bob'" in ready("token", "create", "--user", "bob", status=1)


def test_people_get_links(ready: Typed) -> None:
    link = ready("user", "link", "ann").strip()
    assert link.startswith("http://127.0.0.1:5000/welcome/")
    assert json.loads(ready("user", "create", "bob", "--email", "b@x.example", "--json"))["role"] == "viewer"
    assert [row["name"] for row in json.loads(ready("user", "list", "--json"))] == ["ann", "bob"]
    assert ready("user", "list").splitlines()[0].split() == [
        "ID",
        "NAME",
        "ROLE",
        "EMAIL",
        "ACTIVE",
        "PASSWORD",
        "SIGNED_IN_AT",
    ]
    assert "taken" in ready("user", "create", "bob", status=1)
    assert "letters" in ready("user", "create", "a b", status=1)


def test_settings_are_read_and_changed(ready: Typed, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert ready("settings", "get", "MAIL_PORT") == "587\n"
    assert "from the database" in ready("settings", "set", "MAIL_PORT", "587")
    assert json.loads(ready("settings", "get", "MAIL_PORT", "--json")) == {
        "name": "MAIL_PORT",
        "value": "587",
        "source": "database",
    }
    assert "from the default" in ready("settings", "unset", "MAIL_PORT")
    secret = tmp_path / "secret"
    secret.write_text("geheim\n")
    with secret.open() as file:
        monkeypatch.setattr(sys, "stdin", file)
        assert "geheim" not in ready("settings", "set", "MAIL_PASSWORD", "-")
    shown = {row["name"]: row["value"] for row in json.loads(ready("settings", "list", "--json"))}
    assert shown["MAIL_PASSWORD"] == "set"
    assert "1 stored secrets" in ready("settings", "rotate-key")
    assert ready("settings", "get", "MAIL_PASSWORD") == "set\n"
    assert "NO_SUCH" in ready("settings", "get", "NO_SUCH", status=1)
    assert "expected 1 to 65535" in ready("settings", "set", "MAIL_PORT", "0", status=1)
    assert "environment" in ready("settings", "set", "AFTERRUN_PORT", "1", status=1)


def test_empty_list_prints_nothing_or_an_empty_array(ready: Typed) -> None:
    assert ready("token", "list") == ""
    assert json.loads(ready("token", "list", "--json")) == []


def test_backup_is_a_whole_instance(ready: Typed, instance: Path, tmp_path: Path) -> None:
    (instance / "config.py").write_text("MAIL_PORT = 26\n")
    (instance / "templates" / "notify").mkdir(parents=True)
    (instance / "templates" / "notify" / "irc.txt").write_text("{{ title }}\n")
    folder = tmp_path / "saved"
    assert "Saved 4 files" in ready("backup", str(folder))
    assert (folder / "templates" / "notify" / "irc.txt").read_text() == "{{ title }}\n"
    assert {path.stat().st_mode & 0o777 for path in folder.rglob("*") if path.is_file()} == {0o600}
    assert "is not empty" in ready("backup", str(folder), status=1)
    restored = create_app(folder, config=TEST_CONFIG)
    with restored.app_context(), db.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT name FROM user").scalar_one() == "ann"
        connection.close()
        db.engine.dispose()


@needs_program("postgres")
def test_other_database_is_upgraded_and_not_copied_as_a_file(
    tmp_path: Path, fresh_postgres_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    made: list[Flask] = []

    def make() -> Flask:
        made.append(create_app(tmp_path / "i", config={**TEST_CONFIG, "DATABASE_URL": fresh_postgres_url}))
        return made[-1]

    for words, status, sentence in (
        (["db", "upgrade"], 0, "The database is at"),
        (["db", "check"], 0, "postgresql 1"),
        (["backup", str(tmp_path / "b")], 1, "pg_dump"),
    ):
        with pytest.raises(SystemExit) as ended:
            run(make, words)
        out, err = capsys.readouterr()
        assert (ended.value.code or 0) == status
        assert sentence in out + err
    for app in made:
        with app.app_context():
            db.engine.dispose()


def test_reporters_verbs_are_passed_on(typed: Typed) -> None:
    assert "--service" in typed("exec", "--help")
