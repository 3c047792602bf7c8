"""Is the format of a file found, is a choice explained, and is a format added by its own files alone?"""

import io
import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from tests.importers.reading import FORMATS, SAMPLES, options
from webapp.domain.messages import Case
from webapp.errors import InvalidError
from webapp.importers.catalogue import GROUP, Formats, choose_format, load_formats
from webapp.importers.reading import read_messages
from webapp.plugins.registry import add_entry_points

pytestmark = pytest.mark.unit

TOY = '''"""Results as lines of a word and a name."""

from collections.abc import Iterator
from typing import BinaryIO

from webapp.domain.messages import AnyEvent, Case
from webapp.domain.outcome import CaseResult
from webapp.importers.contract import UNNUMBERED, ImportOptions

name = "toy"
title = "Lines of results"
suffixes = (".toy",)


def sniff(head: bytes) -> bool:
    return head.startswith(b"toy")


def read(stream: BinaryIO, *, options: ImportOptions) -> Iterator[AnyEvent]:
    for line in stream:
        word, _, name = line.decode().strip().partition(" ")
        if word != "toy":
            yield Case(seq=UNNUMBERED, ts=options.now, suite="", name=name, result=CaseResult(word))
'''


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Formats]:
    """Return the formats with one that a package of somebody else offers by its entry point."""
    (tmp_path / "toy_format_of_others.py").write_text(TOY)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield add_entry_points(load_formats(), [EntryPoint(name="toy", value="toy_format_of_others", group=GROUP)])
    sys.modules.pop("toy_format_of_others", None)


def choose(text: bytes, name: str = "auto") -> str:
    return choose_format(FORMATS, name, io.BytesIO(text)).name


@pytest.mark.parametrize("name", FORMATS.names)
def test_name_needs_no_look_into_the_file(name: str) -> None:
    assert choose(b"anything", name) == name


def test_unknown_format_names_the_known() -> None:
    with pytest.raises(InvalidError, match=r"format: expected one of .*junit.*did you mean 'junit'"):
        choose(b"", "junitt")


def test_file_that_nobody_knows_is_shown_by_its_beginning() -> None:
    with pytest.raises(InvalidError) as caught:
        choose(b"<script>\x1b[31m" + b"x" * 1000)
    assert "junit (JUnit XML)" in str(caught.value)
    assert str(caught.value).endswith(r"the file begins with '<script>\x1b[31mxxxxxxxxxxxxxxxxxxxxxxxxxxx'")


@pytest.mark.parametrize("text", [b"", b" \r\n"])
def test_empty_file_is_refused(text: bytes) -> None:
    with pytest.raises(InvalidError, match="expected a file with contents, got an empty one"):
        choose(text)


def test_file_that_several_know_has_to_be_named(toy: Formats) -> None:
    stream = io.BytesIO(b"toy\npass a\n")
    other = toy.get("toy")
    doubled = add_entry_points(load_formats(), [])
    doubled.add(other, source="first")
    twin = type("Twin", (), {"name": "twin", "title": "t", "suffixes": (), "sniff": other.sniff, "read": other.read})
    doubled.add(twin, source="second")
    with pytest.raises(InvalidError, match="the file may be any of toy, twin: name the format"):
        choose_format(doubled, "auto", stream)


def test_format_of_another_package_is_one_like_all_others(toy: Formats) -> None:
    stream = io.BytesIO(b"toy\npass a\nfail b\n")
    chosen = choose_format(toy, "auto", stream)
    events = list(read_messages(chosen, stream, options=options(device="edge-1", suite="all", attempt=2)))
    assert [event.seq for event in events] == [1, 2, 3, 4]
    found = [event for event in events if isinstance(event, Case)]
    assert [(case.suite, case.name, case.device, case.attempt) for case in found] == [
        ("all", "a", "edge-1", 2),
        ("all", "b", "edge-1", 2),
    ]


def test_format_of_another_package_is_checked_like_the_wire(toy: Formats) -> None:
    with pytest.raises(InvalidError, match="message 2: name: expected a name, got an empty text"):
        list(read_messages(toy.get("toy"), io.BytesIO(b"pass\n"), options=options()))


def test_every_sample_belongs_to_a_format() -> None:
    assert sorted(path.name for path in SAMPLES.iterdir()) == FORMATS.names
