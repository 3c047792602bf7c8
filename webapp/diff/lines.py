"""What changed between two texts, line by line?

`diff_bytes` compares two texts; `diff_keys` compares any two sequences of hashable keys, such as keys stored when the
logs arrived. Both always return a valid script, also when the time is over: lines still open then count as changed.
"""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain, count, islice

from webapp.diff.anchors import Run
from webapp.diff.deadline import Deadline
from webapp.diff.hunks import Hunk, hunks_between, runs_between, slide
from webapp.diff.matching import DEFAULT, Tuning, match_ids
from webapp.diff.moves import find_moves
from webapp.diff.noise import Level, hidden_by, stream_keys
from webapp.diff.rules import ReadyRule, Rule, check_rules
from webapp.diff.sources import HeldLines, Lines
from webapp.diff.trim import common_lines

ENGINE_VERSION = 3  # part of every cache key: raise it when the same input may give other hunks

_WORTH_CUTTING = 8  # common ends that are a smaller part of the text than one in so many are left on
_NUMBERED_BY_TURNS = 250  # lines of a side
_LOOKED_AT = 10_000  # lines of a side that are looked at together
_READ_TOGETHER = 500
_MOST_NAMED = 20_000  # ignored rows that are asked which mask hid them


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignored:
    """What a level hides: rows whose keys are equal and whose lines are not."""

    runs: list[Run] = field(default_factory=list)  # start in a, start in b, length
    left_out: list[Hunk] = field(default_factory=list)  # lines that a rule takes out, and the other side doesn't have
    by_mask: dict[str, int] = field(default_factory=dict)  # rows by the mask that hid the difference, most first
    unnamed: int = 0  # rows beyond those that were asked for their mask

    @property
    def rows(self) -> int:
        """How many rows are hidden."""
        lines = sum(max(a_end - a_start, b_end - b_start) for a_start, a_end, b_start, b_end in self.left_out)
        return sum(size for _, _, size in self.runs) + lines


@dataclass(frozen=True, slots=True, kw_only=True)
class LineDiff:
    """The changes that lead from one text to another.

    Between the hunks lie pairs of equal lines, and, where a rule leaves lines out, the hunks of `ignored.left_out`.
    """

    hunks: list[Hunk]
    partial: bool
    a_size: int = 0  # lines
    b_size: int = 0
    level: Level = "exact"
    moves: list[Run] = field(default_factory=list)
    ignored: Ignored = field(default_factory=Ignored)

    @property
    def deleted(self) -> int:
        """How many lines of a are changed or gone."""
        return sum(a_end - a_start for a_start, a_end, _, _ in self.hunks)

    @property
    def inserted(self) -> int:
        """How many lines of b are changed or new."""
        return sum(b_end - b_start for _, _, b_start, b_end in self.hunks)

    @property
    def blocks(self) -> list[Hunk]:
        """The hunks together with the lines left out, in order: all between them are pairs."""
        return sorted([*self.hunks, *self.ignored.left_out])


def diff_bytes(
    a: bytes,
    b: bytes,
    *,
    level: Level = "exact",
    rules: Sequence[Rule | str] = (),
    budget_s: float | None = 10.0,
    tuning: Tuning = DEFAULT,
) -> LineDiff:
    r"""Compare two texts line by line.

    Args:
        a: The older text. Lines end at ``\n`` alone; a missing final newline is a difference.
        b: The newer text.
        level: What counts as the same line: `exact`, `volatile` (built-in masks and the rules), `numbers` (and all
            numbers).
        rules: The service's own rules, for `volatile` and `numbers`; a text is a regular expression to mask.
        budget_s: Seconds after which what is still open counts as changed and the result is partial.
        tuning: Thresholds of the engine.

    Raises:
        RuleError: a rule cannot be used.
        ValueError: no such level.
    """
    deadline = Deadline(budget_s)
    front, back = common_lines(a, b)
    if front + back < min(len(a), len(b)) // _WORTH_CUTTING:
        front = back = 0
    before, after = _line_count(a[:front]), _line_count(a[len(a) - back :])
    middle_a, middle_b = HeldLines(a[front : len(a) - back]), HeldLines(b[front : len(b) - back])
    inner = diff_lines(middle_a, middle_b, level=level, rules=rules, deadline=deadline, tuning=tuning)
    return _shifted(inner, before, after)


def diff_lines(
    a: Lines,
    b: Lines,
    *,
    level: Level = "exact",
    rules: Sequence[Rule | str] = (),
    deadline: Deadline | None = None,
    tuning: Tuning = DEFAULT,
) -> LineDiff:
    """Compare two texts that need not lie in memory; of each a block at a time is read, and its different lines kept.

    Args:
        a: The older text.
        b: The newer text.
        level: See `diff_bytes`.
        rules: The same.
        deadline: When it is over, what is still open counts as changed.
        tuning: Thresholds of the engine.

    Raises:
        RuleError: a rule cannot be used.
        ValueError: no such level.
    """
    ready = check_rules(rules)
    deadline = deadline or Deadline()
    left_a: dict[int, str] = {}
    left_b: dict[int, str] = {}
    x, y = _numbered(
        *(
            stream_keys(each.blocks(), left_out, level=level, rules=ready, until=deadline)
            for each, left_out in ((a, left_a), (b, left_b))
        )
    )
    if left_a or left_b:
        diff = _diff_kept(x, y, left_a, left_b, deadline=deadline, tuning=tuning)
    else:
        diff = _diff_numbers(x, y, deadline=deadline, tuning=tuning)
    if level == "exact":
        return diff
    del x, y
    return replace(diff, level=level, ignored=_ignored(diff, (a, b), level=level, rules=ready))


def diff_keys(
    a: Iterable[Hashable], b: Iterable[Hashable], *, budget_s: float | None = None, tuning: Tuning = DEFAULT
) -> LineDiff:
    """Compare two sequences of hashable keys; equal keys mean equal lines."""
    x, y = _numbered(iter(a), iter(b))
    return _diff_numbers(x, y, deadline=Deadline(budget_s), tuning=tuning)


def with_ignored(
    diff: LineDiff,
    a: Sequence[bytes],
    b: Sequence[bytes],
    *,
    level: Level,
    rules: Sequence[Rule | str] = (),
) -> LineDiff:
    """Add to a comparison of stored keys what the level hides, by looking at the lines themselves."""
    return replace(diff, level=level, ignored=_ignored(diff, (a, b), level=level, rules=check_rules(rules)))


def verdict(diff: LineDiff) -> str:
    """Say in one sentence how much differs."""
    if diff.hunks:
        changed = f"{_counted(diff.deleted, 'line')} deleted, {_counted(diff.inserted, 'line')} inserted"
        return changed + (", as far as the time allowed" if diff.partial else "")
    if not diff.ignored.rows:
        return "Identical"
    names = f" by {', '.join(diff.ignored.by_mask)}" if diff.ignored.by_mask else ""
    return f"Only ignored parts differ: {_counted(diff.ignored.rows, 'line')}{names}"


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def _line_count(data: bytes) -> int:
    """Count lines, the last one too when it has no newline."""
    return data.count(b"\n") + (data[-1:] not in (b"", b"\n"))


def _numbered(a: Iterator[Hashable], b: Iterator[Hashable]) -> tuple[list[int], list[int]]:
    """Return a number for each key, the same for equal ones; a part of each side by turns.

    Of a million lines the place of most is no longer in the processor's cache when the whole other side was read first.
    """
    number_of: defaultdict[Hashable, int] = defaultdict(count().__next__)
    x: list[int] = []
    y: list[int] = []
    size = -1
    while size < len(x) + len(y):
        size = len(x) + len(y)
        x.extend(map(number_of.__getitem__, islice(a, _NUMBERED_BY_TURNS)))
        y.extend(map(number_of.__getitem__, islice(b, _NUMBERED_BY_TURNS)))
    return x, y


def _diff_numbers(x: list[int], y: list[int], *, deadline: Deadline, tuning: Tuning) -> LineDiff:
    """Match numbers that stand for lines, slide the hunks, find the moves."""
    runs = match_ids(x, y, deadline=deadline, tuning=tuning)
    hunks = slide(hunks_between(runs, a_size=len(x), b_size=len(y)), x, y)
    moves = find_moves(hunks, x, y) if not deadline.cut and deadline.left_s() > 0 else []
    return LineDiff(hunks=hunks, partial=deadline.cut, a_size=len(x), b_size=len(y), moves=moves)


def _diff_kept(
    x: list[int],
    y: list[int],
    left_a: dict[int, str],
    left_b: dict[int, str],
    *,
    deadline: Deadline,
    tuning: Tuning,
) -> LineDiff:
    """Compare without the lines that a rule leaves out; those stand in `left_out` afterwards."""
    kept_a = [i for i in range(len(x)) if i not in left_a]
    kept_b = [j for j in range(len(y)) if j not in left_b]
    inner = _diff_numbers([x[i] for i in kept_a], [y[j] for j in kept_b], deadline=deadline, tuning=tuning)
    whole = replace(inner, a_size=len(x), b_size=len(y))
    diff = _with_left_out(whole, kept_a, kept_b, left_a, left_b)
    left_out = [part for cut in diff.ignored.left_out for part in _unequal_parts(cut, x, y, deadline)]
    by_rule = Counter(left_a[i] for cut in left_out for i in range(*cut[:2]))
    by_rule.update(left_b[j] for cut in left_out for j in range(*cut[2:]))
    return replace(diff, ignored=Ignored(left_out=left_out, by_mask=by_rule))


def _unequal_parts(cut: Hunk, x: list[int], y: list[int], deadline: Deadline) -> list[Hunk]:
    """List the parts of a range of lines left out that are not the same on both sides."""
    i, i_end, j, j_end = cut
    if i == i_end or j == j_end:
        return [cut]
    part_a, part_b = x[i:i_end], y[j:j_end]
    if part_a == part_b:
        return []
    hunks = hunks_between(match_ids(part_a, part_b, deadline=deadline), a_size=len(part_a), b_size=len(part_b))
    return [(p + i, p_end + i, q + j, q_end + j) for p, p_end, q, q_end in hunks]


def _with_left_out(
    diff: LineDiff, kept_a: list[int], kept_b: list[int], left_a: dict[int, str], left_b: dict[int, str]
) -> LineDiff:
    """Translate a comparison of the kept lines, with the sizes of the whole texts, to positions among all lines."""
    pairs = [
        (kept_a[i + s], kept_b[j + s], 1)
        for i, j, size in runs_between(diff.hunks, a_size=len(kept_a))
        for s in range(size)
    ]
    hunks: list[Hunk] = []
    left_out: list[Hunk] = []
    for start, end, b_start, b_end in hunks_between(pairs, a_size=diff.a_size, b_size=diff.b_size):
        i, i_end = _kept_range(start, end, left_a)
        j, j_end = _kept_range(b_start, b_end, left_b)
        for cut, into in (
            ((start, i, b_start, j), left_out),
            ((i, i_end, j, j_end), hunks),
            ((i_end, end, j_end, b_end), left_out),
        ):
            if cut[0] < cut[1] or cut[2] < cut[3]:
                into.append(cut)
    moves = [
        (kept_a[i], kept_b[j], size)
        for i, j, size in diff.moves
        if kept_a[i + size - 1] - kept_a[i] == size - 1 == kept_b[j + size - 1] - kept_b[j]
    ]
    return replace(diff, hunks=hunks, moves=moves, ignored=Ignored(left_out=left_out))


def _kept_range(start: int, end: int, left_out: dict[int, str]) -> tuple[int, int]:
    """Shorten a range at both ends by the lines that are left out."""
    while start < end and start in left_out:
        start += 1
    while start < end and end - 1 in left_out:
        end -= 1
    return start, end


def _ignored(
    diff: LineDiff,
    lines: tuple[Lines | Sequence[bytes], Lines | Sequence[bytes]],
    *,
    level: Level,
    rules: Sequence[ReadyRule],
) -> Ignored:
    """Find the pairs whose keys are equal and whose lines are not, and count what hid them."""
    a, b = lines
    runs: list[Run] = []
    for i, j, size in runs_between(diff.blocks, a_size=diff.a_size):
        for start in range(0, size, _LOOKED_AT):
            stop = min(start + _LOOKED_AT, size)
            part_a, part_b = a[i + start : i + stop], b[j + start : j + stop]
            if part_a != part_b:
                runs.extend(_unequal(part_a, part_b, i + start, j + start))
    pairs = chain.from_iterable(map(partial(_pairs_of, a, b), runs))
    counts = hidden_by(islice(pairs, _MOST_NAMED), level=level, rules=rules)
    counts.update(diff.ignored.by_mask)
    unnamed = max(0, sum(size for _, _, size in runs) - _MOST_NAMED)
    return replace(diff.ignored, runs=runs, by_mask=dict(counts.most_common()), unnamed=unnamed)


def _pairs_of(a: Lines | Sequence[bytes], b: Lines | Sequence[bytes], run: Run) -> Iterator[tuple[bytes, bytes]]:
    """Yield the lines of a run, some read together."""
    i, j, size = run
    for start in range(0, size, _READ_TOGETHER):
        stop = min(start + _READ_TOGETHER, size)
        yield from zip(a[i + start : i + stop], b[j + start : j + stop], strict=True)


def _unequal(a: Sequence[bytes], b: Sequence[bytes], i: int, j: int) -> Iterable[Run]:
    """List the stretches of unequal lines among lines of equal keys, the first of which are lines i and j."""
    first = 0
    for s in range(len(a) + 1):
        if s == len(a) or a[s] == b[s]:
            if s > first:
                yield i + first, j + first, s - first
            first = s + 1


def _shifted(diff: LineDiff, before: int, after: int) -> LineDiff:
    """Count the equal lines that had been taken off both ends in again."""
    if not before and not after:
        return diff

    def moved(runs: list[Run]) -> list[Run]:
        return [(i + before, j + before, size) for i, j, size in runs]

    def lowered(hunks: list[Hunk]) -> list[Hunk]:
        return [(i + before, i_end + before, j + before, j_end + before) for i, i_end, j, j_end in hunks]

    ignored = replace(diff.ignored, runs=moved(diff.ignored.runs), left_out=lowered(diff.ignored.left_out))
    return replace(
        diff,
        hunks=lowered(diff.hunks),
        a_size=diff.a_size + before + after,
        b_size=diff.b_size + before + after,
        moves=moved(diff.moves),
        ignored=ignored,
    )
