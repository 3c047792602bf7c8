"""Is there one head, do models and migrations agree on both databases, and does rebuilding a table lose no row?"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask_migrate import upgrade
from sqlalchemy import Column, ForeignKey, Integer, MetaData, Table, create_engine, text

from tests.house.files import ROOT
from tests.house.migration_rules import count_rows, differences, fill, heads, write_rebuild
from tests.programs import needs_program
from webapp.app import create_app
from webapp.store.db import db
from webapp.store.models import Base

MIGRATIONS = ROOT / "webapp" / "store" / "migrations"


@contextmanager
def migrated(instance: Path, *, address: str = "") -> Iterator[None]:
    """Enter an application whose empty database was brought to the newest revision."""
    application = create_app(instance, config={"TESTING": True, "DATABASE_URL": address})
    with application.app_context():
        upgrade(directory=str(MIGRATIONS))
        try:
            yield
        finally:
            db.session.remove()
            db.engine.dispose()


@pytest.mark.unit
def test_there_is_one_head() -> None:
    assert len(heads(MIGRATIONS)) == 1


@pytest.mark.integration
def test_models_and_migrations_agree_on_sqlite(tmp_path: Path) -> None:
    with migrated(tmp_path), db.engine.connect() as connection:
        assert differences(connection, Base.metadata) == []


@pytest.mark.integration
@needs_program("postgres")
def test_models_and_migrations_agree_on_postgres(tmp_path: Path, fresh_postgres_url: str) -> None:
    with migrated(tmp_path, address=fresh_postgres_url), db.engine.connect() as connection:
        assert connection.dialect.name == "postgresql"
        assert differences(connection, Base.metadata) == []


@pytest.mark.integration
def test_rebuilding_every_table_loses_no_row(tmp_path: Path) -> None:
    folder = tmp_path / "migrations"
    shutil.copytree(MIGRATIONS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    write_rebuild(folder, metadata=Base.metadata)
    with migrated(tmp_path / "instance"):
        with db.engine.begin() as connection:
            fill(connection, Base.metadata)
            before = count_rows(connection, Base.metadata)
        upgrade(directory=str(folder))
        with db.engine.connect() as connection:
            assert connection.execute(text("SELECT added FROM run")).scalar_one() is None
            assert count_rows(connection, Base.metadata) == before
    assert set(before.values()) == {1}


@pytest.mark.unit
def test_second_head_is_noticed(tmp_path: Path) -> None:
    versions = tmp_path / "versions"
    versions.mkdir()
    (tmp_path / "env.py").touch()
    for name, below in (("one", None), ("two", "one"), ("three", "one")):
        (versions / f"{name}.py").write_text(f"revision = {name!r}\ndown_revision = {below!r}\n")
    assert sorted(heads(tmp_path)) == ["three", "two"]


@pytest.mark.unit
def test_difference_is_noticed() -> None:
    metadata = MetaData()
    Table("run", metadata, Column("id", Integer, primary_key=True))
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        metadata.create_all(connection)
        assert differences(connection, metadata) == []
        Table("attempt", metadata, Column("id", Integer, primary_key=True))
        assert len(differences(connection, metadata)) == 1
    engine.dispose()


@pytest.mark.unit
def test_lost_child_is_noticed() -> None:
    metadata = MetaData()
    Table("run", metadata, Column("id", Integer, primary_key=True))
    Table("attempt", metadata, Column("run_id", ForeignKey("run.id", ondelete="CASCADE"), primary_key=True))
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        connection.execute(text("PRAGMA foreign_keys=ON"))
        metadata.create_all(connection)
        fill(connection, metadata)
        assert count_rows(connection, metadata) == {"run": 1, "attempt": 1}
        connection.execute(text("DELETE FROM run"))
        assert count_rows(connection, metadata) == {"run": 0, "attempt": 0}
    engine.dispose()
