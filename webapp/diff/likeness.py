"""When are two JSON values the same but for what is ignored: the texts in them, and one key for each value.

Texts are found first, so that whoever asks can compute their keys anywhere, in a process that can be ended for example.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from operator import itemgetter

from webapp.diff.canonical import Json
from webapp.diff.ignored_places import follow_below
from webapp.diff.noise import Level, keys_of
from webapp.diff.paths import Ignore, States
from webapp.diff.rules import ReadyRule

_Token = tuple[str, Json]  # what it is, and its value


def text_key(text: str, *, level: Level, rules: Sequence[ReadyRule] = ()) -> bytes:
    """Return a key for a text; texts that a level and rules make equal have the same."""
    keys = keys_of(text.encode("utf-8", "surrogatepass"), level=level, rules=rules)
    kept = keys.lines if not keys.left_out else [k for i, k in enumerate(keys.lines) if i not in keys.left_out]
    return sha256(b"".join(kept)).digest()


def texts_in(value: Json, ignore: Ignore) -> set[str]:
    """Return all texts in a JSON value but those in places to ignore."""
    return {text for kind, text in _tokens(value, ignore) if kind == "text"}


def likeness(value: Json, ignore: Ignore, key_of: Callable[[str], bytes]) -> bytes:
    """Return a key for a JSON value; values that differ only in ignored places or parts of texts have the same.

    Args:
        value: null, booleans, numbers, texts, lists, objects with texts as keys; of any depth.
        ignore: the places to ignore.
        key_of: returns the key of a text.
    """
    digest = sha256()
    for kind, content in _tokens(value, ignore):
        digest.update(kind.encode())
        if kind == "text":
            digest.update(key_of(content))
        elif content is not None:
            digest.update(json.dumps(content).encode())
        digest.update(b"\n")
    return digest.digest()


def _tokens(value: Json, ignore: Ignore) -> Iterator[_Token]:
    """Yield what a value is made of, the members of objects by their keys; no recursion."""
    tasks: list[tuple[str, Json, States]] = [("value", value, ignore.top)]
    while tasks:
        kind, content, states = tasks.pop()
        if kind != "value":
            yield kind, content
        elif isinstance(content, str):
            yield "text", content
        elif isinstance(content, (dict, list)):
            yield "{" if isinstance(content, dict) else "[", None
            tasks.append(("end", None, states))
            tasks += reversed(list(_below(content, states, ignore)))
        else:
            yield _type(content), _number(content)


def _below(content: Json, states: States, ignore: Ignore) -> Iterator[tuple[str, Json, States]]:
    """Yield the keys and values in an object, by the keys, or the values in a list, but for the ignored ones."""
    found = [(step, child, at) for step, child, at in follow_below(content, states, ignore) if at is not None]
    if isinstance(content, dict):
        found.sort(key=itemgetter(0))
    for step, child, at in found:
        if isinstance(content, dict):
            yield "key", step, at
        yield "value", child, at


def _type(scalar: Json) -> str:
    return "number" if isinstance(scalar, (int, float)) and not isinstance(scalar, bool) else "word"


def _number(scalar: Json) -> Json:
    """Write equal numbers alike: 1 and 1.0 are the same number."""
    return int(scalar) if isinstance(scalar, float) and scalar.is_integer() else scalar
