"""Does a repository's answer, refusal or silence come back in time, and without passwords?"""

import socket
import subprocess
import time
from pathlib import Path

import pytest

from tests.programs import needs_program
from webapp.gitexport.repository import RepositoryError, find_remote, hide_secrets

pytestmark = [pytest.mark.integration, needs_program("git")]


def test_branches_of_a_repository_are_counted(tmp_path: Path) -> None:
    def git(*words: str) -> None:
        subprocess.run(["git", "-C", str(tmp_path), *words], check=True, capture_output=True)

    git("init", "-q", "-b", "main")
    assert find_remote(str(tmp_path), timeout_s=20).branches == 0
    identity = ("-c", "user.name=x", "-c", "user.email=x@example.org")
    git(*identity, "commit", "-q", "--allow-empty", "-m", "x")
    assert find_remote(str(tmp_path), timeout_s=20).branches == 1


@pytest.mark.parametrize("address", ["", "--upload-pack=touch /tmp/x", "ext::sh -c true"])
def test_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(RepositoryError, match="not the address"):
        find_remote(address, timeout_s=5)


def test_missing_repository_is_named_without_a_trace(tmp_path: Path) -> None:
    with pytest.raises(RepositoryError, match=r"fatal: .* does not appear to be a git repository"):
        find_remote(str(tmp_path / "none"), timeout_s=20)


def test_silent_server_is_given_up_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        began = time.monotonic()
        with pytest.raises(RepositoryError, match="no answer within 1 s"):
            find_remote(f"https://name:geheim@127.0.0.1:{server.getsockname()[1]}/x.git", timeout_s=1)
        assert time.monotonic() - began < 5


def test_refused_connection_does_not_tell_the_password() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(RepositoryError) as caught:
        find_remote(f"http://name:geheim@127.0.0.1:{port}/x.git", timeout_s=20)
    assert "geheim" not in str(caught.value)
    assert "127.0.0.1" in str(caught.value)


def test_git_that_is_missing_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RepositoryError, match="git is not installed"):
        find_remote("https://127.0.0.1/x.git", timeout_s=5)


def test_secrets_are_taken_out_of_addresses() -> None:
    assert hide_secrets("at https://a:b@h/x and ssh://c@h") == "at https://h/x and ssh://h"
