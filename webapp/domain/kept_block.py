"""How is a notify block shown to be edited without its secrets, and how do they get back to their places?

Each secret is shown as a marker, `<secret 1>`, which stands for it as long as it is sent to the same address.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from webapp.domain.notice_block import read_notify
from webapp.errors import InvalidError

MARKER = re.compile(r"<secret (\d{1,3})>")


def hide_secrets(block: Mapping[str, Any] | str) -> str:
    """Return a block as YAML text with a marker in the place of each secret.

    Raises:
        InvalidError: the block can't be read, so that nobody knows where its secrets are.
    """
    text = _as_text(block)
    places = _places(text)
    numbers = {value: number for number, value in enumerate(dict.fromkeys(each.value for each in places), 1)}
    return _replaced(text, [(each, f"<secret {numbers[each.value]}>") for each in places])


def put_back_secrets(text: str, before: Mapping[str, Any] | str | None) -> str:
    """Return an edited text with the secrets of the stored block in the places of their markers.

    Args:
        text: what came in.
        before: the stored block; None when there was none.

    Raises:
        InvalidError: a marker stands for nothing, or for a secret that was sent to another address.
    """
    if not MARKER.search(text):
        return text
    stored = _places(_as_text(before)) if before is not None else []
    secrets = list(dict.fromkeys(each.value for each in stored))
    known = {(each.url, each.value) for each in stored}
    wanted: list[tuple[_Place, str]] = []
    for place in _places(text):
        found = MARKER.fullmatch(place.value)
        if found is None:
            continue
        number = int(found[1])
        if not 1 <= number <= len(secrets):
            raise InvalidError((place.path, f"{found[0]} stands for no stored secret: type the secret itself"))
        if (place.url, secrets[number - 1]) not in known:
            raise InvalidError((place.path, f"{found[0]} was kept for another address: type the secret itself"))
        wanted.append((place, secrets[number - 1]))
    if len(wanted) != len(MARKER.findall(text)):
        raise InvalidError(("notify", "the markers of secrets may only stand where a callback's token or secret does"))
    return _replaced(text, wanted)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where a secret stands in a text, the address that it is sent to, and what it is."""

    path: str
    url: str
    value: str
    start: int
    end: int


def _as_text(block: Mapping[str, Any] | str) -> str:
    return block if isinstance(block, str) else yaml.safe_dump(dict(block), sort_keys=False, allow_unicode=True)


def _replaced(text: str, wanted: Sequence[tuple[_Place, str]]) -> str:
    """Return a text with other values in some places, each in quotes."""
    for place, value in sorted(wanted, key=lambda pair: pair[0].start, reverse=True):
        tail = "\n" if text[place.start : place.end].endswith("\n") else ""  # of a text of several lines
        text = text[: place.start] + json.dumps(value, ensure_ascii=False) + tail + text[place.end :]
    return text


def _places(text: str) -> list[_Place]:
    """Return where the secrets of a block's callbacks stand, in their order."""
    read_notify(text)
    root = _members(yaml.compose(text, Loader=yaml.SafeLoader))
    many = root.get("callbacks")
    nodes = many.value if isinstance(many, yaml.SequenceNode) else []
    callbacks = [("notify.callback", root.get("callback"))]
    callbacks += [(f"notify.callbacks[{number}]", node) for number, node in enumerate(nodes)]
    return [place for path, node in callbacks for place in _of_callback(path, _members(node))]


def _of_callback(path: str, members: Mapping[str, yaml.Node]) -> Iterator[_Place]:
    url = members.get("url")
    address = str(url.value) if isinstance(url, yaml.ScalarNode) else ""
    for key in ("token", "secret"):
        node = members.get(key)
        for each in node.value if isinstance(node, yaml.SequenceNode) else [node]:
            if isinstance(each, yaml.ScalarNode) and each.value:
                start, end = each.start_mark.index, each.end_mark.index
                yield _Place(path=f"{path}.{key}", url=address, value=str(each.value), start=start, end=end)


def _members(node: yaml.Node | None) -> dict[str, yaml.Node]:
    if not isinstance(node, yaml.MappingNode):
        return {}
    return {str(key.value): value for key, value in node.value if isinstance(key, yaml.ScalarNode)}
