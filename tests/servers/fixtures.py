"""Which real servers can a test ask for by a fixture's name?"""

from collections.abc import Iterator

import pytest

from tests.programs import require_program
from tests.servers.broker import BrokerServer
from tests.servers.certificates import Certificates, make_certificates
from tests.servers.irc import IrcServer, running_ngircd
from tests.servers.mail import MailPeer, running_mail_server
from tests.servers.postgres import PostgresServer, running_postgres
from tests.servers.rabbitmq import running_rabbitmq
from tests.servers.receiver import Receiver, running_receiver
from tests.servers.redis import running_redis


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


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """Make an authority and servers' certificates for the whole session."""
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Start a receiver of HTTP."""
    with running_receiver() as running:
        yield running


@pytest.fixture(scope="session")
def irc_server(certificates: Certificates) -> Iterator[IrcServer]:
    """Start one ngircd for the whole session, plain and TLS."""
    with running_ngircd(require_program("ngircd"), certificates) as server:
        yield server


@pytest.fixture
def mail_server(certificates: Certificates) -> Iterator[MailPeer]:
    """Start a mail server that wants STARTTLS and a sign-in."""
    with running_mail_server(certificates.server_context()) as server:
        yield server


@pytest.fixture(scope="session")
def redis_server(certificates: Certificates) -> Iterator[BrokerServer]:
    """Start one Redis for the whole session, plain and TLS."""
    with running_redis(require_program("redis"), certificates) as server:
        yield server


@pytest.fixture(scope="session")
def rabbitmq_server(certificates: Certificates) -> Iterator[BrokerServer]:
    """Start one RabbitMQ for the whole session, plain and TLS; it takes some seconds."""
    with running_rabbitmq(require_program("rabbitmq"), certificates) as server:
        yield server
