"""Do two JSON texts differ in anything but what their service ignores?"""

import json
from collections.abc import Sequence

from webapp.compare.text_keys import find_text_keys
from webapp.diff.values import diff_json
from webapp.domain.compare_options import CompareOptions

BUDGET_S = 5.0

Texts = list[tuple[str, str]]


def are_alike(pairs: Sequence[tuple[bytes, bytes]], options: CompareOptions) -> list[bool]:
    """Say of each pair of JSON texts whether they differ only in what is ignored.

    Ignored are the service's paths, tolerances and rules for lines, and within texts what usually differs: timestamps,
    durations. When the rules take too long, or a text is no JSON, a pair counts as different.

    Args:
        pairs: older and newer texts.
        options: how the service compares its runs.
    """
    found_texts = [open_texts(*pair, options) for pair in pairs]
    texts = sorted({text for found in found_texts for pair in found or () for text in pair})
    keys = find_text_keys(texts, level="volatile", rules=options.line_rules, budget_s=BUDGET_S) if texts else {}
    if keys is None:
        return [found == [] for found in found_texts]
    return [found is not None and all(keys[a] == keys[b] for a, b in found) for found in found_texts]


def open_texts(old: bytes, new: bytes, options: CompareOptions) -> Texts | None:
    """Return the pairs of texts in which two JSON texts still differ, None when they differ in anything else.

    Left out are the service's paths and tolerances; its rules for lines have not been tried yet.
    """
    try:
        values = json.loads(old), json.loads(new)
    except (ValueError, RecursionError):
        return None
    changes = diff_json(*values, tolerance=options.tolerance, ignore=options.ignored_paths)
    if any(change.kind != "changed" or not isinstance(change.old, str) for change in changes):
        return None
    return [(change.old, change.new) for change in changes]
