"""How is a list handed to a spreadsheet: CSV that no spreadsheet takes for formulas."""

import csv
import io
import itertools
from collections.abc import Iterable, Iterator, Sequence

CSV = "text/csv"
FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")


def write_csv(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """Yield the lines of a CSV text with a line of titles (RFC 4180).

    A text that a spreadsheet would take for a formula has an apostrophe before it.
    """
    line = io.StringIO()
    writer = csv.writer(line)
    for row in itertools.chain([columns], rows):
        writer.writerow([_harmless(value) for value in row])
        yield line.getvalue()
        line.seek(0)
        line.truncate()


def _harmless(value: object) -> object:
    if isinstance(value, str) and value.startswith(FORMULA_SIGNS):
        return f"'{value}"
    return "" if value is None else value
