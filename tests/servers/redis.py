"""A Redis of the tests' own: nothing is kept on disk, so that a restart begins with nothing."""

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from tests.servers.broker import BrokerServer, start_listening
from tests.servers.certificates import Certificates
from tests.servers.product import free_port

START_S = 20
OPTIONS = ("--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--tls-auth-clients", "no")


@contextmanager
def running_redis(program: str, certificates: Certificates) -> Iterator[BrokerServer]:
    """Start a Redis on loopback, yield it, and stop it at the end.

    Args:
        program: the path of `redis-server`.
        certificates: what it shows.
    """
    port, tls_port = free_port(), free_port()
    chain, key = certificates.chain, certificates.key
    files = ["--tls-cert-file", str(chain), "--tls-key-file", str(key), "--tls-ca-cert-file", str(chain)]
    command = [program, *OPTIONS, "--port", str(port), "--tls-port", str(tls_port), *files]
    with tempfile.TemporaryDirectory(prefix="redis-") as folder:
        start: partial[subprocess.Popen[bytes]] = partial(
            start_listening, command, port=port, folder=Path(folder), timeout_s=START_S
        )
        server = BrokerServer(
            url=f"redis://127.0.0.1:{port}/0", tls_url=f"rediss://localhost:{tls_port}/0", start=start
        )
        try:
            yield server
        finally:
            server.kill()
