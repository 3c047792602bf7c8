"""Does the shelf stay within its limit, and keep what is in use?"""

import os
from pathlib import Path

import pytest

from webapp.compare.shelf import Shelf

pytestmark = pytest.mark.unit


def fill(shelf: Shelf, name: str, *, used_at: float) -> Path:
    folder = shelf.open(name)
    (folder / "x").write_bytes(b"x" * 100)
    os.utime(folder, (used_at, used_at))
    return folder


def test_what_was_used_longest_ago_makes_room(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "root", limit=250)
    shelf.make_room()
    old, newer, newest = (fill(shelf, name, used_at=place) for place, name in enumerate(("a", "b", "c"), 1))
    shelf.make_room()
    assert [folder.exists() for folder in (old, newer, newest)] == [False, True, True]
    shelf.make_room()
    assert newer.exists()


def test_it_is_not_tidied_again_and_again(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, limit=50)
    first, second = fill(shelf, "a", used_at=1), tmp_path / "b"
    shelf.tidy()
    assert not first.exists()
    fill(shelf, "b", used_at=1)
    shelf.tidy()
    assert second.exists()


def test_what_is_in_use_stays(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, limit=50)
    folder = fill(shelf, "a", used_at=1)
    assert shelf.open("a") == folder
    shelf.make_room()
    assert folder.exists()
    Shelf(tmp_path, limit=50, recent_s=-1).make_room()
    assert not folder.exists()
