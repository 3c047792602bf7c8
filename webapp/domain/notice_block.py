"""What did a run's `notify` block say: a mapping or YAML text of one; its words are checked where they are used.

A block that its reporter would rather lose than the run is kept as its faults alone: nothing of it is ever followed,
and whatever secrets stood in it are gone.
"""

import math
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
import yaml

from webapp.errors import InvalidError

MAX_TEXT = 65_536
MAX_DEPTH = 32
REFUSED = "refused"


def read_notify(block: Mapping[str, Any] | str, *, path: str = "notify") -> dict[str, Any]:
    """Return a notify block as a mapping of JSON values.

    Raises:
        InvalidError: the text is no YAML, uses anchors, or holds anything else than a mapping.
    """
    if not isinstance(block, str):
        return dict(block)
    if len(block) > MAX_TEXT:
        raise InvalidError((path, f"expected at most {MAX_TEXT:,} characters of YAML, got {len(block):,}"))
    try:
        value = _read_json(block) if block.lstrip().startswith("{") else None
        if value is None:
            _refuse_anchors(block, path)
            value = yaml.load(block, Loader=_JsonLoader)  # noqa: S506  (a SafeLoader that knows fewer types)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f" (line {mark.line + 1}, column {mark.column + 1})" if mark else ""
        raise InvalidError((path, f"expected YAML: {error.problem or error.context}{where}")) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise InvalidError((path, f"expected YAML: {error}")) from error
    if not isinstance(value, dict):
        raise InvalidError((path, "expected a mapping, such as 'criteria: {status: finished}'"))
    return {str(key): each for key, each in value.items()}


def refuse(faults: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Return what is kept in the place of a faulty block."""
    return {REFUSED: [list(fault) for fault in faults]}


def faults_of(block: Mapping[str, Any] | str) -> list[tuple[str, str]]:
    """Return the faults that a block was refused for; none when it is one."""
    kept = block.get(REFUSED) if isinstance(block, Mapping) else None
    return [(str(path), str(message)) for path, message in kept] if isinstance(kept, list) else []


def _read_json(block: str) -> Any:
    """Return JSON as what it is, because YAML reads the halves of a character apart; None when it is YAML."""
    try:
        return msgspec.json.decode(block)
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        return None


def _refuse_anchors(block: str, path: str) -> None:
    """Refuse aliases, which blow up a short text, and nesting that exhausts the stack."""
    depth = 0
    for event in yaml.parse(block, Loader=yaml.SafeLoader):
        if isinstance(event, yaml.AliasEvent):
            raise InvalidError((path, "expected YAML without aliases"))
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            raise InvalidError((path, f"expected at most {MAX_DEPTH} levels of nesting"))


class _JsonLoader(yaml.SafeLoader):
    """YAML with the types of JSON: dates stay texts, keys are texts, numbers are finite."""


def _text(loader: yaml.SafeLoader, node: yaml.Node) -> str:
    if not isinstance(node, yaml.ScalarNode):
        raise yaml.constructor.ConstructorError(None, None, "expected a text", node.start_mark)
    return str(loader.construct_scalar(node))


def _mapping(loader: yaml.SafeLoader, node: yaml.MappingNode) -> dict[str, Any]:
    return {_text(loader, key): loader.construct_object(value, deep=True) for key, value in node.value}


def _number(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> float:
    value = float(loader.construct_yaml_float(node))
    if not math.isfinite(value):
        raise yaml.constructor.ConstructorError(None, None, "expected a finite number", node.start_mark)
    return value


_JsonLoader.add_constructor("tag:yaml.org,2002:map", _mapping)
_JsonLoader.add_constructor("tag:yaml.org,2002:float", _number)
_JsonLoader.add_constructor("tag:yaml.org,2002:timestamp", _text)
_JsonLoader.add_constructor("tag:yaml.org,2002:binary", _text)
