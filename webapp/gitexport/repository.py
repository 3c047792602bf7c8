"""How do commits get into somebody's repository: built on its tip in a bare cache, pushed, never forced.

The cache may be deleted at any time; it only saves fetching everything again. One process works in it at a time.
"""

import fcntl
import random
import re
import secrets
import shutil
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

import msgspec

from webapp.gitexport.access import Access, opened, read_host_key
from webapp.gitexport.addresses import Address
from webapp.gitexport.failures import RepositoryError, Trouble, classify
from webapp.gitexport.fastimport import Commit, commit_text, scratch_head, stream_files
from webapp.gitexport.process import Output, environment, run_git
from webapp.gitexport.tree import File

FOLDER = "git"  # of the instance; everything in it may be deleted
LOOK_S = 20.0
MOVE_S = 600.0
WAIT_S = 30.0
TRIES = 40
PAUSE_S = 0.2
MARKER = "address"
TRACKED = "refs/remotes/origin/branch"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A branch of a repository, what opens it, and how long its server may take to answer at all."""

    address: Address
    branch: str
    access: Access
    answer_s: float = LOOK_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a repository answered: whether the branch is there, and the host key it showed."""

    tip: str | None
    host_key: str


def ask(target: Target, *, folder: Path, pins: bool = False) -> Answer:
    """Ask a repository for its branch.

    Args:
        target: the repository.
        folder: where files of the call may lie meanwhile.
        pins: whether an unknown host key is accepted and returned.

    Raises:
        RepositoryError: it does not answer, or refuses.
    """
    reference = f"refs/heads/{target.branch}"
    with opened(target.address, target.access, folder=folder, pins=pins) as way:
        done = run_git(["ls-remote", "--", target.address.url, reference], env=way.env, timeout_s=target.answer_s)
        _require(done, target)
        return Answer(tip=_tip(done.out, reference), host_key=read_host_key(way.known_hosts))


class _Numbered(msgspec.Struct, frozen=True):
    """What is asked of a `run.json`."""

    number: int = 0


class Cache:
    """The bare cache of one branch of a repository.

    Args:
        folder: where caches lie: FOLDER of the instance.
        name: the cache's own name.
        target: the branch.
    """

    def __init__(self, folder: Path, name: str, target: Target) -> None:
        self._folder = folder
        self._path = folder / f"{name}.git"
        self._target = target
        self._url = target.address.url
        self._branch = f"refs/heads/{target.branch}"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep every other process out of the cache.

        Raises:
            RepositoryError: somebody else has been in it for too long.
        """
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._path.with_suffix(".lock").open("wb") as file:
            _lock(file.fileno())
            yield

    def refresh(self) -> str | None:
        """Bring the branch's newest commit here, and return it; None while there is no such branch."""
        self._ensure()
        tip = ask(self._target, folder=self._folder).tip
        if tip is not None and tip not in self._git("for-each-ref", "--format=%(objectname)", TRACKED):
            words = ("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--")
            self._talk(*words, self._url, f"+{self._branch}:{TRACKED}")
        return self._git("rev-parse", TRACKED).strip() if tip else None

    def find_run(self, tip: str | None, uid: str) -> str | None:
        """Return the commit of a run that is part of the branch, if there is one."""
        if tip is None:
            return None
        pattern = f"^Run: .*/runs/{re.escape(uid)}$"
        found = self._git("log", "-1", "--format=%H", f"--grep={pattern}", "--basic-regexp", tip, "--")
        return found.strip() or None

    def read_files(self, places: Iterable[str]) -> list[bytes | None]:
        """Return the text of each file `commit:path`, None for what is not there or is no text."""
        asked = "".join(f"{place}\n" for place in places).encode()
        out = self._git("cat-file", "--batch", pieces=[asked]).encode()
        found: list[bytes | None] = []
        start = 0
        for _ in range(asked.count(b"\n")):
            head, _, _ = out[start : start + 4096].partition(b"\n")
            words = head.split()
            size = int(words[2]) if len(words) == 3 and words[1] == b"blob" else None
            begin = start + len(head) + 1
            found.append(None if size is None or begin + size >= len(out) else out[begin : begin + size])
            start = begin + (0 if size is None else size + 1)
        return found

    def import_files(self, files: Iterable[File], *, tip: str | None, folder: str) -> str:
        """Store files and return the tree they make; what the folder holds at the tip already is not written again."""
        reference = _own_reference()
        known = self._list_files(tip, folder) if tip else {}
        head = scratch_head(reference, tip)
        try:
            self._git("fast-import", "--quiet", pieces=chain([head], stream_files(files, folder, known)))
            return self._git("rev-parse", f"{reference}:{folder}").strip()
        finally:
            self._forget(reference)

    def publish(self, tree: str, commit: Commit, tip: str | None, *, tries: int = TRIES) -> str:
        """Put a tree on the branch's tip and push it, on a newer tip again when somebody else was faster.

        A run that comes after a newer one of its service has its commit, and one more brings the newest files back.

        Returns:
            The commit's id; when a commit of this run came to the branch meanwhile, that one's.

        Raises:
            RepositoryError: the push was refused, did not go through, or lost the race too often.
        """
        for attempt in range(1, tries + 1):
            try:
                return self._publish(tree, commit, tip)
            except RepositoryError as error:
                if error.trouble is not Trouble.MOVED or attempt == tries:
                    raise
            time.sleep(random.uniform(0, PAUSE_S * min(attempt, 8)))  # noqa: S311  (jitter)
            tip = self.refresh()
            there = self.find_run(tip, commit.uid)
            if there is not None:
                return there
        raise AssertionError("the last try returns or raises")

    def try_push(self) -> None:
        """Have the repository say whether it would let a push in; nothing is pushed.

        Raises:
            RepositoryError: it would not.
        """
        self._ensure()
        reference = _own_reference()
        try:
            self._git("fast-import", "--quiet", pieces=[scratch_head(reference, None)])
            made = self._git("rev-parse", reference).strip()
            words = ("push", "--dry-run", "--porcelain", "--no-verify", "--", self._url)
            self._talk(*words, f"{made}:refs/heads/afterrun-{secrets.token_hex(8)}", timeout_s=self._target.answer_s)
        finally:
            self._forget(reference)

    def tidy(self) -> None:
        """Keep the cache small; one that could not be tidied is made anew by the next push."""
        limits = ("-c", "gc.auto=2000", "-c", "gc.autoPackLimit=30", "-c", "gc.autoDetach=false")
        with suppress(RepositoryError):
            self._git(*limits, "gc", "--auto", "--quiet")

    def remove(self) -> None:
        """Forget everything that is cached."""
        shutil.rmtree(self._path, ignore_errors=True)

    def _publish(self, tree: str, commit: Commit, tip: str | None) -> str:
        newest = self._find_newer(tip, commit) if tip else None
        reference = _own_reference()
        try:
            made = pushed = self._commit(reference, tree, commit, tip)
            if newest is not None:
                again = f"{commit.folder}: the newest run again, after #{commit.number} came late\n"
                pushed = self._commit(reference, newest, replace(commit, message=again), made)
            self._talk("push", "--porcelain", "--no-verify", "--", self._url, f"{pushed}:{self._branch}")
            self._git("update-ref", TRACKED, pushed)
            return made
        finally:
            self._forget(reference)

    def _commit(self, reference: str, tree: str, commit: Commit, parent: str | None) -> str:
        self._git("fast-import", "--quiet", pieces=[commit_text(reference, tree, commit, parent)])
        return self._git("rev-parse", reference).strip()

    def _find_newer(self, tip: str, commit: Commit) -> str | None:
        """Return the tree of the commit's folder at the tip when a newer run of the same service made it."""
        place = f"{commit.folder}/run.json"
        if not self._git("ls-tree", "--full-tree", tip, "--", place):
            return None
        try:
            number = msgspec.json.decode(self._git("cat-file", "blob", f"{tip}:{place}"), type=_Numbered).number
        except msgspec.DecodeError:
            return None  # somebody else's file
        return self._git("rev-parse", f"{tip}:{commit.folder}").strip() if number > commit.number else None

    def _list_files(self, tip: str, folder: str) -> dict[str, str]:
        """Return the files of a folder by their path in it, each with the id of its content."""
        entries = self._git("ls-tree", "-r", "-z", "--full-tree", tip, "--", f"{folder}/").split("\0")
        pairs = (entry.partition("\t") for entry in entries)
        return {path.removeprefix(f"{folder}/"): head.rpartition(" ")[2] for head, _, path in pairs if path}

    def _ensure(self) -> None:
        """Make the cache; one of another address is worth nothing."""
        marker = self._path / MARKER
        wanted = f"{self._target.address.url}\n{self._target.branch}\n"
        if marker.exists() and marker.read_text(encoding="utf-8") == wanted:
            return
        self.remove()
        self._git("init", "--quiet", "--bare")
        marker.write_text(wanted, encoding="utf-8")

    def _talk(self, *words: str, timeout_s: float = MOVE_S) -> None:
        """Run git on the cache and the repository."""
        with opened(self._target.address, self._target.access, folder=self._folder) as way:
            _require(self._run(words, way.env, timeout_s=timeout_s), self._target)

    def _git(self, *words: str, pieces: Iterable[bytes] = ()) -> str:
        """Run git on the cache alone.

        Raises:
            RepositoryError: the disk is full, or the cache is broken; it is removed, and the next try makes it anew.
        """
        done = self._run(words, _local(), pieces=pieces)
        if done.code == 0:
            return done.out
        error = classify(done.err)
        self.remove()
        if error.trouble is Trouble.DISK_FULL:
            raise error
        raise RepositoryError(Trouble.CACHE, f"The local cache was broken and is made anew: {error}")

    def _run(
        self,
        words: Iterable[str],
        env: Mapping[str, str],
        *,
        timeout_s: float = MOVE_S,
        pieces: Iterable[bytes] = (),
    ) -> Output:
        return run_git(["--git-dir", str(self._path), *words], env=env, timeout_s=timeout_s, pieces=pieces)

    def _forget(self, reference: str) -> None:
        self._run(["update-ref", "-d", reference], _local())


def _local() -> dict[str, str]:
    """Return the variables of a git that reaches nobody."""
    return environment({}, {"GIT_ALLOW_PROTOCOL": ""})


def _lock(handle: int) -> None:
    until = time.monotonic() + WAIT_S
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() > until:
                raise RepositoryError(Trouble.BUSY, "Another push to this repository is still going on") from None
            time.sleep(0.05)


def _require(done: Output, target: Target) -> None:
    if done.code != 0:
        raise classify(target.access.hide(f"{done.err}\n{done.out}"))


def _tip(listing: str, branch: str) -> str | None:
    """Return the commit of a branch in what `ls-remote` printed; the pattern may have matched longer names too."""
    tips = (line.split("\t") for line in listing.splitlines())
    return next((words[0] for words in tips if words[1:] == [branch]), None)


def _own_reference() -> str:
    return f"refs/afterrun/{secrets.token_hex(8)}"
