"""Which words of a changed line changed?"""

import re
from itertools import accumulate, chain

from webapp.diff.lcs import Run, lcs_exact
from webapp.diff.trim import common_prefix, common_suffix

Span = tuple[int, int]  # start, end in characters
Change = tuple[int, int, int, int]  # a_start, a_end, b_start, b_end

LONGEST = 4_000  # characters; longer lines are compared from their ends alone

_TOKEN = re.compile(r"\w+|\s+|[^\w\s]")
_WORD = re.compile(r"\w").match
_NEAR = 3  # changes with fewer equal characters between them are joined
_LITTLE = 0.2  # a smaller part than this in common: parts would be confetti


def changed_words(a: str, b: str, *, longest: int = LONGEST) -> tuple[list[Span], list[Span]]:
    """Return the spans that changed in either text, in order and apart; both empty when the texts are equal."""
    if a == b:
        return [], []
    changes = _by_tokens(a, b) if len(a) <= longest and len(b) <= longest else _by_ends(a, b)
    joined: list[Change] = []
    for change in changes:
        if joined and change[0] - joined[-1][1] < _NEAR:
            joined[-1] = (joined[-1][0], change[1], joined[-1][2], change[3])
        else:
            joined.append(change)
    spans_a = [(start, end) for start, end, _, _ in joined if end > start]
    spans_b = [(start, end) for _, _, start, end in joined if end > start]
    return spans_a, spans_b


def _by_ends(a: str, b: str) -> list[Change]:
    """Take all between the common start and the common end as changed."""
    front = common_prefix(a, b, a_range=(0, len(a)), b_range=(0, len(b)))
    back = common_suffix(a, b, a_range=(front, len(a)), b_range=(front, len(b)))
    return [(front, len(a) - back, front, len(b) - back)]


def _by_tokens(a: str, b: str) -> list[Change]:
    """Compare words, blanks and signs; all between the common ends is one change when little else is common."""
    x, y = _TOKEN.findall(a), _TOKEN.findall(b)
    front = common_prefix(x, y, a_range=(0, len(x)), b_range=(0, len(y)))
    back = common_suffix(x, y, a_range=(front, len(x)), b_range=(front, len(y)))
    x_end, y_end = len(x) - back, len(y) - back
    runs = [(front + p, front + q, size) for p, q, size in lcs_exact(x[front:x_end], y[front:y_end])]
    at_x, at_y = list(accumulate(map(len, x), initial=0)), list(accumulate(map(len, y), initial=0))
    changes: list[Change] = []
    p = q = front
    for p_next, q_next, size in [*runs, (x_end, y_end, 0)]:
        if p_next > p or q_next > q:
            changes.append((at_x[p], at_x[p_next], at_y[q], at_y[q_next]))
        p, q = p_next + size, q_next + size
    if _is_confetti(x, runs, total=min(changes[-1][1] - changes[0][0], changes[-1][3] - changes[0][2])):
        return [(changes[0][0], changes[-1][1], changes[0][2], changes[-1][3])]
    return changes


def _is_confetti(x: list[str], runs: list[Run], *, total: int) -> bool:
    """Say whether two texts have only little more than blanks and signs in common."""
    words = filter(_WORD, chain.from_iterable(x[p : p + size] for p, _, size in runs))
    return bool(runs) and sum(map(len, words)) < total * _LITTLE
