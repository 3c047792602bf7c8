"""Which real servers can a test ask for by a fixture's name?"""

from collections.abc import Iterator

import pytest

from tests.programs import require_program
from tests.servers.postgres import PostgresServer, running_postgres


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """Start one PostgreSQL for the whole session, when the first test asks for it."""
    with running_postgres(require_program("postgres")) as server:
        yield server


@pytest.fixture(scope="session")
def postgres_url(postgres_server: PostgresServer) -> str:
    """Return the address of one database that the whole session shares."""
    return postgres_server.create_database()


@pytest.fixture
def fresh_postgres_url(postgres_server: PostgresServer) -> str:
    """Return the address of an empty database that no other test sees."""
    return postgres_server.create_database()
