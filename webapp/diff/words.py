"""Which words of a changed line changed?"""

import re
from itertools import accumulate, chain

from webapp.diff.lcs import Run, lcs_exact
from webapp.diff.masks import hidden_spans
from webapp.diff.noise import Level
from webapp.diff.trim import common_prefix, common_suffix

Span = tuple[int, int]  # start, end in characters
Change = tuple[int, int, int, int]  # a_start, a_end, b_start, b_end

LONGEST = 4_000  # characters; longer lines are compared from their ends alone

_TOKEN = re.compile(r"\w+|\s+|[^\w\s]")
_WORD = re.compile(r"\w").match
_NEAR = 3  # changes with fewer equal characters between them are joined
_NUMBER = re.compile("[0-9]+")
_HIDDEN = "\0"  # all that a mask hides is the same word
_LITTLE = 0.2  # a smaller part than this in common: parts would be confetti


def changed_words(a: str, b: str, *, level: Level = "exact", longest: int = LONGEST) -> tuple[list[Span], list[Span]]:
    """Return the spans that changed in either text, in order and apart; both empty when the texts are equal.

    Args:
        a: The older text.
        b: The newer text.
        level: What this level ignores in lines did not change; what the rules of a service ignore did.
        longest: Longer texts are compared from their ends alone, whatever the level.
    """
    if a == b:
        return [], []
    changes = _by_tokens(a, b, level) if len(a) <= longest and len(b) <= longest else _by_ends(a, b)
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


def _by_tokens(a: str, b: str, level: Level) -> list[Change]:
    """Compare words, blanks and signs; all between the common ends is one change when little else is common."""
    (words_a, x), (words_b, y) = _split(a, level), _split(b, level)
    front = common_prefix(x, y, a_range=(0, len(x)), b_range=(0, len(y)))
    back = common_suffix(x, y, a_range=(front, len(x)), b_range=(front, len(y)))
    x_end, y_end = len(x) - back, len(y) - back
    runs = [(front + p, front + q, size) for p, q, size in lcs_exact(x[front:x_end], y[front:y_end])]
    at_x, at_y = (list(accumulate(map(len, words), initial=0)) for words in (words_a, words_b))
    changes: list[Change] = []
    p = q = front
    for p_next, q_next, size in [*runs, (x_end, y_end, 0)]:
        if p_next > p or q_next > q:
            changes.append((at_x[p], at_x[p_next], at_y[q], at_y[q_next]))
        p, q = p_next + size, q_next + size
    if not changes:
        return []
    if _is_confetti(words_a, runs, total=min(changes[-1][1] - changes[0][0], changes[-1][3] - changes[0][2])):
        return [(changes[0][0], changes[-1][1], changes[0][2], changes[-1][3])]
    return changes


def _split(text: str, level: Level) -> tuple[list[str], list[str]]:
    """Cut a text to words, blanks, signs and hidden parts; return them, and what of each is compared."""
    if level == "exact":
        words = _TOKEN.findall(text)
        return words, words
    words, keys, place = [], [], 0
    for start, end in _hidden_spans(text):
        between = _TOKEN.findall(text, place, start)
        words += [*between, text[start:end]]
        keys += [*between, _HIDDEN]
        place = end
    rest = _TOKEN.findall(text, place)
    words, keys = words + rest, keys + rest
    return words, [_NUMBER.sub("0", key) for key in keys] if level == "numbers" else keys


def _hidden_spans(text: str) -> list[Span]:
    """Find what the masks hide, which look at bytes."""
    raw = text.encode("utf-8", "surrogatepass")
    spans = hidden_spans(raw)
    if len(raw) == len(text):
        return spans

    def chars(place: int) -> int:
        return len(raw[:place].decode("utf-8", "surrogatepass"))

    return [(chars(start), chars(end)) for start, end in spans]


def _is_confetti(x: list[str], runs: list[Run], *, total: int) -> bool:
    """Say whether two texts have only little more than blanks and signs in common."""
    words = filter(_WORD, chain.from_iterable(x[p : p + size] for p, _, size in runs))
    return bool(runs) and sum(map(len, words)) < total * _LITTLE
