"""Do commits arrive over files, ssh and https, each once, whatever somebody else does meanwhile?"""

import os
import shutil
import threading
from pathlib import Path

import pytest

from tests.gitexport.pushing import FILES, commit_of, files_of, listed, log, push, target
from tests.programs import needs_program
from tests.servers.git_hosts import TOKEN, HttpsHost, Repositories, SshHost, run_git
from webapp.gitexport.access import Access, fingerprint
from webapp.gitexport.repository import Cache, Target, ask

pytestmark = [pytest.mark.integration, needs_program("git")]

RUNS = 5


def other_commit(repository: Path, folder: Path, name: str) -> None:
    """Move the branch as somebody else would."""
    run_git("clone", "-q", str(repository), str(folder))
    (folder / name).write_text("theirs\n")
    who = ("-c", "user.name=eve", "-c", "user.email=eve@example.org")
    run_git("-C", str(folder), "add", name)
    run_git("-C", str(folder), *who, "commit", "-q", "-m", "theirs")
    run_git("-C", str(folder), "push", "-q", "origin", "HEAD:main")


def test_first_commit_makes_the_branch(tmp_path: Path, repositories: Repositories) -> None:
    path = repositories.create("first")
    made = push(Cache(tmp_path, "a", target(str(path))), commit_of("u1"), {"a b.json": b"1\n", "x/y.json": b"2\n"})
    assert listed(path) == ["audit/a b.json", "audit/x/y.json"]
    form = "%H %an <%ae> %at %cn <%ce> %ct %(trailers:key=Run,valueonly)"
    people = "ada <ada@example.org> 1795348800 Afterrun <afterrun@example.org> 1795348800"
    assert log(path, form)[0] == f"{made} {people} http://127.0.0.1/runs/u1"


def test_next_commit_replaces_its_folder_and_keeps_the_others(tmp_path: Path, repositories: Repositories) -> None:
    path = repositories.create("next")
    cache = Cache(tmp_path, "a", target(str(path)))
    push(cache, commit_of("u1"), {"gone.json": b"1\n", "kept.json": b"2\n"})
    push(cache, commit_of("u2", folder="results/other"))
    push(cache, commit_of("u3"), {"kept.json": b"2\n", "new.json": b"3\n"})
    assert listed(path) == ["audit/kept.json", "audit/new.json", "results/other/run.json"]
    assert run_git("-C", str(path), "diff", "--name-status", "main~1", "main").split() == [
        "D", "audit/gone.json", "A", "audit/new.json",
    ]  # fmt: skip


def test_run_that_was_pushed_is_known_again(tmp_path: Path, repositories: Repositories) -> None:
    path = repositories.create("again")
    first = push(Cache(tmp_path / "1", "a", target(str(path))), commit_of("u1"))
    push(Cache(tmp_path / "1", "a", target(str(path))), commit_of("u2"))
    assert push(Cache(tmp_path / "2", "a", target(str(path))), commit_of("u1")) == first
    assert len(log(path)) == 2


def test_branch_that_somebody_moved_is_built_upon(tmp_path: Path, repositories: Repositories) -> None:
    path = repositories.create("moved")
    cache = Cache(tmp_path, "a", target(str(path)))
    push(cache, commit_of("u1"))
    with cache.locked():
        tip = cache.refresh()
        tree = cache.import_files(files_of(FILES), tip=None, folder="audit")
        other_commit(path, tmp_path / "clone", "theirs.txt")
        cache.publish(tree, commit_of("u2"), tip)
    assert log(path) == ["audit #1: ok", "theirs", "audit #1: ok"]
    assert listed(path) == ["audit/run.json", "theirs.txt"]


def test_two_workers_with_one_run_make_one_commit(tmp_path: Path, repositories: Repositories) -> None:
    path = repositories.create("twins")
    caches = [Cache(tmp_path / name, "a", target(str(path))) for name in "ab"]
    trees = []
    for cache in caches:
        with cache.locked():
            assert cache.refresh() is None
            trees.append(cache.import_files(files_of(FILES), tip=None, folder="audit"))
    made = [cache.publish(tree, commit_of("u1"), None) for cache, tree in zip(caches, trees, strict=True)]
    assert made[0] == made[1]
    assert len(log(path)) == 1


def test_run_that_came_by_another_way_while_pushing_is_not_doubled(tmp_path: Path, repositories: Repositories) -> None:
    path = repositories.create("race")
    late, quick = (Cache(tmp_path / name, "a", target(str(path))) for name in "ab")
    push(quick, commit_of("u0"))
    with late.locked():
        tip = late.refresh()
        tree = late.import_files(files_of(FILES), tip=tip, folder="audit")
        other_commit(path, tmp_path / "clone", "theirs.txt")
        made = push(quick, commit_of("u1"))
        assert late.publish(tree, commit_of("u1"), tip) == made
    assert len(log(path)) == 3


def test_cache_may_be_deleted_or_broken_at_any_time(tmp_path: Path, repositories: Repositories) -> None:
    path = repositories.create("cache")
    cache = Cache(tmp_path, "a", target(str(path)))
    push(cache, commit_of("u1"))
    cache.remove()
    push(cache, commit_of("u2"))
    shutil.rmtree(tmp_path / "a.git" / "objects")
    with pytest.raises(Exception, match="local cache was broken and is made anew"):
        push(cache, commit_of("u3"))
    push(cache, commit_of("u3"))
    assert len(log(path)) == 3


def test_cache_of_another_address_is_not_used(tmp_path: Path, repositories: Repositories) -> None:
    one, two = repositories.create("one"), repositories.create("two")
    push(Cache(tmp_path, "a", target(str(one))), commit_of("u1"))
    push(Cache(tmp_path, "a", target(str(two))), commit_of("u2"))
    assert log(two, "%(trailers:key=Run,valueonly)")[0].endswith("/u2")
    assert len(log(two)) == 1


@needs_program("sshd")
def test_ssh_pins_the_host_key_and_pushes(tmp_path: Path, repositories: Repositories, ssh_host: SshHost) -> None:
    path = repositories.create("ssh")
    unpinned = target(ssh_host.url(path), access=Access(private_key=ssh_host.private_key.replace("\n", "\r\n")))
    answer = ask(unpinned, folder=tmp_path, pins=True)
    assert answer.host_key == ssh_host.host_key
    assert fingerprint(answer.host_key).startswith("ssh-ed25519 SHA256:")
    access = Access(private_key=ssh_host.private_key, host_key=answer.host_key)
    made = push(Cache(tmp_path, "a", target(ssh_host.url(path), access=access)), commit_of("u1"))
    assert log(path, "%H") == [made]
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a.git", "a.lock"]


@needs_program("nginx", "fcgiwrap")
def test_https_pushes_with_a_token(
    tmp_path: Path, repositories: Repositories, https_host: HttpsHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_SSL_CAINFO", str(https_host.certificate))
    path = repositories.create("https")
    access = Access(username="bot", token=TOKEN)
    made = push(Cache(tmp_path, "a", target(https_host.url(path), access=access)), commit_of("u1"))
    assert log(path, "%H") == [made]


@needs_program("sshd")
def test_four_pushers_lose_and_double_nothing(tmp_path: Path, repositories: Repositories, ssh_host: SshHost) -> None:
    """Three machines on one branch: one has two workers, one comes by ssh; `bench/git.py` does it at length."""
    path = repositories.create("crowd")
    by_ssh = Access(private_key=ssh_host.private_key, host_key=ssh_host.host_key)
    targets = [target(str(path)), target(str(path)), target(str(path)), target(ssh_host.url(path), access=by_ssh)]
    faults: list[BaseException] = []

    def work(number: int, where: Target) -> None:
        cache = Cache(tmp_path / str(max(number, 1)), "a", where)
        try:
            for run in range(RUNS):
                push(cache, commit_of(f"{number}-{run}", folder=f"s{number}"), {"run.json": b"%d\n" % run})
        except BaseException as error:  # noqa: BLE001  (shown by the assertion below)
            faults.append(error)

    threads = [threading.Thread(target=work, args=each) for each in enumerate(targets)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    uids = [line.rsplit("/", 1)[-1] for line in log(path, "%(trailers:key=Run,valueonly)") if line]
    assert sorted(uids) == sorted(f"{number}-{run}" for number in range(4) for run in range(RUNS))
    assert run_git("-C", str(path), "fsck", "--strict", "--no-dangling") == ""
    assert os.listdir(tmp_path / "1" / "a.git" / "refs" / "afterrun") == []  # noqa: PTH208
