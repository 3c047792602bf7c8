"""Git servers of the tests' own on loopback: an sshd with its own keys, and nginx that serves Git by TLS and a token.

Both serve the same folder of bare repositories, which are also reached as files.
"""

import getpass
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.servers.product import free_port

START_TIMEOUT_S = 20
TOKEN = "art-of-tokens-SECRET123"
GIT = {"PATH": os.environ["PATH"], "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "LC_ALL": "C"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Repositories:
    """A folder of bare repositories."""

    folder: Path

    def create(self, name: str, *, pre_receive: str = "") -> Path:
        """Make an empty repository, with a hook if one is given."""
        path = self.folder / f"{name}.git"
        run_git("init", "-q", "--bare", "-b", "main", str(path))
        run_git("-C", str(path), "config", "http.receivepack", "true")
        if pre_receive:
            hook = path / "hooks" / "pre-receive"
            hook.write_text(f"#!/bin/sh\n{pre_receive}\n")
            hook.chmod(0o755)
        return path


@dataclass(frozen=True, slots=True, kw_only=True)
class SshHost:
    """A running sshd; `private_key` opens it, `other_key` does not."""

    port: int
    private_key: str
    other_key: str
    host_key: str

    def url(self, path: Path) -> str:
        """Return the address of a repository."""
        return f"ssh://{getpass.getuser()}@127.0.0.1:{self.port}{path}"


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpsHost:
    """A running nginx; `certificate` is the file that makes it trusted."""

    port: int
    certificate: Path

    def url(self, path: Path) -> str:
        """Return the address of a repository."""
        return f"https://127.0.0.1:{self.port}/{path.name}"


def run_git(*words: str) -> str:
    """Run git as somebody else and return what it printed."""
    done = subprocess.run(["git", *words], env=GIT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@contextmanager
def running_sshd(program: str, folder: Path) -> Iterator[SshHost]:
    """Start an sshd for this account alone, yield it, and stop it."""
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # as the system's own unit does
    for name in ("host", "user", "other"):
        words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(folder / name)]
        subprocess.run(words, check=True, capture_output=True)
    port = free_port()
    config = folder / "sshd_config"
    config.write_text(
        f"ListenAddress 127.0.0.1:{port}\nHostKey {folder}/host\nAuthorizedKeysFile {folder}/user.pub\n"
        "PasswordAuthentication no\nKbdInteractiveAuthentication no\nStrictModes no\nUsePAM no\n"
        f"PermitRootLogin prohibit-password\nMaxStartups 100\nPidFile {folder}/sshd.pid\n"
    )
    with _running([program, "-D", "-e", "-f", str(config)], folder / "sshd.log", port):
        yield SshHost(
            port=port,
            private_key=(folder / "user").read_text(),
            other_key=(folder / "other").read_text(),
            host_key=" ".join((folder / "host.pub").read_text().split()[:2]),
        )


@contextmanager
def running_https(nginx: str, fcgiwrap: str, folder: Path, repositories: Repositories) -> Iterator[HttpsHost]:
    """Start nginx with git's own HTTP program behind it, yield it, and stop both."""
    certificate = _make_certificate(folder)
    (folder / "people").write_text(f"bot:{{PLAIN}}{TOKEN}\n")
    port, gate = free_port(), folder / "fcgi.sock"
    config = folder / "nginx.conf"
    config.write_text(_nginx_config(folder, repositories, port, gate))
    environ = {**GIT, "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "*"}
    with (
        subprocess.Popen([fcgiwrap, "-c", "4", "-s", f"unix:{gate}"], env=environ) as gateway,
        _running([nginx, "-c", str(config), "-p", str(folder)], folder / "nginx.out", port),
    ):
        yield HttpsHost(port=port, certificate=certificate)
        gateway.terminate()


@contextmanager
def silent_port() -> Iterator[int]:
    """Yield a port that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@contextmanager
def _running(command: list[str], log: Path, port: int) -> Iterator[None]:
    with log.open("wb") as out, subprocess.Popen(command, stdout=out, stderr=out) as process:
        try:
            _await_port(process, port, log)
            yield
        finally:
            process.terminate()


def _await_port(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    until = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < until and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise RuntimeError(f"{process.args!r} did not start: {log.read_text(errors='replace')}")


def _make_certificate(folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    began = datetime.now(UTC) - timedelta(hours=1)
    names = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(began)
        .not_valid_after(began + timedelta(days=2))
        .add_extension(names, critical=False)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    form = serialization.PrivateFormat.PKCS8
    (folder / "key.pem").write_bytes(key.private_bytes(serialization.Encoding.PEM, form, plain))
    path = folder / "certificate.pem"
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return path


def _nginx_config(folder: Path, repositories: Repositories, port: int, gate: Path) -> str:
    user = "user root;" if os.geteuid() == 0 else ""
    kinds = ("client_body", "fastcgi", "proxy", "uwsgi", "scgi")
    paths = " ".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)
    given = {
        "SCRIPT_FILENAME": "/usr/lib/git-core/git-http-backend",
        "GIT_PROJECT_ROOT": str(repositories.folder),
        "GIT_HTTP_EXPORT_ALL": "1",
        "PATH_INFO": "$uri",
        "REMOTE_USER": "$remote_user",
        "QUERY_STRING": "$query_string",
        "REQUEST_METHOD": "$request_method",
        "CONTENT_TYPE": "$content_type",
        "CONTENT_LENGTH": "$content_length",
        "HTTP_CONTENT_ENCODING": "$http_content_encoding",
    }
    parameters = " ".join(f"fastcgi_param {name} {value};" for name, value in given.items())
    return f"""daemon off; {user} worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/nginx.log;
events {{}}
http {{ access_log off; client_max_body_size 1g; {paths}
  server {{ listen 127.0.0.1:{port} ssl; ssl_certificate certificate.pem; ssl_certificate_key key.pem;
    location / {{ auth_basic "git"; auth_basic_user_file people; fastcgi_pass unix:{gate}; {parameters} }} }} }}
"""
