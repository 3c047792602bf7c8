"""How does a run differ from the one that its message compares with: suites, cases, devices, measurements, a diff?"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from itertools import islice
from urllib.parse import urlencode

import msgspec

from webapp.compare.runs import ShownChange
from webapp.diff.lines import diff_bytes
from webapp.diff.noise import split_lines
from webapp.diff.patch import unified_patch
from webapp.domain.changes import Change, ChangeClass
from webapp.domain.outcome import CaseResult
from webapp.domain.policy import CompareWish
from webapp.notify.changes import RunChanges, everything, shown
from webapp.notify.report import ChangedLine, Comparison, Excerpt, MeasurementChange, Report, SuiteCounts
from webapp.store.blobs import get_blob
from webapp.store.db import Session
from webapp.store.results import find_device_result
from webapp.store.runs import Run
from webapp.store.suites import find_measurements, list_case_results

MAX_LISTED = 100
MAX_CHANGES = 5_000
EXCERPT_LINES = 20
EXCERPT_BYTES = 1 << 20
DIFFERENT = frozenset({ChangeClass.NEWLY_FAILING, ChangeClass.FIXED, ChangeClass.CHANGED, ChangeClass.STILL_FAILING})


def compare_report(session: Session, report: Report, changes: RunChanges, wish: CompareWish) -> Comparison:
    """Return what a message says about a run and its reference, which must be there; ignored names are left out."""
    reference = changes.earlier
    if reference is None:
        return Comparison(reason="no earlier complete run")
    is_ignored = _ignoring(wish.ignore)
    url = f"{report.server_url}/compare?{urlencode({'a': reference.uid, 'b': changes.run.uid})}"
    devices = _listed(session, changes, is_ignored, is_case=False)
    cases = _listed(session, changes, is_ignored, is_case=True)
    everything = [*devices, *cases]
    added = [_line(each) for each in everything if each.change.a is None]
    removed = [_line(each) for each in everything if each.change.b is None]
    changed = [_line(each) for each in everything if _has_other_word(each.change)]
    before, now = (_counts(session, run, is_ignored) for run in (reference, changes.run))
    return Comparison(
        reason=f"the newest complete run before #{changes.run.number}: {reference.service} #{reference.number}",
        number=reference.number,
        run_url=f"{report.server_url}/runs/{reference.uid}",
        url=url,
        devices={kind: count for kind, count in changes.devices.counts.items() if count},
        cases=_kinds(changes, cases),
        suites_added=tuple(sorted(now.keys() - before.keys())),
        suites_removed=tuple(sorted(before.keys() - now.keys())),
        suite_counts=tuple(
            SuiteCounts(suite=suite, before=before[suite], now=now[suite])
            for suite in sorted(now.keys() & before.keys())
            if before[suite] != now[suite]
        ),
        added=tuple(added[:MAX_LISTED]),
        added_total=len(added),
        removed=tuple(removed[:MAX_LISTED]),
        removed_total=len(removed),
        changed=tuple(changed[:MAX_LISTED]),
        changed_total=len(changed),
        measurements=_measurements(session, changes, cases, wish.tolerance),
        excerpt=_excerpt(session, changes, devices, url=url),
        ignored=wish.ignore,
    )


def _ignoring(patterns: Sequence[str]) -> Callable[[str, str], bool]:
    """Return what says whether a suite, or a case or device, is left out by its name or a pattern with `*`."""

    def is_ignored(suite: str, name: str) -> bool:
        return any(fnmatchcase(text, pattern) for pattern in patterns for text in (suite, name) if text)

    return is_ignored


def _listed(
    session: Session, changes: RunChanges, is_ignored: Callable[[str, str], bool], *, is_case: bool
) -> list[ShownChange]:
    """Return with names what is not the same, and every case, whose measurement may differ; without ignored ones."""
    comparison = changes.cases if is_case else changes.devices
    wanted = everything(session, comparison) if is_case else comparison.changes
    found = shown(session, comparison, wanted[:MAX_CHANGES])
    return [
        each for each in found if not is_ignored(each.subject.suite, each.subject.name or each.subject.device or "")
    ]


def _line(each: ShownChange) -> ChangedLine:
    subject, change = each.subject, each.change
    return ChangedLine(
        name=subject.name or subject.device or "",
        suite=subject.suite,
        device=(subject.device or "") if subject.name else "",
        old=None if change.a is None else change.a.word,
        new=None if change.b is None else change.b.word,
    )


def _has_other_word(change: Change) -> bool:
    return change.a is not None and change.b is not None and change.a.word != change.b.word


def _kinds(changes: RunChanges, cases: Sequence[ShownChange]) -> Mapping[ChangeClass, int]:
    if len(cases) >= MAX_CHANGES:
        return {kind: count for kind, count in changes.cases.counts.items() if count}
    counts: dict[ChangeClass, int] = {}
    for each in cases:
        counts[each.change.kind] = counts.get(each.change.kind, 0) + 1
    return counts


def _counts(session: Session, run: Run, is_ignored: Callable[[str, str], bool]) -> dict[str, tuple[int, int, int]]:
    """Return how many cases of each suite passed, failed and were skipped; ignored ones are not counted."""
    found: dict[str, list[int]] = {}
    places = {CaseResult.PASS: 0, CaseResult.FAIL: 1, CaseResult.SKIP: 2}
    for suite, name, result in list_case_results(session, run.id):
        if is_ignored(suite, name):
            continue
        counts = found.setdefault(suite, [0, 0, 0])
        place = places.get(result)
        if place is not None:
            counts[place] += 1
    return {suite: (counts[0], counts[1], counts[2]) for suite, counts in found.items()}


def _measurements(
    session: Session, changes: RunChanges, cases: Sequence[ShownChange], tolerance: float | None
) -> tuple[MeasurementChange, ...]:
    """Return the measurements that moved by more than a share of their old value."""
    if tolerance is None or changes.earlier is None:
        return ()
    keys = [each.change.key for each in cases if each.change.a is not None and each.change.b is not None]
    before = find_measurements(session, run_id=changes.earlier.id, keys=keys)
    now = find_measurements(session, run_id=changes.run.id, keys=keys)
    moved = []
    for each in cases:
        old, new = before.get(each.change.key, (None, ""))[0], now.get(each.change.key, (None, ""))[0]
        if old is None or new is None or abs(new - old) <= tolerance * abs(old):
            continue
        moved.append(
            MeasurementChange(
                suite=each.subject.suite,
                name=each.subject.name,
                device=each.subject.device or "",
                old=old,
                new=new,
                units=now[each.change.key][1],
            )
        )
    return tuple(moved[:MAX_LISTED])


def _excerpt(session: Session, changes: RunChanges, devices: Sequence[ShownChange], *, url: str) -> Excerpt | None:
    """Return the beginning of the difference of the worst device whose result changed; devices come worst first."""
    if changes.earlier is None:
        return None
    for each in devices:
        device = each.subject.device
        if device is None or each.change.kind not in DIFFERENT:
            continue
        lines = tuple(islice(_difference(session, changes.earlier, changes.run, device), EXCERPT_LINES))
        if lines:
            return Excerpt(device=device, lines=lines, url=f"{url}&{urlencode({'tab': 'result', 'device': device})}")
    return None


def _difference(session: Session, a: Run, b: Run, device: str) -> Iterator[str]:
    """Yield the lines of a unified diff of a device's results, without its head; none when they can't be compared."""
    old, new = (_written_out(session, run, device) for run in (a, b))
    if old is None or new is None:
        return
    diff = diff_bytes(old, new, level="volatile", budget_s=1.0)
    patch = b"".join(unified_patch(diff.hunks, split_lines(old), split_lines(new), context=1))
    yield from (line.decode(errors="replace") for line in patch.split(b"\n")[2:] if line)


def _written_out(session: Session, run: Run, device: str) -> bytes | None:
    """Return a device's result with one value a line; None when it has none, or one too large to be looked into."""
    found = find_device_result(session, run_id=run.id, device=device, attempt=None)
    if found is None or found.blob_id is None or (found.size or 0) > EXCERPT_BYTES:
        return None
    return msgspec.json.format(get_blob(session, found.blob_id), indent=2) + b"\n"
