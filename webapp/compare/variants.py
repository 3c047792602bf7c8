"""Which devices of one run stand out: devices grouped by equal results, the odd ones first.

Source of the rules: docs/comparing.md, section "Odd one out".
"""

import json
import re
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

import msgspec

from webapp.compare.runs import Side
from webapp.compare.text_keys import find_text_keys
from webapp.diff.likeness import likeness, texts_in
from webapp.diff.noise import Level
from webapp.diff.paths import Ignore
from webapp.domain.compare_options import CompareOptions
from webapp.query.expressions import Expression
from webapp.store.db import Session
from webapp.store.same_results import NAMES, SameResult, iterate_results, list_same_results

# Results are read, to ignore parts of them, when there are so many different ones of so many bytes together.
MOST_READ = 300
MOST_BYTES = 8 * 1024 * 1024
BUDGET_S = 3.0
REMEMBERED = 32  # groups of results
NAME_MARK = "\ufdd0"  # stands for the device's own name: no character, so no text has it


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """Devices with the same result.

    Args:
        results: the results, which differ only in ignored parts.
        count: how many devices have it.
        failed: how many of them failed.
        names: the first of them by name.
        size: the bytes of the first one's result.
    """

    results: tuple[int, ...]
    count: int
    failed: int
    names: tuple[str, ...]
    size: int

    @property
    def code(self) -> str:
        """Return the name of the variant in addresses: that of its oldest result."""
        return str(min(self.results))


@dataclass(frozen=True, slots=True, kw_only=True)
class Variants:
    """The variants of a run's results.

    Args:
        items: the rarest first.
        without: how many devices have no result.
        level: what counts as the same result; `exact` also when nothing could be ignored.
        refusal: why nothing could be ignored, empty when it was.
    """

    items: Sequence[Variant]
    without: int
    level: Level
    refusal: str = ""

    @property
    def usual(self) -> Variant | None:
        """Return the variant of most devices, which the others are held against; None when no two devices are alike."""
        last = self.items[-1] if self.items else None
        return last if last is not None and last.count > 1 else None


def find_variants(
    session: Session, side: Side, *, where: Expression, level: Level, options: CompareOptions
) -> Variants:
    """Return the selected devices of a run's section by their results.

    Args:
        session: a reading session.
        side: the run, and its attempt or its overall section.
        where: which devices.
        level: `exact` takes results as they are; the others ignore parts of their texts, the device's own name, and
            what the options say.
        options: the service's; tolerances are not used, for they make no groups.
    """
    found = list_same_results(session, run_id=side.run.id, attempt=side.attempt, where=where)
    without = sum(each.count for each in found if each.blob_id is None)
    groups = [each for each in found if each.blob_id is not None]
    refusal = "" if level == "exact" else _refusal(groups)
    keys: Mapping[bytes, bytes] | None = None
    if level != "exact" and not refusal:
        keys = _remembered(session, groups, level, options)
        refusal = "" if keys is not None else f"the rules of the service took longer than {BUDGET_S:g} s"
    merged: dict[bytes, list[SameResult]] = {}
    for group in groups:
        merged.setdefault(group.digest if keys is None else keys[group.digest], []).append(group)
    items = sorted((_variant(same) for same in merged.values()), key=lambda each: (each.count, each.names))
    return Variants(items=items, without=without, level="exact" if keys is None else level, refusal=refusal)


def _refusal(groups: Sequence[SameResult]) -> str:
    if len(groups) > MOST_READ:
        return f"there are {len(groups):,} different results; parts of up to {MOST_READ} can be ignored"
    size = sum(group.size for group in groups)
    if size > MOST_BYTES:
        return f"the results have {size:,} bytes; parts of up to {MOST_BYTES:,} bytes can be ignored"
    return ""


def _remembered(
    session: Session, groups: Sequence[SameResult], level: Level, options: CompareOptions
) -> Mapping[bytes, bytes] | None:
    """Return what was found out before about these very results, else find it out."""
    facts = (level, [rule.write() for rule in options.rules], [(group.digest, group.names[0]) for group in groups])
    key = sha256(msgspec.msgpack.encode(facts, order="sorted")).digest()
    with _lock:
        if key in _memory:
            _memory.move_to_end(key)
            return _memory[key]
    found = _likenesses(session, groups, level, options)
    if found is not None:
        with _lock:
            _memory[key] = found
            while len(_memory) > REMEMBERED:
                _memory.popitem(last=False)
    return found


def _likenesses(
    session: Session, groups: Sequence[SameResult], level: Level, options: CompareOptions
) -> dict[bytes, bytes] | None:
    """Return by the digest of each result what it has in common with those that differ only in ignored parts."""
    ignore = Ignore(options.ignored_paths)
    by_id = {group.blob_id: group for group in groups if group.blob_id is not None}
    own = {blob_id: _own_name(group.names[0]) for blob_id, group in by_id.items()}
    # The standard decoder keeps integers of any size exact.
    values = {blob_id: json.loads(raw) for blob_id, raw in iterate_results(session, sorted(by_id))}
    texts = {
        blob_id: {text: own[blob_id].sub(NAME_MARK, text) for text in texts_in(value, ignore)}
        for blob_id, value in values.items()
    }
    every = sorted({text for each in texts.values() for text in each.values()})
    keys = find_text_keys(every, level=level, rules=options.line_rules, budget_s=BUDGET_S)
    if keys is None:
        return None
    found: dict[bytes, bytes] = {}
    for blob_id, value in values.items():
        key_of = {text: keys[shown] for text, shown in texts[blob_id].items()}.__getitem__
        found[by_id[blob_id].digest] = likeness(value, ignore, key_of)
    return found


def _own_name(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w-]){re.escape(name)}(?![\w-])", re.IGNORECASE)


def _variant(groups: Sequence[SameResult]) -> Variant:
    names = sorted(name for group in groups for name in group.names)[:NAMES]
    return Variant(
        results=tuple(group.blob_id for group in groups if group.blob_id is not None),
        count=sum(group.count for group in groups),
        failed=sum(group.failed for group in groups),
        names=tuple(names),
        size=groups[0].size,
    )


_memory: OrderedDict[bytes, Mapping[bytes, bytes]] = OrderedDict()
_lock = threading.Lock()
