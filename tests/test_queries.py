"""Is every statement of a block counted, and nothing beside it?"""

import pytest
from sqlalchemy import create_engine, text

from tests.queries import counted_queries

pytestmark = pytest.mark.unit


def test_statements_of_the_block_are_counted() -> None:
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        connection.execute(text("SELECT 'before'"))
        with counted_queries() as queries:
            connection.execute(text("PRAGMA foreign_keys"))
            connection.execute(text("SELECT 1"))
            connection.execute(text("SELECT 2"))
        connection.execute(text("SELECT 'after'"))
    engine.dispose()
    assert queries.statements == ["SELECT 1", "SELECT 2"]
    assert queries.count == 2
