"""What every test may ask for: an application on a fresh database, people signed in, tokens, a real server."""

import contextvars
import os
import secrets
import shutil
import threading
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import make_url
from werkzeug.test import TestResponse

from tests.databases import is_on_postgres
from tests.servers.postgres import PostgresServer
from webapp.accounts.people import Account
from webapp.accounts.sessions import account_of
from webapp.accounts.tokens import TokenRequest
from webapp.accounts.tokens import make_token as store_token
from webapp.app import create_app
from webapp.cli.server import Server
from webapp.clock import now
from webapp.compare.workshop import WORKSHOP, Workshop
from webapp.domain.access import Role, Scope
from webapp.store import accounts as store
from webapp.store.changes import hub_of
from webapp.store.db import db, writing
from webapp.store.schema import upgrade

SignIn = Callable[[Role], FlaskClient]
MakeToken = Callable[..., str]
COMPARED_S = 60.0
TEST_CONFIG = {"TESTING": True, "WTF_CSRF_ENABLED": False, "SECRET_KEY": "a key for tests only"}


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveServer:
    """A real HTTP server of the test's application; `token` may do everything."""

    url: str
    token: str


class FreshClient(FlaskClient):
    """A client whose every request has a context of its own, as on a server, although the test has one entered."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        """Send a request."""
        return contextvars.Context().run(super().open, *args, **kwargs)


def _make_tables(instance: Path, **config: object) -> None:
    application = create_app(instance, config={**TEST_CONFIG, **config})
    with application.app_context():
        upgrade()
        db.engine.dispose()


@pytest.fixture(scope="session")
def template_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an empty SQLite database with every table, made once a session."""
    instance = tmp_path_factory.mktemp("template")
    _make_tables(instance)
    return instance / "afterrun.db"


@pytest.fixture(scope="session")
def template_postgres(tmp_path_factory: pytest.TempPathFactory, postgres_server: PostgresServer) -> str:
    """Return the name of an empty PostgreSQL database with every table, made once a session."""
    address = postgres_server.create_database()
    _make_tables(tmp_path_factory.mktemp("template"), DATABASE_URL=address)
    return make_url(address).database or ""


@pytest.fixture
def own_database(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[dict[str, object]]:
    """Make an empty database for one test; return the settings with which an application finds it."""
    (tmp_path / "instance").mkdir()
    if not is_on_postgres():
        shutil.copy(request.getfixturevalue("template_database"), tmp_path / "instance" / "afterrun.db")
        yield {}
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    name = f"own_{secrets.token_hex(6)}"
    server.run_sql(f'CREATE DATABASE "{name}" TEMPLATE "{request.getfixturevalue("template_postgres")}"')
    yield {"DATABASE_URL": server.url(name)}
    server.run_sql(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def app(tmp_path: Path, own_database: dict[str, object]) -> Iterator[Flask]:
    """Return an application with an empty database of its own, with its context entered."""
    application = create_app(tmp_path / "instance", config={**TEST_CONFIG, **own_database})
    application.test_client_class = FreshClient
    # A process that compares takes longer to start on a busy machine than readers are kept waiting.
    shelf = application.extensions[WORKSHOP].shelf
    application.extensions[WORKSHOP] = Workshop(shelf, patience_s=COMPARED_S)
    with application.app_context():
        yield application
        hub_of(db.engine).close()
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Return a client that nobody is signed in with."""
    return app.test_client()


@pytest.fixture
def make_account(app: Flask) -> Callable[[Role], Account]:
    """Return a function that gives the account named like its role (`viewer`, `operator`, `admin`), made once."""

    def make(role: Role) -> Account:
        with writing() as session:
            user = store.find_user_by_name(session, role)
            if user is None:
                user = store.add_user(session, store.NewUser(name=role, email="", role=role), now=now())
        return account_of(user)

    return make


@pytest.fixture
def sign_in(app: Flask, make_account: Callable[[Role], Account]) -> SignIn:
    """Return a function that gives a client signed in as somebody of a role."""

    def signed_in(role: Role) -> FlaskClient:
        client = app.test_client()
        account = make_account(role)
        with client.session_transaction() as session:
            session["_user_id"] = account.get_id()
            session["_fresh"] = True
        return client

    return signed_in


@pytest.fixture
def viewer(sign_in: SignIn) -> FlaskClient:
    """Return a client signed in as a viewer."""
    return sign_in(Role.VIEWER)


@pytest.fixture
def operator(sign_in: SignIn) -> FlaskClient:
    """Return a client signed in as an operator."""
    return sign_in(Role.OPERATOR)


@pytest.fixture
def admin(sign_in: SignIn) -> FlaskClient:
    """Return a client signed in as an administrator."""
    return sign_in(Role.ADMIN)


@pytest.fixture
def make_token(app: Flask, make_account: Callable[[Role], Account]) -> MakeToken:
    """Return a function that makes a token: `make_token(["ingest"], services=["backup"], role=Role.ADMIN)`."""

    def make(scopes: Collection[str], *, services: Collection[str] = (), role: Role = Role.ADMIN) -> str:
        request = TokenRequest(
            user_id=make_account(role).id,
            scopes=frozenset(Scope(word) for word in scopes),
            description="for a test",
            services=frozenset(services),
        )
        with writing() as session:
            made = store_token(session, request, by_id=None, now=now())
        return made.text

    return make


@pytest.fixture
def api(app: Flask) -> Callable[[str], FlaskClient]:
    """Return a function that gives a client whose every request carries a token."""

    def with_token(token: str) -> FlaskClient:
        client = app.test_client()
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
        return client

    return with_token


@pytest.fixture
def live_server(app: Flask, make_token: MakeToken) -> Iterator[LiveServer]:
    """Run a real HTTP server of the application in a thread."""
    token = make_token(["admin"])
    server = Server(app, host="127.0.0.1", port=0, threads=16)
    thread = threading.Thread(target=server.run, name="live server")
    thread.start()
    yield LiveServer(url=f"http://127.0.0.1:{server.port}", token=token)
    server.stop()
    thread.join(10)
    assert not thread.is_alive()


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, object]) -> dict[str, object]:
    """Use the system's browser: nothing is downloaded."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    sandbox = [] if os.geteuid() else ["--no-sandbox"]
    return {**browser_type_launch_args, "executable_path": program, "args": sandbox}
