"""A PostgreSQL of the tests' own: a fresh cluster in a folder of its own, spoken to over a Unix socket.

Nothing of the machine's own clusters is touched. The server refuses to run as root, so root starts it as `postgres`.
"""

import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

START_TIMEOUT_S = 60

# Durability is of no use to a cluster that is thrown away.
OPTIONS = (
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "wal_level=minimal",
    "max_wal_senders=0",
    "shared_buffers=32MB",
    "max_connections=60",
    "autovacuum=off",
    "listen_addresses=",
)


class PostgresError(Exception):
    """A program of PostgreSQL failed; the text is what it said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresServer:
    """A running cluster.

    Args:
        binaries: the folder of `initdb`, `pg_ctl` and `psql`.
        folder: the cluster and its socket.
    """

    binaries: Path
    folder: Path

    def url(self, database: str = "postgres") -> str:
        """Return the address of a database, as `DATABASE_URL` takes it."""
        return f"postgresql+psycopg://postgres@/{database}?host={self.folder}"

    def create_database(self) -> str:
        """Create an empty database under a new name and return its address."""
        name = f"test_{secrets.token_hex(6)}"
        self.run_sql(f'CREATE DATABASE "{name}"')
        return self.url(name)

    def run_sql(self, statement: str, database: str = "postgres") -> str:
        """Run one statement with psql and return what it printed, without headers."""
        options = ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", str(self.folder), "-U", "postgres"]
        return _run([str(self.binaries / "psql"), *options, "-d", database, "-c", statement])


@contextmanager
def running_postgres(initdb: str) -> Iterator[PostgresServer]:
    """Start a cluster with the programs beside `initdb`, yield it, then stop it and remove its folder."""
    binaries = Path(initdb).resolve().parent
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    try:
        if os.geteuid() == 0:
            owner = pwd.getpwnam("postgres")
            os.chown(folder, owner.pw_uid, owner.pw_gid)
        data = folder / "data"
        options = ["-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8", "--auth=trust", "--no-sync"]
        _run_as_owner([str(binaries / "initdb"), "-D", str(data), *options])
        settings = " ".join(f"-c {option}" for option in (*OPTIONS, f"unix_socket_directories={folder}"))
        control = [str(binaries / "pg_ctl"), "-D", str(data), "-w", "-t", str(START_TIMEOUT_S)]
        try:
            _run_as_owner([*control, "-l", str(folder / "log"), "-o", settings, "start"])
        except PostgresError as error:
            log = folder / "log"
            raise PostgresError(f"{error}\n{log.read_text() if log.exists() else ''}") from error
        try:
            yield PostgresServer(binaries=binaries, folder=folder)
        finally:
            _run_as_owner([*control, "-m", "immediate", "stop"])
    finally:
        shutil.rmtree(folder)


def _run_as_owner(command: list[str]) -> str:
    if os.geteuid() == 0:
        command = ["runuser", "-u", "postgres", "--", *command]
    return _run(command)


def _run(command: list[str]) -> str:
    done = subprocess.run(
        command, capture_output=True, text=True, cwd="/", timeout=START_TIMEOUT_S + 10, check=False, errors="replace"
    )
    if done.returncode != 0:
        raise PostgresError(f"{Path(command[0]).name} said {done.returncode}: {done.stderr}{done.stdout}")
    return done.stdout
