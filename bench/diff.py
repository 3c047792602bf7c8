"""Compare texts and JSON, timed beside Git and the standard library in the same run; CPU time, medians.

`python -m bench.diff --quick` takes a few smaller texts and leaves out what takes minutes; what it leaves out is not
judged.
"""

import argparse
import difflib
import gc
import html
import json
import math
import re
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from bench.diff_curve import write_curves
from bench.diff_texts import Pair, hard_pairs, json_pair, log_pair, pretty
from webapp.diff.fold import Fold
from webapp.diff.layout import lay_out
from webapp.diff.lines import diff_bytes
from webapp.diff.masks import MASKS
from webapp.diff.noise import collapse, mask, split_lines
from webapp.diff.pairing import align
from webapp.diff.values import diff_json
from webapp.diff.words import changed_words

GIT = ("git", "diff", "--no-index", "--no-color", "--text", "-U0")
MINIMAL_S = 60
CURVES = Path(__file__).resolve().parents[1] / "docs" / "pictures" / "diff-growth.svg"


@dataclass(kw_only=True)
class Section:
    """One table of the page, and whether all its demands were met."""

    title: str
    head: tuple[str, ...]
    rows: list[tuple[str, ...]] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)

    def add(self, *cells: str, good: bool) -> None:
        """Add a row; a missed demand is marked."""
        self.rows.append((*cells, "" if good else "**missed**"))
        if not good:
            self.missed.append(f"{self.title}: {cells[0]}")

    def text(self) -> str:
        """Write the table."""
        lines = [(*self.head, ""), tuple("---" for _ in (*self.head, "")), *self.rows]
        return f"### {self.title}\n\n" + "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


class Bench:
    """The measuring: how often, how large, and where the files lie."""

    def __init__(self, folder: Path, *, quick: bool) -> None:
        self.folder = folder
        self.quick = quick
        self.rounds = 3 if quick else 5

    def seconds(self, *works: Callable[[], object]) -> list[float]:
        """Return the median CPU time of each work, run in turn."""
        times: list[list[float]] = [[] for _ in works]
        for _ in range(self.rounds):
            for taken, work in zip(times, works, strict=True):
                gc.collect()
                before = cpu()
                work()
                taken.append(cpu() - before)
        return [statistics.median(taken) for taken in times]

    def files(self, pair: Pair) -> list[Path]:
        """Write a pair to disk."""
        paths = [self.folder / name for name in ("a", "b")]
        for path, text in zip(paths, pair, strict=True):
            path.write_bytes(text)
        return paths

    def against_git(self, pair: Pair) -> tuple[float, float]:
        """Compare two files with ours and with Git; return both times."""
        a, b = self.files(pair)
        ours, git = self.seconds(
            lambda: diff_bytes(a.read_bytes(), b.read_bytes(), budget_s=60.0), lambda: git_size(a, b)
        )
        return ours, git

    def shortest(self, pair: Pair) -> int | None:
        """Ask Git for the smallest diff; None when it does not end."""
        a, b = self.files(pair)
        try:
            return git_size(a, b, "--minimal")
        except subprocess.TimeoutExpired:
            return None


def cpu() -> float:
    """Return the CPU seconds of this process and of the children it waited for."""
    usages = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def git_size(a: Path, b: Path, *options: str) -> int:
    """Run Git on two files and count the lines it deletes and inserts."""
    command = [*GIT, *options, str(a), str(b)]
    out = subprocess.run(command, stdout=subprocess.PIPE, check=False, timeout=MINIMAL_S if options else None).stdout
    if not options:
        return 0
    starts = (line[:1] for line in out.split(b"\n")[4:])
    return sum(start in (b"-", b"+") for start in starts)


def size_of(pair: Pair) -> int:
    """Count the lines our comparison deletes and inserts."""
    diff = diff_bytes(*pair, budget_s=60.0)
    return diff.deleted + diff.inserted


def logs(bench: Bench) -> Iterable[Section]:
    """Time logs of all sizes and rates of change against Git, and the growth with size."""
    sizes = (1_000, 10_000, 100_000) if bench.quick else (1_000, 10_000, 100_000, 1_000_000)
    rates = (0.01, 0.5) if bench.quick else (0.001, 0.01, 0.1, 0.5)
    section = Section(title="Logs against `git diff`", head=("lines, changed", "ours", "Git", "ratio", "demand"))
    growth: dict[str, list[tuple[int, float]]] = {}
    for size in sizes:
        cases = [(style, rate) for style in ("masked", "stamped") for rate in rates]
        for style, rate in [*cases, ("raw", 0.01)]:
            ours, git = bench.against_git(log_pair(size, rate, style=style))
            name = f"{size:,} {style}, {rate:.1%}"
            section.add(name, ms(ours), ms(git), f"{ours / git:.2f}", "1.5", good=ours <= 1.5 * git)
            if rate == (0.01 if bench.quick else 0.1):
                growth.setdefault(f"{style}, ours", []).append((size, ours))
                growth.setdefault(f"{style}, Git", []).append((size, git))
    for style in ("masked", "stamped"):
        small, large = growth[f"{style}, ours"][1], growth[f"{style}, ours"][-1]
        exponent = math.log(large[1] / small[1]) / math.log(large[0] / small[0])
        name = f"growth, {style}, {small[0]:,} to {large[0]:,}"
        section.add(name, "", "", f"exponent {exponent:.2f}", "1.15", good=exponent <= 1.15)
    if not bench.quick:
        write_curves(CURVES, growth)
    yield section


def other_texts(bench: Bench) -> Iterable[Section]:
    """Time JSON and digit-collapsed logs against Git, and hard texts by the clock."""
    section = Section(title="Other texts against `git diff`", head=("text", "ours", "Git", "ratio", "demand"))
    old, new, _ = json_pair(1_600 if bench.quick else 16_000, 0.03)
    cases: list[tuple[str, Pair, float]] = [("JSON, pretty", (pretty(old), pretty(new)), 2.5)]
    for size in (100_000,) if bench.quick else (100_000, 1_000_000):
        a, b = log_pair(size, 0.1, style="masked")
        cases.append((f"{size:,} lines, digits collapsed", (collapse(a), collapse(b)), 6.0))
    for name, pair, demand in cases:
        ours, git = bench.against_git(pair)
        section.add(name, ms(ours), ms(git), f"{ours / git:.2f}", f"{demand}", good=ours <= demand * git)
    yield section
    section = Section(title="Hard texts", head=("text", "ours", "demand"))
    limits = {20_000: 0.5, 100_000: 1.0, 1_000_000: 8.0}
    for size, limit in list(limits.items())[: 2 if bench.quick else 3]:
        for name, make in hard_pairs(size).items():
            (taken,) = bench.seconds(partial(diff_bytes, *make(), budget_s=60.0))
            section.add(f"{size:,} lines, {name}", ms(taken), f"{limit} s", good=taken <= limit)
    yield section


def sizes(bench: Bench) -> Iterable[Section]:
    """Hold the length of the scripts against the shortest ones."""
    section = Section(
        title="Size of the result against `git --minimal`", head=("text", "ours", "Git", "ratio", "demand")
    )
    log_size = 10_000 if bench.quick else 100_000
    cases = [(f"log, {style}, 10 %", log_pair(log_size, 0.1, style=style), 1.02) for style in ("masked", "stamped")]
    cases += [(name, make(), 1.1) for name, make in hard_pairs(5_000 if bench.quick else 20_000).items()]
    for name, pair, demand in cases:
        best = bench.shortest(pair)
        if best:
            ours = size_of(pair)
            section.add(name, f"{ours:,}", f"{best:,}", f"{ours / best:.3f}", f"{demand}", good=ours <= demand * best)
    yield section


def page(pair: Pair) -> str:
    """Write all changed rows side by side with their words marked: what HtmlDiff does, by our engines."""
    a, b = split_lines(pair[0]), split_lines(pair[1])
    diff = diff_bytes(*pair)
    fold = Fold(lay_out(diff, align(diff, a, b), view="side", context=3, unfold_ignored=False))
    out: list[str] = []
    for row in fold.rows(0, fold.row_count):
        texts = ["" if not n else each[n - 1].decode("utf-8", "replace") for n, each in ((row.a, a), (row.b, b))]
        spans = changed_words(*texts) if row.kind == "replace" else ([], [])
        out.append("<tr>" + "".join(f"<td>{cell(*each)}" for each in zip(texts, spans, strict=True)))
    return "".join(out)


def cell(text: str, spans: list[tuple[int, int]]) -> str:
    """Write one cell."""
    parts, place = [], 0
    for start, end in spans:
        parts += [html.escape(text[place:start]), "<mark>", html.escape(text[start:end]), "</mark>"]
        place = end
    return "".join([*parts, html.escape(text[place:])])


def standard_library(bench: Bench) -> Iterable[Section]:
    """Hold our engines against difflib, HtmlDiff and a plain list of patterns."""
    section = Section(title="Against the standard library", head=("work", "ours", "other", "times faster", "demand"))
    size = 10_000 if bench.quick else 100_000
    pair = log_pair(size, 0.1, style="masked")
    ours, other = partial(diff_bytes, *pair), partial(opcodes, *map(split_lines, pair))
    compare(bench, section, f"{size:,} lines, SequenceMatcher", ours, other, demand=1 if bench.quick else 100)
    raw = log_pair(100 if bench.quick else 1_000, 0.01, style="raw")
    works = [(f"page, {len(split_lines(raw[0])):,} lines, all changed, HtmlDiff", raw, 1 if bench.quick else 400)]
    if not bench.quick:
        works.append(("page, 100,000 lines, 10 % changed, HtmlDiff", pair, 10))
    for name, texts, demand in works:
        compare(bench, section, name, partial(page, texts), partial(html_diff, texts), demand=demand)
    rows = [
        (a.decode(), b.decode()) for a, b in zip(*map(split_lines, log_pair(2_000, 0.01, style="raw")), strict=False)
    ]
    compare(
        bench,
        section,
        f"words of {len(rows):,} pairs, SequenceMatcher",
        lambda: [changed_words(a, b) for a, b in rows],
        lambda: [opcodes(tokens(a), tokens(b)) for a, b in rows],
        demand=1.5,
    )
    text = log_pair(20_000, 0.01, style="raw")[0]
    patterns = [re.compile(pattern) for _, pattern in MASKS]
    compare(
        bench,
        section,
        "masks, pattern after pattern",
        lambda: mask(text),
        lambda: per_line(text, patterns),
        demand=1 / 0.7,
    )
    yield section
    yield json_section(bench)


def opcodes(a: Sequence[Hashable], b: Sequence[Hashable]) -> object:
    """Compare with difflib, without its heuristic that loses lines."""
    return difflib.SequenceMatcher(None, a, b, autojunk=False).get_opcodes()


def html_diff(pair: Pair) -> str:
    """Write changed rows side by side with difflib."""
    a, b = ([line.decode() for line in split_lines(text)] for text in pair)
    return difflib.HtmlDiff().make_file(a, b, context=True, numlines=3)


def compare(
    bench: Bench,
    section: Section,
    name: str,
    ours: Callable[[], object],
    other: Callable[[], object],
    *,
    demand: float,
) -> None:
    """Time two ways of doing the same."""
    mine, theirs = bench.seconds(ours, other)
    section.add(name, ms(mine), ms(theirs), f"{theirs / mine:.1f}", f"{demand:.1f}", good=theirs >= demand * mine)


def json_section(bench: Bench) -> Section:
    """Time the comparison of JSON against reading it."""
    section = Section(title="JSON against reading both files", head=("value", "ours", "json.loads", "ratio", "demand"))
    for size in (2_500,) if bench.quick else (2_500, 100_000):
        old, new, edits = json_pair(size, 0.03)
        texts = [json.dumps(each) for each in (old, new)]
        for name, identity in (("by identity", ("id",)), ("like lines", ())):
            ours, load = bench.seconds(
                partial(diff_json, old, new, identity=identity), partial(lambda each: [*map(json.loads, each)], texts)
            )
            found = len(diff_json(old, new, identity=identity))
            name = f"{sum(map(len, texts)) // 2_000_000 or 1} MB, {name}: {found} changes of {edits} edits"
            good = ours <= 2 * load and found <= 1.1 * edits
            section.add(name, ms(ours), ms(load), f"{ours / load:.2f}", "2", good=good)
    return section


def pages(bench: Bench) -> Iterable[Section]:
    """Time what a page needs once the comparison is there."""
    size = 100_000 if bench.quick else 1_000_000
    section = Section(title=f"Rows of a comparison of {size:,} lines", head=("work", "CPU", "demand"))
    pair = log_pair(size, 0.1, style="stamped")
    a, b = map(split_lines, pair)
    diff = diff_bytes(*pair, budget_s=60.0)
    alignment = align(diff, a, b)
    fold = Fold(lay_out(diff, alignment, view="side", context=3, unfold_ignored=False))
    (pairing, laying, chunk) = bench.seconds(
        lambda: align(diff, a, b),
        lambda: lay_out(diff, alignment, view="side", context=3, unfold_ignored=False),
        lambda: [fold.rows(start, start + 400) for start in range(0, fold.row_count, fold.row_count // 50)],
    )
    section.add(f"pairing {diff.deleted + diff.inserted:,} changed lines", ms(pairing), "", good=True)
    section.add(f"laying out {len(diff.hunks):,} hunks", ms(laying), "", good=True)
    section.add("400 rows anywhere", ms(chunk / 51), "30 ms", good=chunk / 51 <= 0.03)
    yield section


def tokens(text: str) -> list[str]:
    """Cut a line to words, blanks and signs."""
    return re.findall(r"\w+|\s+|[^\w\s]", text)


def per_line(text: bytes, patterns: list[re.Pattern[bytes]]) -> list[bytes]:
    """Mask the usual way: every pattern over every line."""
    masked = []
    for line in text.split(b"\n"):
        for pattern in patterns:
            line = pattern.sub(b"<*>", line)
        masked.append(line)
    return masked


def ms(seconds: float) -> str:
    """Write a time."""
    return f"{seconds * 1000:,.1f} ms"


def main() -> int:
    """Measure and print the section; 1 when a demand is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="smaller texts, three rounds")
    quick = parser.parse_args().quick
    missed: list[str] = []
    print("## Comparison\n\nCPU time, medians of interleaved rounds.\n")
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), quick=quick)
        for part in (logs, other_texts, sizes, standard_library, pages):
            for section in part(bench):
                print(section.text(), flush=True)
                missed.extend(section.missed)
    for each in missed:
        print(f"missed: {each}", file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
