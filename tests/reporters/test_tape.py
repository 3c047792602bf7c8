"""Are appended bytes readable by offset, on disk and while the disk refuses them, and forgotten when told so?"""

from pathlib import Path

import pytest

from webapp.reporters import afterrun
from webapp.reporters.afterrun import Tape

pytestmark = pytest.mark.unit


def test_bytes_are_read_by_offset(tmp_path: Path) -> None:
    tape = Tape(tmp_path / "log")
    assert tape.append(b"hello ")
    assert tape.append(b"world")
    assert tape.size == 11
    assert tape.read(0, 100) == b"hello world"
    assert tape.read(4, 3) == b"o w"
    assert tape.read(11, 5) == b""


def test_another_process_reads_what_is_on_disk(tmp_path: Path) -> None:
    Tape(tmp_path / "log").append(b"kept")
    again = Tape(tmp_path / "log")
    assert again.size == 4
    assert again.read(0, 10) == b"kept"


def test_segments_are_one_tape(tmp_path: Path) -> None:
    tape = Tape(tmp_path / "log", segment=4)
    for piece in (b"abcd", b"efgh", b"ij"):
        tape.append(piece)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["log.0", "log.4", "log.8"]
    assert tape.read(2, 7) == b"cdefghi"
    assert Tape(tmp_path / "log", segment=4).read(0, 99) == b"abcdefghij"


def test_delivered_segments_are_deleted(tmp_path: Path) -> None:
    tape = Tape(tmp_path / "log", segment=4)
    for piece in (b"abcd", b"efgh", b"ij"):
        tape.append(piece)
    tape.trim(8)
    assert [file.name for file in tmp_path.iterdir()] == ["log.8"]
    assert tape.first == 8
    assert tape.read(8, 9) == b"ij"
    assert tape.read(0, 9) == b""
    assert tape.after_hole(0) == 8


def test_full_disk_is_bridged_by_memory(tmp_path: Path) -> None:
    (tmp_path / "log.0").symlink_to("/dev/full")
    tape = Tape(tmp_path / "log")
    assert tape.append(b"first ")
    assert tape.append(b"second")
    assert tape.read(0, 99) == b"first second"
    assert tape.read(3, 5) == b"st se"


def test_memory_reaches_the_disk_when_it_has_room_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(afterrun, "DISK_RETRY_S", 0.0)
    (tmp_path / "log.0").symlink_to("/dev/full")
    tape = Tape(tmp_path / "log")
    tape.append(b"first ")
    tape.rest()
    (tmp_path / "log.0").unlink()
    tape.append(b"second")
    assert (tmp_path / "log.0").read_bytes() == b"first second"
    assert tape.read(0, 99) == b"first second"


def test_what_was_delivered_from_memory_makes_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(afterrun, "MAX_MEMORY", 10)
    (tmp_path / "log.0").symlink_to("/dev/full")
    tape = Tape(tmp_path / "log")
    assert tape.append(b"0123456789")
    assert not tape.append(b"x")
    tape.trim(6)
    assert tape.append(b"abc")
    assert tape.size == 13
    assert tape.read(6, 99) == b"6789abc"


def test_tape_without_a_disk_is_all_memory() -> None:
    tape = Tape(None)
    assert tape.append(b"abc")
    assert tape.read(1, 9) == b"bc"


def test_deleted_file_is_a_hole_not_a_crash(tmp_path: Path) -> None:
    tape = Tape(tmp_path / "log", segment=4)
    tape.append(b"abcd")
    tape.append(b"efgh")
    (tmp_path / "log.0").unlink()
    assert tape.read(0, 99) == b""
    assert tape.after_hole(0) == 4
    assert tape.read(4, 99) == b"efgh"
