"""Repositories on real servers, started once a session."""

from collections.abc import Iterator

import pytest

from tests.programs import require_program
from tests.servers.git_hosts import HttpsHost, Repositories, SshHost, running_https, running_sshd


@pytest.fixture(scope="session")
def repositories(tmp_path_factory: pytest.TempPathFactory) -> Repositories:
    """Return the folder that both servers serve."""
    return Repositories(folder=tmp_path_factory.mktemp("repositories"))


@pytest.fixture(scope="session")
def ssh_host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SshHost]:
    """Start an sshd."""
    with running_sshd(require_program("sshd"), tmp_path_factory.mktemp("sshd")) as host:
        yield host


@pytest.fixture(scope="session")
def https_host(tmp_path_factory: pytest.TempPathFactory, repositories: Repositories) -> Iterator[HttpsHost]:
    """Start nginx with git behind it."""
    programs = require_program("nginx"), require_program("fcgiwrap")
    with running_https(*programs, tmp_path_factory.mktemp("https"), repositories) as host:
        yield host
