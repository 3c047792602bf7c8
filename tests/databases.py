"""Which databases can a test run on: a file of SQLite, and a real PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from webapp.app import create_app
from webapp.store.db import db
from webapp.store.models import Base

CONFIG: dict[str, object] = {"TESTING": True, "WTF_CSRF_ENABLED": False}


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
