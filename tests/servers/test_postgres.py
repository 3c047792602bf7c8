"""Does the tests' own PostgreSQL start, keep databases apart, and say what went wrong?"""

import psycopg
import pytest

from tests.programs import needs_program
from tests.servers.postgres import PostgresError, PostgresServer

pytestmark = [pytest.mark.integration, needs_program("postgres")]


def connect(url: str) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(url.replace("postgresql+psycopg://", "postgresql://"))


def test_fresh_databases_do_not_share_tables(postgres_url: str, fresh_postgres_url: str) -> None:
    with connect(postgres_url) as one:
        one.execute("CREATE TABLE only_here (n integer)")
    with connect(fresh_postgres_url) as other:
        found = other.execute("SELECT count(*) FROM pg_tables WHERE tablename = 'only_here'").fetchone()
    assert found == (0,)


def test_a_database_is_utf8_and_not_flushed(postgres_server: PostgresServer) -> None:
    assert postgres_server.run_sql("SHOW server_encoding").strip() == "UTF8"
    assert postgres_server.run_sql("SHOW fsync").strip() == "off"


def test_a_wrong_statement_is_an_error_with_its_text(postgres_server: PostgresServer) -> None:
    with pytest.raises(PostgresError, match="nowhere"):
        postgres_server.run_sql("SELECT * FROM nowhere")
