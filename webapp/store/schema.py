"""Are the tables those of this release, and how do they become them?"""

import logging

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask_migrate import upgrade as run_migrations

from webapp.errors import SettingError
from webapp.store.db import db, migrate
from webapp.store.models import Base

STALE = "the tables of the database are not those of this release: run `afterrun db upgrade`, or start the server"


def upgrade() -> None:
    """Bring the tables to this release; needs an application context."""
    logging.getLogger("alembic").setLevel(logging.WARNING)
    run_migrations()


def find_revision() -> str | None:
    """Return the revision of the database, or None when it has no tables yet."""
    with db.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def newest_revision() -> str | None:
    """Return the newest revision of this release."""
    return ScriptDirectory(str(migrate.directory)).get_current_head()


def require_current() -> None:
    """Refuse to work on tables of another release."""
    if find_revision() != newest_revision():
        raise SettingError(STALE)


def find_differences() -> list[str]:
    """Return how the tables differ from the models; nothing, unless a migration is missing."""
    with db.engine.connect() as connection:
        found = MigrationContext.configure(connection, opts={"compare_type": True})
        return [str(difference) for difference in compare_metadata(found, Base.metadata)]
