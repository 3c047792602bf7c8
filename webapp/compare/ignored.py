"""Which changed JSON results differ only in what their service ignores?

Results are read only where the service has rules. Regular expressions of people are tried in a process of its own,
which is ended when the time is over (`webapp.compare.masking`).
"""

import threading
from collections import OrderedDict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

import msgspec

from webapp.compare import masking
from webapp.compare.masking import Task
from webapp.compare.meaning import Texts, open_texts
from webapp.compare.programs import run_program
from webapp.diff.deadline import Deadline
from webapp.domain.compare_options import CompareOptions
from webapp.store.blobs import BlobFacts, find_blob_facts, get_blob
from webapp.store.db import Session

MAX_SIZE = 2 * 1024 * 1024  # bytes; a larger result counts as changed
BUDGET_S = 1.0
LEAST_S = 1.0  # for regular expressions, which take a while to begin
REMEMBERED = 20_000

Contents = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What a comparison ignores, and what is known of some pairs of results.

    Args:
        options: the service's.
        known: whether pairs of contents, by their ids, differ only in ignored parts.
        budget_s: how long results may be read and compared.
    """

    options: CompareOptions = field(default_factory=CompareOptions)
    known: Mapping[Contents, bool] = field(default_factory=dict)
    budget_s: float = BUDGET_S

    @property
    def key(self) -> bytes:
        """Return what tells these rules from others."""
        return sha256(msgspec.json.encode([rule.write() for rule in self.options.rules], order="sorted")).digest()[:16]


NO_RULES = Rules()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignored:
    """The pairs that differ only in ignored parts; `is_partial` when not every pair could be looked at."""

    pairs: frozenset[Contents]
    is_partial: bool


def find_ignored(session: Session, pairs: Collection[Contents], rules: Rules) -> Ignored:
    """Return which pairs of JSON results, by the ids of their contents, differ only in what the rules ignore."""
    if not rules.options.rules or not pairs:
        return Ignored(pairs=frozenset(), is_partial=False)
    verdicts = {pair: rules.known[pair] for pair in pairs if pair in rules.known}
    unknown = sorted(set(pairs) - verdicts.keys())
    facts = find_blob_facts(session, {blob_id for pair in unknown for blob_id in pair})
    keys = {pair: facts[pair[0]].digest + facts[pair[1]].digest + rules.key for pair in unknown}
    verdicts |= {pair: verdict for pair in unknown if (verdict := _memory.find(keys[pair])) is not None}
    found = _judge(session, [pair for pair in unknown if pair not in verdicts], facts, rules)
    _memory.keep({keys[pair]: verdict for pair, verdict in found.items()})
    verdicts |= found
    return Ignored(
        pairs=frozenset(pair for pair, verdict in verdicts.items() if verdict),
        is_partial=len(verdicts) < len(set(pairs)),
    )


def _judge(
    session: Session, pairs: Sequence[Contents], facts: Mapping[int, BlobFacts], rules: Rules
) -> dict[Contents, bool]:
    """Return the verdicts that could be reached within the budget."""
    deadline = Deadline(rules.budget_s)
    verdicts: dict[Contents, bool] = {}
    unsure: dict[Contents, Texts] = {}
    for pair in pairs:
        if deadline.is_over():
            break
        if max(facts[blob_id].size for blob_id in pair) > MAX_SIZE:
            continue
        a, b = (get_blob(session, blob_id) for blob_id in pair)
        texts = open_texts(a, b, rules.options)
        if texts and rules.options.line_rules:
            unsure[pair] = texts
        else:
            verdicts[pair] = texts == []
    if unsure:
        equal = _mask(list(unsure.values()), rules.options, deadline)
        verdicts |= dict(zip(unsure, equal, strict=False))
    return verdicts


def _mask(texts: list[Texts], options: CompareOptions, deadline: Deadline) -> list[bool]:
    """Say of each list of pairs whether all are equal but for what the regular expressions match; maybe not of all."""
    rules = [(rule.pattern, rule.whole_line) for rule in options.line_rules]
    task = msgspec.json.encode(Task(rules=rules, texts=texts))
    answer = run_program(masking.__name__, task, budget_s=max(deadline.left_s(), LEAST_S))
    return [line == masking.SAME for line in answer.lines]


class _Memory:
    """What was found out about the last pairs that this process looked at."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._verdicts: OrderedDict[bytes, bool] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, key: bytes) -> bool | None:
        with self._lock:
            return self._verdicts.get(key)

    def keep(self, verdicts: Mapping[bytes, bool]) -> None:
        with self._lock:
            self._verdicts |= verdicts
            while len(self._verdicts) > self._limit:
                self._verdicts.popitem(last=False)


_memory = _Memory(REMEMBERED)
