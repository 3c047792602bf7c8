"""Which databases can a test run on: a file of SQLite, and a real PostgreSQL."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from flask import Flask

from webapp.app import create_app
from webapp.store.db import db
from webapp.store.models import Base

OWN = "own_database"
CONFIG: dict[str, object] = {"TESTING": True, "WTF_CSRF_ENABLED": False}


def is_on_postgres(environ: Mapping[str, str] = os.environ) -> bool:
    """Say whether this run keeps every application's data in PostgreSQL: TEST_DATABASE=postgres."""
    return environ.get("TEST_DATABASE") == "postgres"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep, on PostgreSQL, the tests whose application has a database of its own: others are the same as on SQLite."""
    if is_on_postgres():
        left_out = [item for item in items if OWN not in getattr(item, "fixturenames", ())]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


@pytest.fixture
def postgres_app(tmp_path: Path, postgres_url: str) -> Iterator[Flask]:
    """Return an application on an empty PostgreSQL database, with its context entered."""
    application = create_app(tmp_path / "instance", config={**CONFIG, "DATABASE_URL": postgres_url})
    with application.app_context():
        Base.metadata.drop_all(db.engine)
        Base.metadata.create_all(db.engine)
        yield application
        db.session.remove()
        db.engine.dispose()


@pytest.fixture(params=["sqlite", "postgres"])
def any_app(request: pytest.FixtureRequest) -> Flask:
    """Return an application on each of the databases in turn."""
    name = "app" if request.param == "sqlite" else "postgres_app"
    application: Flask = request.getfixturevalue(name)
    return application
