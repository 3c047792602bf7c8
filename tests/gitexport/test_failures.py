"""What does each way to fail say, and is it tried again? Every one is made on a real server."""

import os
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tests.gitexport.pushing import FILES, commit_of, files_of, log, push, target
from tests.programs import needs_program
from tests.servers.git_hosts import TOKEN, HttpsHost, Repositories, SshHost, silent_port
from tests.servers.product import free_port
from webapp.gitexport.access import Access
from webapp.gitexport.failures import RepositoryError, Trouble, classify, hide_secrets
from webapp.gitexport.repository import Cache, Target, ask

pytestmark = [pytest.mark.integration, needs_program("git")]


def failure(folder: Path, where: Target) -> RepositoryError:
    with pytest.raises(RepositoryError) as caught:
        push(Cache(folder, "a", where), commit_of("u1"))
    return caught.value


@contextmanager
def tiny_disk(folder: Path, size: str = "1m") -> Iterator[Path]:
    """Yield a file system that is full soon; skip where this account may not make one."""
    folder.mkdir()
    mount = shutil.which("mount")
    done = mount and subprocess.run(
        [mount, "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if not done or done.returncode != 0:
        pytest.skip("this account may not mount a small tmpfs, so no disk can be filled")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@needs_program("nginx", "fcgiwrap")
def test_refused_token(
    tmp_path: Path, repositories: Repositories, https_host: HttpsHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_SSL_CAINFO", str(https_host.certificate))
    path = repositories.create("token")
    error = failure(tmp_path, target(https_host.url(path), access=Access(username="bot", token="wrong-token")))
    assert (error.trouble, error.is_permanent) == (Trouble.CREDENTIALS, True)
    assert str(error).startswith("The server refused the credentials: fatal: Authentication failed for")
    assert "wrong-token" not in str(error)
    nobody = failure(tmp_path, target(https_host.url(path)))
    assert nobody.trouble is Trouble.CREDENTIALS


@needs_program("nginx", "fcgiwrap")
def test_missing_repository_by_https(
    tmp_path: Path, repositories: Repositories, https_host: HttpsHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_SSL_CAINFO", str(https_host.certificate))
    where = target(https_host.url(repositories.folder / "none.git"), access=Access(username="bot", token=TOKEN))
    error = failure(tmp_path, where)
    assert (error.trouble, error.is_permanent) == (Trouble.NO_REPOSITORY, True)
    assert str(error).startswith("There is no such repository")


@needs_program("nginx", "fcgiwrap")
def test_untrusted_certificate(tmp_path: Path, repositories: Repositories, https_host: HttpsHost) -> None:
    error = failure(tmp_path, target(https_host.url(repositories.create("tls")), access=Access(token=TOKEN)))
    assert (error.trouble, error.is_permanent) == (Trouble.CERTIFICATE, True)
    assert str(error).startswith("The server's certificate is not trusted: ")


@needs_program("sshd")
def test_refused_key(tmp_path: Path, repositories: Repositories, ssh_host: SshHost) -> None:
    url = ssh_host.url(repositories.create("key"))
    wrong = Access(private_key=ssh_host.other_key, host_key=ssh_host.host_key)
    error = failure(tmp_path, target(url, access=wrong))
    assert (error.trouble, error.is_permanent) == (Trouble.CREDENTIALS, True)
    broken = Access(private_key=ssh_host.other_key[:150], host_key=ssh_host.host_key)
    assert str(failure(tmp_path, target(url, access=broken))).startswith("The deploy key cannot be used: ")


@needs_program("sshd")
def test_unknown_and_changed_host_key(tmp_path: Path, repositories: Repositories, ssh_host: SshHost) -> None:
    url = ssh_host.url(repositories.create("host"))
    unknown = failure(tmp_path, target(url, access=Access(private_key=ssh_host.private_key)))
    assert (unknown.trouble, unknown.is_permanent) == (Trouble.HOST_KEY_UNKNOWN, True)
    assert "not known yet: Test access pins it" in str(unknown)
    other = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAWT8OxDfiGEaaAUHpZ7IyDSFfWHQhgVA2SBpOtsLFAd"
    for pins in (False, True):
        access = Access(private_key=ssh_host.private_key, host_key=other)
        with pytest.raises(RepositoryError, match="another host key than the one that is pinned") as caught:
            ask(target(url, access=access), folder=tmp_path, pins=pins)
        assert (caught.value.trouble, caught.value.is_permanent) == (Trouble.HOST_KEY_CHANGED, True)


@needs_program("sshd")
def test_missing_repository_by_ssh_and_file(tmp_path: Path, repositories: Repositories, ssh_host: SshHost) -> None:
    access = Access(private_key=ssh_host.private_key, host_key=ssh_host.host_key)
    for url in (ssh_host.url(repositories.folder / "none.git"), str(repositories.folder / "none.git")):
        error = failure(tmp_path, target(url, access=access))
        assert (error.trouble, error.is_permanent) == (Trouble.NO_REPOSITORY, True)


def test_hook_that_refuses_is_quoted(tmp_path: Path, repositories: Repositories) -> None:
    hook = "echo 'policy: connection refused, disk not found' >&2; echo 'ask ops' >&2; exit 1"
    error = failure(tmp_path, target(str(repositories.create("hook", pre_receive=hook))))
    assert (error.trouble, error.is_permanent) == (Trouble.REFUSED, True)
    said = "pre-receive hook declined; policy: connection refused, disk not found ask ops"
    assert str(error) == f"The server refused the push: {said}"


def test_closed_port(tmp_path: Path) -> None:
    for url in (f"https://127.0.0.1:{free_port()}/x.git", f"ssh://git@127.0.0.1:{free_port()}/x.git"):
        access = Access(private_key="x", host_key="ssh-ed25519 AAAA") if url.startswith("ssh") else Access()
        error = failure(tmp_path, target(url, access=access))
        assert (error.trouble, error.is_permanent) == (Trouble.CLOSED, False), error
        assert str(error).startswith("The server cannot be reached: ")


def test_silent_peer_is_given_up_with_its_children(tmp_path: Path) -> None:
    with silent_port() as port:
        for url in (f"https://127.0.0.1:{port}/x.git", f"ssh://git@127.0.0.1:{port}/x.git"):
            began = time.monotonic()
            with pytest.raises(RepositoryError, match=r"did not answer within 0\.5 s") as caught:
                ask(replace(target(url), answer_s=0.5), folder=tmp_path)
            assert time.monotonic() - began < 8
            assert (caught.value.trouble, caught.value.is_permanent) == (Trouble.SILENT, False)
    assert str(port) not in running_commands()


def running_commands() -> str:
    """Return the command lines of all processes."""
    lines = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            lines.append(path.read_text(errors="replace").replace("\0", " "))
        except OSError:
            continue
    return "\n".join(lines)


def test_full_disk_of_ours_and_of_theirs(tmp_path: Path, repositories: Repositories) -> None:
    big = {"run.json": os.urandom(3 << 20)}
    path = repositories.create("full")
    with tiny_disk(tmp_path / "ours") as folder, pytest.raises(RepositoryError) as ours:
        push(Cache(folder, "a", target(str(path))), commit_of("u1"), big)
    assert (ours.value.trouble, ours.value.is_permanent) == (Trouble.DISK_FULL, False)
    with tiny_disk(tmp_path / "theirs") as folder:
        theirs = Repositories(folder=folder).create("full")
        with pytest.raises(RepositoryError) as caught:
            push(Cache(tmp_path, "a", target(str(theirs))), commit_of("u1"), big)
        assert (caught.value.trouble, caught.value.is_permanent) == (Trouble.DISK_FULL, False)
        assert str(caught.value).startswith("The disk is full: ")


def test_race_that_is_lost_every_time_is_tried_later(tmp_path: Path, repositories: Repositories) -> None:
    hook = "while read old new name; do git update-ref $name $(git commit-tree -p $old -m x $old^{tree}); done"
    path = repositories.create("lost")
    cache = Cache(tmp_path, "a", target(str(path)))
    push(cache, commit_of("u1"))
    who = "GIT_AUTHOR_NAME=x GIT_AUTHOR_EMAIL=x GIT_COMMITTER_NAME=x GIT_COMMITTER_EMAIL=x; unset GIT_QUARANTINE_PATH"
    (path / "hooks" / "pre-receive").write_text(f"#!/bin/sh\nexport {who}\n{hook}\n")
    (path / "hooks" / "pre-receive").chmod(0o755)
    with pytest.raises(RepositoryError) as caught, cache.locked():
        cache.publish(
            cache.import_files(files_of(FILES), tip=None, folder="audit"), commit_of("u2"), cache.refresh(), tries=3
        )
    assert (caught.value.trouble, caught.value.is_permanent) == (Trouble.MOVED, False)
    assert log(path).count("x") == 3


@needs_program("nginx", "fcgiwrap")
def test_token_and_key_are_seen_by_nobody(
    tmp_path: Path, repositories: Repositories, https_host: HttpsHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_SSL_CAINFO", str(https_host.certificate))
    where = target(https_host.url(repositories.create("argv")), access=Access(username="bot", token=TOKEN))
    seen, is_done = [], threading.Event()

    def watch() -> None:
        while not is_done.is_set():
            seen.append(running_commands())

    thread = threading.Thread(target=watch)
    thread.start()
    push(Cache(tmp_path, "a", where), commit_of("u1"))
    is_done.set()
    thread.join()
    assert any("remote-https" in each for each in seen)
    assert not any(TOKEN in each or "Ym90OmFy" in each for each in seen)
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert TOKEN.encode() not in kept


def test_git_that_is_missing_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RepositoryError, match="git is not installed"):
        ask(target("https://127.0.0.1/x.git"), folder=tmp_path)


def test_cache_that_stays_locked_is_a_temporary_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webapp.gitexport.repository.WAIT_S", 0.1)
    cache = Cache(tmp_path, "a", target("https://127.0.0.1/x.git"))
    with cache.locked(), pytest.raises(RepositoryError) as caught, cache.locked():
        pass
    assert (caught.value.trouble, caught.value.is_permanent) == (Trouble.BUSY, False)


def test_words_of_known_servers_are_understood() -> None:
    gitlab = "remote: HTTP Basic: Access denied\nfatal: Authentication failed for 'https://h/x.git/'"
    assert classify(gitlab).trouble is Trouble.CREDENTIALS
    hidden = (
        "remote: The project you were looking for could not be found.\nfatal: Could not read from remote repository."
    )
    assert classify(hidden).trouble is Trouble.NO_REPOSITORY
    protected = (
        "remote: GitLab: You are not allowed to push code to protected branches on this project.\n"
        "To h\n!\ta:b\t[remote rejected] (pre-receive hook declined)\nerror: failed to push some refs"
    )
    assert "GitLab: You are not allowed to push code to protected" in str(classify(protected))
    assert classify("fatal: unable to access 'x': Could not resolve host: h").trouble is Trouble.CLOSED
    assert classify("fatal: unable to access 'x': The requested URL returned error: 301").is_permanent
    assert classify("ERROR: The key you are authenticating with has been marked as read only.").trouble is (
        Trouble.CREDENTIALS
    )
    assert classify("a riddle").trouble is Trouble.GIT
    assert "without a word" in str(classify(""))


def test_secrets_are_taken_out_of_texts() -> None:
    assert (
        hide_secrets("at https://a:b@h/x and ssh://c@h, token t0k", "t0k", "")
        == "at https://h/x and ssh://h, token ***"
    )


def test_refused_connection_does_not_tell_the_token(tmp_path: Path) -> None:
    error = failure(tmp_path, target(f"https://127.0.0.1:{free_port()}/x.git", access=Access(token="geheim")))
    assert "geheim" not in str(error)
