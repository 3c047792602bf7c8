"""Does the process ask its C library for shared memory, and go on where that is unknown?"""

import ctypes
from types import SimpleNamespace

import pytest

from webapp.cli.allocator import ARENAS, M_ARENA_MAX, M_TRIM_THRESHOLD, TRIM_BYTES, share_memory

pytestmark = pytest.mark.unit


def test_both_options_are_set(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[int, int] = {}

    def mallopt(option: int, value: int) -> int:
        asked[option] = value
        return 1

    monkeypatch.setattr(ctypes, "CDLL", lambda _name: SimpleNamespace(mallopt=mallopt))
    assert share_memory()
    assert asked == {M_ARENA_MAX: ARENAS, M_TRIM_THRESHOLD: TRIM_BYTES}


def test_another_c_library_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda _name: SimpleNamespace())
    assert not share_memory()
