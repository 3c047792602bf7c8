"""Does everything that a user can set, ask or choose explain itself, and would the guard notice what does not?"""

from collections.abc import Iterable

import pytest

from webapp.query.fields import FIELDS, SHORTCUTS
from webapp.settings.catalogue import SETTINGS

pytestmark = pytest.mark.unit


def unexplained(texts: Iterable[tuple[str, str]]) -> list[str]:
    """Name what has no help, or one that only repeats the name."""
    found = []
    for name, text in texts:
        said = {word.strip(".,").lower() for word in text.split()} - {"a", "an", "the"}
        if len(said) < 2 or said <= set(name.lower().replace("-", "_").split("_")):
            found.append(f"{name}: {text!r} is no help")
    return found


def repeated(names: Iterable[str]) -> list[str]:
    """Name what is there twice."""
    listed = list(names)
    return sorted({name for name in listed if listed.count(name) > 1})


def test_every_setting_has_help() -> None:
    assert unexplained((setting.name, setting.help) for setting in SETTINGS) == []
    assert repeated(setting.name for setting in SETTINGS) == []


def test_every_filter_field_has_help_and_an_example() -> None:
    assert unexplained((field.name, field.summary) for field in FIELDS) == []
    assert [field.name for field in FIELDS if not field.example] == []
    assert repeated(f"{field.name} of {view}" for field in FIELDS for view in field.views) == []


def test_every_shortcut_has_help() -> None:
    assert unexplained((shortcut.name, f"{shortcut.summary} {shortcut.text}") for shortcut in SHORTCUTS) == []


@pytest.mark.parametrize("text", ["", "The max runs.", "Runs"])
def test_empty_help_is_noticed(text: str) -> None:
    assert unexplained([("MAX_RUNS", text)]) == [f"MAX_RUNS: {text!r} is no help"]


def test_real_help_is_let_through() -> None:
    assert unexplained([("MAX_RUNS", "How many runs a service keeps.")]) == []


def test_repeated_name_is_noticed() -> None:
    assert repeated(["a", "b", "a"]) == ["a"]
