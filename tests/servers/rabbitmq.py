"""A RabbitMQ of the tests' own: a node with its own name, ports and folder; the machine's own is not touched.

Erlang's port mapper is one of the tests' too, on a port of its own, and ends with them.
"""

import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from tests.servers.broker import BrokerServer, kill_group, start_listening
from tests.servers.certificates import Certificates
from tests.servers.product import free_port

START_S = 120
# The one in Debian's PATH takes the user, the folder and the environment of the machine's own broker.
DEBIAN = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
CONFIG = """\
listeners.tcp.local = 127.0.0.1:{port}
listeners.ssl.local = 127.0.0.1:{tls_port}
ssl_options.certfile = {chain}
ssl_options.keyfile = {key}
log.file = false
log.console = true
log.console.level = warning
"""


@contextmanager
def running_rabbitmq(program: str, certificates: Certificates) -> Iterator[BrokerServer]:
    """Start a RabbitMQ on loopback, yield it, and stop it at the end.

    Args:
        program: the path of `rabbitmq-server`.
        certificates: what it shows.
    """
    port, tls_port, mapper_port = free_port(), free_port(), free_port()
    chain, key = certificates.chain, certificates.key
    folder = Path(tempfile.mkdtemp(prefix="rabbitmq-"))
    (folder / "rabbitmq.conf").write_text(CONFIG.format(port=port, tls_port=tls_port, chain=chain, key=key))
    command = [str(DEBIAN) if DEBIAN.exists() else program]
    environment = _environment(folder, mapper_port)
    start: partial[subprocess.Popen[bytes]] = partial(
        start_listening, command, port=port, folder=folder, timeout_s=START_S, environment=environment
    )
    mapper = subprocess.Popen(["epmd", "-port", str(mapper_port), "-address", "127.0.0.1"], start_new_session=True)
    try:
        server = BrokerServer(
            url=f"amqp://guest:guest@127.0.0.1:{port}//",
            tls_url=f"amqps://guest:guest@localhost:{tls_port}//",
            start=start,
        )
        try:
            yield server
        finally:
            server.kill()
    finally:
        kill_group(mapper)
        shutil.rmtree(folder)


def _environment(folder: Path, mapper_port: int) -> dict[str, str]:
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("RABBITMQ_", "ERL_"))}
    return {
        **plain,
        "HOME": str(folder),
        "ERL_EPMD_PORT": str(mapper_port),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODENAME": f"test-{secrets.token_hex(4)}@localhost",
        "RABBITMQ_DIST_PORT": str(free_port()),
        "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
        "RABBITMQ_CONF_ENV_FILE": str(folder / "none"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
        "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
        "RABBITMQ_LOG_BASE": str(folder),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-noinput -kernel inet_dist_use_interface {127,0,0,1}",
        "RABBITMQ_ALLOW_INPUT": "1",  # one process, that signals reach
    }
