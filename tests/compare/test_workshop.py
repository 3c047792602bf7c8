"""Is every comparison made, or refused in words: when its process is killed, a text is gone, a rule never ends?"""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec import structs

from webapp.compare import making, texts, workshop
from webapp.compare.difference import open_difference
from webapp.compare.making import Order, RuleOrder
from webapp.compare.shelf import Shelf
from webapp.compare.texts import Text
from webapp.compare.workshop import Progress, Workshop
from webapp.errors import BusyError, NotFoundError, TooLargeError

pytestmark = pytest.mark.integration

LONG_S = 60.0


def text_of(data: bytes, *, name: str = "a.log", is_json: bool = False) -> Text:
    return Text(
        key=("test", data[:40], len(data), is_json),  # type: ignore[arg-type]
        name=name,
        size=len(data),
        lines=None if is_json else data.count(b"\n"),
        pieces=lambda: iter([data]),
        is_json=is_json,
    )


def shop_of(folder: Path, **options: float) -> Workshop:
    return Workshop(Shelf(folder), **{"patience_s": LONG_S, **options})  # type: ignore[arg-type]


def endless(a: bytes = b"a" * 40 + b"!\n") -> tuple[Text, Text]:
    return text_of(a), text_of(a + b"more\n")


@pytest.fixture
def far(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a process of its own make every comparison."""
    monkeypatch.setattr(texts, "SMALL_LINES", -1)
    monkeypatch.setattr(texts, "SMALL_JSON", -1)


@pytest.mark.usefixtures("far")
def test_a_process_makes_the_same_as_the_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pair = text_of(b"one\ntwo 2 ms\nthree\n"), text_of(b"one\ntwo 3 ms\nfour\n", name="b.log")
    far = shop_of(tmp_path / "far")
    order = structs.replace(far.order(*pair), level="volatile", find="FOUR")
    assert far.ask(order, *pair) is None
    made = open_difference(order, pair)
    monkeypatch.setattr(texts, "SMALL_LINES", 10)
    here = shop_of(tmp_path / "here")
    order = structs.replace(here.order(*pair), level="volatile", find="FOUR")
    assert here.ask(order, *pair) is None
    same = open_difference(order, pair)
    assert made.summary == same.summary
    assert made.summary.ignored == 1
    assert list(made.hunks()) == list(same.hunks()) == [(2, 3, 2, 3)]
    assert list(made.hits()) == list(same.hits()) != []
    messages = same.messages()
    assert messages is not None
    assert [each.text for each in messages.new] == ["four"]


@pytest.mark.usefixtures("far")
def test_values_of_json(tmp_path: Path) -> None:
    pair = text_of(b'{"a": 1, "t": 5}', is_json=True), text_of(b'{"a": 2.5, "t": 6}', is_json=True)
    shop = shop_of(tmp_path)
    order = structs.replace(shop.order(*pair), values=True, ignore=("$.t",))
    assert shop.ask(order, *pair) is None
    values = open_difference(order, pair).values()
    assert values is not None
    assert [(each.path, each.old, each.new) for each in values.items] == [("$.a", "1", "2.5")]
    order = structs.replace(order, tolerance=2.0)
    assert shop.ask(order, *pair) is None
    values = open_difference(order, pair).values()
    assert values is not None
    assert values.count == 0


@pytest.mark.usefixtures("far")
def test_json_of_very_many_levels_is_refused_in_words(tmp_path: Path) -> None:
    pair = tuple(text_of(b"[" * 200_000 + number + b"]" * 200_000, is_json=True) for number in (b"1", b"2"))
    shop = shop_of(tmp_path)
    order = structs.replace(shop.order(pair[0], pair[1]), values=True)
    with pytest.raises(TooLargeError, match="nested too deep"):
        shop.ask(order, pair[0], pair[1])


def test_a_text_with_too_many_lines_is_refused_at_its_real_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(making, "MAX_LINES", 3)
    pair = text_of(b"[1, 2, 3, 4]", is_json=True), text_of(b"[1]", is_json=True)
    shop = shop_of(tmp_path)
    with pytest.raises(TooLargeError, match=r"a\.log has 6 lines; up to 3 lines"):
        shop.ask(shop.order(*pair), *pair)


def test_a_rule_that_never_ends_is_told_and_the_server_goes_on(tmp_path: Path) -> None:
    shop = shop_of(tmp_path)
    pair = endless()
    rule = RuleOrder(pattern="(a|aa)+$", name="for ever", whole_line=False)
    order = structs.replace(shop.order(*pair), level="volatile", rules=(rule,), rules_s=0.5)
    started = time.process_time()
    with pytest.raises(TooLargeError, match="a rule of the service may never end"):
        shop.ask(order, *pair)
    assert time.process_time() - started < 5
    exact = structs.replace(order, level="exact")
    assert shop.ask(exact, *pair) is None
    with pytest.raises(TooLargeError, match="never end"):  # not tried again so soon
        shop_ask_at_once(shop, order, pair)


def shop_ask_at_once(shop: Workshop, order: Order, pair: tuple[Text, Text]) -> None:
    started = time.monotonic()
    try:
        shop.ask(order, *pair)
    finally:
        assert time.monotonic() - started < 5


def processes_of(shop: Workshop) -> Iterator[int]:
    deadline = time.monotonic() + LONG_S
    while time.monotonic() < deadline:
        yield from (process.pid for process in tuple(shop._processes))
        time.sleep(0.01)


def test_a_process_that_is_killed_leaves_a_sentence(tmp_path: Path) -> None:
    shop = shop_of(tmp_path, patience_s=0.0)
    pair = endless()
    rule = RuleOrder(pattern="(a|aa)+$", name="", whole_line=False)
    order = structs.replace(shop.order(*pair), level="volatile", rules=(rule,))
    assert isinstance(shop.ask(order, *pair), Progress)
    os.kill(next(processes_of(shop)), signal.SIGKILL)
    with pytest.raises(TooLargeError, match=r"its process ended while .* \(code -9\)"):
        wait_for(shop, order, pair)
    exact = structs.replace(order, level="exact")
    assert shop.ask(exact, *pair) is None


def test_a_process_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    shop = shop_of(tmp_path, wall_s=1.5)
    pair = endless()
    rule = RuleOrder(pattern="(a|aa)+$", name="", whole_line=False)
    order = structs.replace(shop.order(*pair), level="volatile", rules=(rule,))
    with pytest.raises(TooLargeError, match="it took more than 2 seconds"):
        shop.ask(order, *pair)


def wait_for(shop: Workshop, order: Order, pair: tuple[Text, Text]) -> None:
    deadline = time.monotonic() + LONG_S
    while shop.ask(order, *pair) is not None and time.monotonic() < deadline:
        time.sleep(0.02)


def test_closing_ends_the_processes(tmp_path: Path) -> None:
    shop = shop_of(tmp_path, patience_s=0.0)
    pair = endless()
    rule = RuleOrder(pattern="(a|aa)+$", name="", whole_line=False)
    order = structs.replace(shop.order(*pair), level="volatile", rules=(rule,))
    shop.ask(order, *pair)
    next(processes_of(shop))
    shop.close()
    with pytest.raises(TooLargeError, match="code -9"):
        wait_for(shop, order, pair)


@pytest.mark.usefixtures("far")
def test_memory_has_a_limit(tmp_path: Path) -> None:
    data = b"".join(b"%d\n" % number for number in range(900_000))
    pair = text_of(data), text_of(data + b"more\n")
    shop = shop_of(tmp_path)
    order = structs.replace(shop.order(*pair), memory_bytes=80 * 1024**2)
    with pytest.raises(TooLargeError, match="it needs more than 80 MB of memory"):
        shop.ask(order, *pair)
    order = structs.replace(order, memory_bytes=making.MEMORY_BYTES, context=1)
    assert shop.ask(order, *pair) is None


@pytest.mark.usefixtures("far")
def test_not_too_many_may_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workshop, "MOST_WAITING", 2)
    shop = shop_of(tmp_path, at_once=0, patience_s=0.0)
    pairs = [(text_of(b"a%d\n" % number), text_of(b"b\n")) for number in range(3)]
    for pair in (*pairs[:2], pairs[0]):
        assert isinstance(shop.ask(shop.order(*pair), *pair), Progress)
    with pytest.raises(BusyError, match="2 comparisons are waiting"):
        shop.ask(shop.order(*pairs[2]), *pairs[2])


def gone() -> Iterator[bytes]:
    raise NotFoundError("there is no content 5")


def test_a_text_that_is_gone_meanwhile_is_told(tmp_path: Path) -> None:
    text = Text(key=("gone",), name="gone", size=10, lines=1, pieces=gone)
    shop = shop_of(tmp_path)
    with pytest.raises(NotFoundError):
        shop.ask(shop.order(text, text_of(b"x\n")), text, text_of(b"x\n"))


@pytest.mark.usefixtures("far")
def test_a_text_that_is_gone_while_it_waits_is_told(tmp_path: Path) -> None:
    text = Text(key=("gone",), name="gone", size=10, lines=1, pieces=gone)
    shop = shop_of(tmp_path)
    with pytest.raises(TooLargeError, match="there is no content 5"):
        shop.ask(shop.order(text, text_of(b"x\n")), text, text_of(b"x\n"))


def test_what_is_there_is_not_made_again(tmp_path: Path) -> None:
    reads: list[int] = []

    def pieces() -> Iterator[bytes]:
        reads.append(1)
        yield b"x\n"

    text = Text(key=("count",), name="x", size=2, lines=1, pieces=pieces)
    shop = shop_of(tmp_path)
    for _ in range(3):
        assert shop.ask(shop.order(text, text), text, text) is None
    assert shop_of(tmp_path).ask(shop.order(text, text), text, text) is None
    assert reads == [1]
