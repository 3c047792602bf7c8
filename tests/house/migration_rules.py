"""Do the migrations lead to one place, is that place what the models say, and is no row lost on the way?"""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Column, Connection, Integer, MetaData, Table, func, insert, select

from webapp.store.models.tables import JsonText, UtcDateTime

MOMENT = datetime(2026, 11, 1, 12, tzinfo=UTC)
VALUES: Mapping[type, object] = {bool: True, bytes: b"x", float: 1.0, int: 1, str: "x"}

# A revision that copies every table anew, as SQLite does for any change of a column.
REBUILD = '''"""Copy every table anew."""

import sqlalchemy as sa
from alembic import op

revision = "rebuild"
down_revision = "{head}"


def upgrade():
    for table in {tables}:
        with op.batch_alter_table(table, recreate="always") as batch:
            batch.add_column(sa.Column("added", sa.Integer(), nullable=True))
'''


def heads(folder: Path) -> list[str]:
    """Return the revisions that no other builds upon."""
    return list(ScriptDirectory(str(folder)).get_heads())


def differences(connection: Connection, metadata: MetaData) -> list[str]:
    """Return how the tables of a database differ from the models."""
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return [str(difference) for difference in compare_metadata(context, metadata)]


def fill(connection: Connection, metadata: MetaData) -> None:
    """Put one row into every table, so that each foreign key points to the first row of its table."""
    for table in metadata.sorted_tables:
        connection.execute(insert(table).values({column.name: _value(column) for column in table.columns}))


def count_rows(connection: Connection, metadata: MetaData) -> dict[str, int]:
    """Return how many rows each table has."""
    return {table.name: _count(connection, table) for table in metadata.sorted_tables}


def write_rebuild(folder: Path, *, metadata: MetaData) -> None:
    """Add a revision to a migrations folder that copies every table anew."""
    (head,) = heads(folder)
    names = [table.name for table in metadata.sorted_tables]
    (folder / "versions" / "rebuild.py").write_text(REBUILD.format(head=head, tables=names), encoding="utf-8")


def _count(connection: Connection, table: Table) -> int:
    return connection.execute(select(func.count()).select_from(table)).scalar_one()


def _value(column: Column[object]) -> object:
    if column.foreign_keys or (column.primary_key and isinstance(column.type, Integer)):
        return 1
    if isinstance(column.type, UtcDateTime):
        return MOMENT
    if isinstance(column.type, JsonText):
        return {}
    return VALUES[column.type.python_type]
