"""Does every importer keep the contract: what its samples become, and what broken and hostile files do to it?"""

import io
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from msgspec.structs import replace

from tests.importers.reading import FORMATS, SAMPLES, options, read, recorded, samples
from tests.snapshots import Snapshot
from webapp.domain.messages import AnyEvent, RunEnd, RunStart
from webapp.errors import InvalidError, TooLargeError
from webapp.importers.catalogue import HEAD, choose_format
from webapp.importers.contract import Format
from webapp.importers.reading import read_messages

pytestmark = pytest.mark.unit

BOMB = b"""<?xml version="1.0"?>
<!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>
<testsuites><testsuite name="&c;"><testcase name="&c;"/></testsuite></testsuites>"""
OUTSIDE = b"""<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>
<testsuite><testcase name="x"><system-out>&e;</system-out></testcase></testsuite>"""
HOSTILE = {
    "nothing": b"",
    "blanks": b" \n\t ",
    "zeros": b"\0" * 5000,
    "every byte": bytes(range(256)) * 20,
    "bomb": BOMB,
    "outside entity": OUTSIDE,
    "deep elements": b"<testsuite>" * 100_000,
    "deep lists": b'{"r1":{"success":true,"result":' + b"[" * 100_000,
    "deep objects": b'{"type":"device.end","result":' * 2_000,
    "a long name": b'<testsuite><testcase name="' + b"x" * 1_000_000 + b'"/></testsuite>',
    "an endless tag": b'<testsuite><testcase name="' + b"x" * 6_000_000,
    "a long device": b'{"' + b"x" * 1_000_000 + b'":{"success":true,"result":1}}',
    "faulty UTF-8": b'{"r1":{"success":false,"result":"\xff\xfe"}}',
    "lone surrogate": b'{"r1":{"success":false,"result":"\\ud800"}}',
    "not a number": b'{"r1":{"success":true,"result":NaN,"duration":Infinity}}',
    "a faulty number": b'{"r1":{"success":true,"duration":1e400,"result":1}}',
    "two roots": b"<testsuite/><testsuite/>",
    "a list": b"[1,2,3]",
    "a number": b"42",
    "a page": b"<!DOCTYPE html><html><body>Not found</body></html>",
    "wrong types": b'{"results":{"devices":[]},"attempt1":7}',
    "a message of wrong types": b'{"type":"run.start","service":[],"ts":"yesterday"}',
    "no messages": b"null\nnull\n",
    "a wide encoding": "<testsuite><testcase name='\N{SNOWMAN}'/></testsuite>".encode("utf-16"),
    "an unknown encoding": b"<?xml version='1.0' encoding='utf-7'?><testsuite/>",
}


def name_of(each: Format) -> str:
    return each.name


def format_of(path: Path) -> str:
    return path.parent.name


def outcome(format_name: str, data: bytes) -> str:
    """Return what reading comes to: `read`, or the refusal, which must be one of ours."""
    try:
        read(data, format_name)
    except (InvalidError, TooLargeError) as error:
        return str(error)
    return "read"


def cuts(data: bytes) -> Iterator[bytes]:
    """Yield the beginnings of a file: some at its start and end, many at random."""
    random = Random(len(data))
    for length in sorted({0, 1, 2, len(data) - 1, *(random.randrange(len(data)) for _ in range(150))}):
        yield data[:length]


@pytest.mark.parametrize("each", [*FORMATS], ids=name_of)
def test_format_says_what_it_is_and_has_a_sample(each: Format) -> None:
    assert each.name.isidentifier()
    assert each.name == each.name.lower()
    assert each.title
    assert (each.__doc__ or "").strip()
    assert all(suffix.startswith(".") for suffix in each.suffixes)
    found = list((SAMPLES / each.name).glob("in.*"))
    assert found
    assert found[0].suffix in each.suffixes


@pytest.mark.parametrize("path", samples(), ids=format_of)
def test_sample_becomes_what_is_recorded(path: Path, snapshot: Snapshot) -> None:
    snapshot(path.with_name("out.json"), recorded(read(path.read_bytes(), path.parent.name)))


@pytest.mark.parametrize("path", samples(), ids=format_of)
def test_sample_is_known_by_its_beginning_alone(path: Path) -> None:
    head = path.read_bytes()[:HEAD]
    assert choose_format(FORMATS, "auto", io.BytesIO(head)).name == path.parent.name
    assert [each.name for each in FORMATS if each.sniff(head)] == [path.parent.name]


@pytest.mark.parametrize("path", samples(), ids=format_of)
def test_messages_are_numbered_and_framed(path: Path) -> None:
    events = read(path.read_bytes())
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert isinstance(events[0], RunStart)
    assert events[0].service == "lab"
    assert sum(isinstance(event, RunEnd) for event in events) == 1


@pytest.mark.parametrize("path", samples(), ids=format_of)
def test_part_of_a_run_neither_begins_nor_ends_it(path: Path) -> None:
    whole, part = read(path.read_bytes()), read(path.read_bytes(), is_part=True)
    inner = [event for event in whole if not isinstance(event, RunStart | RunEnd)]
    assert [replace(event, seq=1) for event in part] == [replace(event, seq=1) for event in inner]
    assert part[0].seq == 1


@pytest.mark.parametrize("path", samples(), ids=format_of)
def test_reading_again_says_the_same(path: Path) -> None:
    stream = io.BytesIO(path.read_bytes())
    source = FORMATS.get(path.parent.name)

    def again() -> list[AnyEvent]:
        return list(read_messages(source, stream, options=options()))

    assert again() == again()


@pytest.mark.parametrize("path", samples(), ids=format_of)
def test_truncated_file_is_refused_or_shorter(path: Path) -> None:
    data = path.read_bytes()
    whole = len(read(data))
    for cut in cuts(data):
        said = outcome(path.parent.name, cut)
        assert said != ""
        if said == "read":
            assert len(read(cut, path.parent.name)) <= whole + 1  # an end may be told for a file that says none


@pytest.mark.parametrize("path", samples(), ids=format_of)
def test_damaged_file_raises_only_what_is_ours(path: Path) -> None:
    data = path.read_bytes()
    random = Random(7)
    for _ in range(200):
        damaged = bytearray(data)
        for _ in range(random.randrange(1, 6)):
            damaged[random.randrange(len(damaged))] = random.randrange(256)
        outcome(path.parent.name, bytes(damaged))


@pytest.mark.parametrize("each", [*FORMATS], ids=name_of)
@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_file_is_refused_in_words_or_read(each: Format, kind: str) -> None:
    said = outcome(each.name, HOSTILE[kind])
    assert said
    assert len(said) < 2_000
    assert outcome("auto", HOSTILE[kind])


@pytest.mark.parametrize("each", [*FORMATS], ids=name_of)
def test_entities_are_never_expanded(each: Format) -> None:
    assert outcome(each.name, BOMB) != "read"
    assert outcome(each.name, OUTSIDE) != "read"
