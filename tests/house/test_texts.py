"""Is every committed text free of one machine's paths and of promises, and would the rules notice one?"""

from collections.abc import Callable

import pytest

from tests.house.files import relative, text_files
from tests.house.text_rules import left_for_later, machine_paths

pytestmark = pytest.mark.unit

# The rules and their toys spell out what they look for.
OWN = frozenset({"tests/house/test_texts.py", "tests/house/text_rules.py", "LICENSE"})


def violations(rule: Callable[[str], list[str]]) -> list[str]:
    found = []
    for path in text_files():
        if relative(path) not in OWN:
            text = path.read_bytes().decode("utf-8", "replace")
            found += [f"{relative(path)}: {fault}" for fault in rule(text)]
    return found


def test_no_path_of_one_machine() -> None:
    assert violations(machine_paths) == []


def test_nothing_is_left_for_later() -> None:
    assert violations(left_for_later) == []


@pytest.mark.parametrize(
    "text",
    ["see /work/main/x", "cd /root/", "'/home/ann/afterrun'", "/Users/ann", r"C:\Users\ann", "cat ../shared/x.md"],
)
def test_machine_path_is_noticed(text: str) -> None:
    assert len(machine_paths(f"fine\n{text}\n")) == 1


@pytest.mark.parametrize("text", ["/var/lib/afterrun", "https://example.org/work/1", "webapp/work/x", "/srv/home/x"])
def test_other_paths_are_let_through(text: str) -> None:
    assert machine_paths(text) == []


@pytest.mark.parametrize("text", ["x = 1  # TODO later", "// FIXME: this", "<!-- XXX -->", "{# HACK #}"])
def test_promise_is_noticed(text: str) -> None:
    assert len(left_for_later(text)) == 1


def test_the_word_alone_is_no_promise() -> None:
    assert left_for_later("a list of TODO items; todo = []") == []
