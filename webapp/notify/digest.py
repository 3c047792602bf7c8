"""What does a message say of a run, for any channel: blocks of plain lines, as many as the verbosity grants."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from webapp.domain.changes import CLASS_TITLES, ChangeClass
from webapp.domain.notices import Event, Verbosity
from webapp.domain.outcome import CaseResult, RunStatus
from webapp.notify.report import CaseLine, ChangedLine, Comparison, DeviceLine, Report, Suite
from webapp.notify.wording import duration, listed, moment, one_line, plural, since_of

LONGEST_LINE = 300
MOST_NAMES = 20
ARROW = "\N{RIGHTWARDS ARROW}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line: what it is about, which may lead somewhere, and what is said of it."""

    text: str = ""
    label: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One part of a message; its lines are plain text, the most important first.

    Args:
        key: what it is: one of `KEEP`, or another word for what may be left out first.
        title: a heading; empty for none.
        lines: what it says.
        total: how many there are in all, when `lines` holds only the first.
        url: where all of them are.
        is_code: whether the lines are shown as they are, in letters of one width.
    """

    key: str
    title: str = ""
    lines: tuple[Line, ...] = ()
    total: int = 0
    url: str = ""
    is_code: bool = False


# What is kept longest when there is no room for all.
KEEP = ("verdict", "failing", "cases", "error", "link", "header", "facts")


def blocks_of(report: Report, verbosity: Verbosity) -> tuple[Block, ...]:
    """Return the blocks of a message in the order they are read; empty ones are left out.

    A run that goes on or was canceled is only named: no details, whatever the verbosity.
    """
    has_details = report.has_details and verbosity is not Verbosity.STATUS_ONLY
    is_verbose = has_details and verbosity is Verbosity.VERBOSE
    blocks = [_header(report), _verdict(report)]
    if has_details:
        blocks += [_failing(report), _failing_cases(report), _error(report), _fixed(report), _passed(report)]
    if has_details:
        blocks.append(_facts(report))
    if report.comparison is not None and has_details:
        blocks += _comparison(report.comparison, report) if is_verbose else [_comparison_line(report)]
    if is_verbose:
        blocks += [_suite(suite, report) for suite in report.suites]
        blocks.append(_metadata(report.run.metadata))
    if has_details and report.options.include_device_results:
        blocks += [_result(line, report) for line in shown_devices(report) if line.result]
    blocks.append(_link(report))
    return tuple(block for block in blocks if block.lines)


def shown_devices(report: Report) -> tuple[DeviceLine, ...]:
    """Return the devices that may be named: those that passed only when the service wants them told."""
    return report.failing if report.options.display_only_failed else (*report.failing, *report.passed)


def status_of(report: Report) -> str:
    """Return how the run stands, in words: "is running", "complete, level errors"."""
    if report.event is Event.RUNNING:
        return "is running"
    level = f", level {report.run.level}" if report.run.level is not None else ""
    return f"{report.run.status}{level}"


def _url(report: Report, url: str) -> str:
    return url if report.options.include_link else ""


def _plain(texts: Iterable[str]) -> tuple[Line, ...]:
    return tuple(Line(text=one_line(text, longest=LONGEST_LINE)) for text in texts if text.strip())


def _header(report: Report) -> Block:
    return Block(key="header", lines=_plain(report.options.header.splitlines()[:MOST_NAMES]))


def _verdict(report: Report) -> Block:
    run = report.run
    by = f"submitted by {one_line(run.submitter)}" if run.submitter else "submitted by the server itself"
    lines = [run.verdict, f"Status: {status_of(report)}, {by}"]
    if report.is_first_run:
        what = "the service" if run.number == 1 else "the service with an outcome"
        lines.append(f"This is the first run of {what}: there is no earlier one to compare with.")
    if report.recipient_devices:
        lines.append(f"You hear of it as the owner of {_owned(report)}.")
    return Block(key="verdict", lines=_plain(lines))


def _owned(report: Report) -> str:
    """Return a recipient's devices; those that passed are counted alone when they may not be named."""
    failing = {line.name for line in report.failing}
    names = [name for name in report.recipient_devices if name in failing or not report.options.display_only_failed]
    total = len(report.recipient_devices)
    if not names:
        return f"{total:,} of its devices"
    return listed([one_line(name) for name in names], most=MOST_NAMES, total=total)


def _failing(report: Report) -> Block:
    return Block(
        key="failing",
        title=f"{report.failing_total:,} failing {plural(report.failing_total, 'device')}",
        lines=tuple(_device(line, report) for line in report.failing),
        total=report.failing_total,
        url=_url(report, report.run.url),
    )


def _device(line: DeviceLine, report: Report) -> Line:
    since = since_of(line, number=report.run.number)
    words = [str(line.status), f"({since})" if since else "", f"in step {one_line(line.step)}" if line.step else ""]
    return _told(line.name, " ".join(word for word in words if word), line.message, _url(report, line.url))


def _told(name: str, words: str, message: str, url: str) -> Line:
    text = f"{words}: {one_line(message)}" if message.strip() else words
    return Line(label=one_line(name, longest=100), text=one_line(text, longest=LONGEST_LINE), url=url)


def _failing_cases(report: Report) -> Block:
    return Block(
        key="cases",
        title=f"{report.failing_cases_total:,} failing test {plural(report.failing_cases_total, 'case')}",
        lines=tuple(_case(line, report) for line in report.failing_cases),
        total=report.failing_cases_total,
        url=_url(report, report.run.url),
    )


def _case(line: CaseLine, report: Report) -> Line:
    since = "new" if line.is_new else f"failing since #{line.since_number}" if line.since_number else ""
    measured = "" if line.measurement is None else f", {line.measurement:.10g} {one_line(line.units)}".rstrip()
    on_device = f"on {one_line(line.device)}" if line.device else ""
    is_failing = line.result is CaseResult.FAIL
    if report.options.display_only_failed and not is_failing:
        on_device = ""
    words = [f"{line.result}{measured}", f"({since})" if since and is_failing else "", on_device]
    return _told(line.name, " ".join(word for word in words if word), line.message, _url(report, line.url))


def _error(report: Report) -> Block:
    """Return the error of an incomplete run, and the log's first one."""
    lines: list[str] = []
    if report.run.status is RunStatus.INCOMPLETE:
        lines += report.run.message.splitlines()[-MOST_NAMES:]
    if report.first_error.strip():
        lines.append(report.first_error)
    return Block(key="error", title="Error", lines=_plain(lines), is_code=True, url=_url(report, report.run.url))


def _fixed(report: Report) -> Block:
    devices, cases = report.fixed_devices_total, report.fixed_cases_total
    counts = [
        f"{count:,} {plural(count, what)}" for count, what in ((devices, "device"), (cases, "test case")) if count
    ]
    named = cases + (0 if report.options.display_only_failed else devices)
    names = listed([one_line(name, longest=100) for name in report.fixed], most=MOST_NAMES, total=named)
    text = ": ".join(part for part in (", ".join(counts), names) if part)
    return Block(key="fixed", title="Passing again", lines=_plain([text]))


def _passed(report: Report) -> Block:
    if report.options.display_only_failed:
        return Block(key="passed")
    return Block(
        key="passed",
        title=f"{report.passed_total:,} {plural(report.passed_total, 'device')} passed",
        lines=tuple(_device(line, report) for line in report.passed),
        total=report.passed_total,
        url=_url(report, report.run.url),
    )


def _facts(report: Report) -> Block:
    run = report.run
    devices = ", ".join(f"{count:,} {status}" for status, count in report.device_counts.items() if count)
    counts = ((run.log_errors, "error"), (run.log_warnings, "warning"))
    facts = {
        "Devices": devices,
        "Description": " ".join(run.description.split()),
        "Priority": str(run.priority),
        "Submitted": moment(run.created_at),
        "Started": moment(run.started_at),
        "Finished": moment(run.ended_at),
        "Duration": duration(run.duration_s),
        "Attempts": f"{run.attempts:,}" if run.attempts > 1 else "",
        "Log": ", ".join(f"{count:,} {plural(count, word)}" for count, word in counts if count),
    }
    return Block(key="facts", title="Details", lines=tuple(_facts_lines(facts)))


def _facts_lines(facts: Mapping[str, str]) -> Iterator[Line]:
    for name, value in facts.items():
        if value:
            yield Line(label=one_line(name, longest=100), text=one_line(value, longest=LONGEST_LINE))


def _comparison_line(report: Report) -> Block:
    return Block(key="comparison", title="Compared", lines=_compared(report.comparison, report))


def _compared(found: Comparison | None, report: Report) -> tuple[Line, ...]:
    if found is None:
        return ()
    if found.number is None:
        return _plain([found.reason])
    counts = [_counts(what, each) for what, each in (("devices", found.devices), ("cases", found.cases))]
    text = f"{'; '.join(each for each in counts if each) or 'nothing differs'} ({one_line(found.reason)})"
    return (Line(label=f"with #{found.number}", text=text, url=_url(report, found.url)),)


def _counts(what: str, counts: Mapping[ChangeClass, int]) -> str:
    said = [f"{counts[each]:,} {CLASS_TITLES[each].lower()}" for each in ChangeClass if counts.get(each)]
    return f"{what}: {', '.join(said)}" if said else ""


def _comparison(found: Comparison, report: Report) -> list[Block]:
    """Return everything that differs from the run it is compared with."""
    lines = [*_compared(found, report)]
    lines += _named("Suites added", found.suites_added)
    lines += _named("Suites removed", found.suites_removed)
    for each in found.suite_counts:
        lines += _facts_lines({f"Suite {each.suite}": f"{_three(each.before)} {ARROW} {_three(each.now)}"})
    lines += _named("New", [_changed_name(each) for each in found.added], total=found.added_total)
    lines += _named("Missing", [_changed_name(each) for each in found.removed], total=found.removed_total)
    for change in found.changed:
        words = f"{change.old or 'nothing'} {ARROW} {change.new or 'nothing'}"
        lines.append(_told(_changed_name(change), words, "", _url(report, change.url)))
    for moved in found.measurements:
        words = f"{moved.old:.10g} {ARROW} {moved.new:.10g} {moved.units}".rstrip()
        lines.append(_told(f"{moved.suite} / {moved.name}", words, f"on {moved.device}" if moved.device else "", ""))
    more = found.changed_total - len(found.changed)
    lines += _plain([f"{more:,} more changed results"] if more > 0 else [])
    lines += _named("Ignored", found.ignored)
    blocks = [Block(key="comparison", title="Compared", lines=tuple(lines), url=_url(report, found.url))]
    if found.excerpt is not None:
        shown = tuple(Line(text=one_line(text, longest=LONGEST_LINE)) for text in found.excerpt.lines)
        title = f"What changed on {one_line(found.excerpt.device)}"
        blocks.append(Block(key="excerpt", title=title, lines=shown, is_code=True, url=_url(report, found.excerpt.url)))
    return blocks


def _named(title: str, names: Iterable[str], *, total: int = 0) -> tuple[Line, ...]:
    shown = [one_line(name, longest=100) for name in names]
    if not shown:
        return ()
    return (Line(label=title, text=listed(shown, most=MOST_NAMES, total=total)),)


def _changed_name(line: ChangedLine) -> str:
    return f"{line.suite} / {line.name}" if line.suite else line.name


def _three(counts: tuple[int, int, int]) -> str:
    passed, failed, skipped = counts
    return f"{passed:,} passed, {failed:,} failed, {skipped:,} skipped"


def _suite(suite: Suite, report: Report) -> Block:
    counts = ", ".join(f"{count:,} {result}" for result, count in suite.counts.items() if count)
    return Block(
        key="suite",
        title=f"Suite {one_line(suite.name)}: {counts}",
        lines=tuple(_case(line, report) for line in suite.cases),
        total=suite.total,
        url=_url(report, suite.url),
    )


def _metadata(metadata: Mapping[str, object]) -> Block:
    facts = {name: each if isinstance(each, str) else json.dumps(each, default=str) for name, each in metadata.items()}
    return Block(key="metadata", title="Metadata", lines=tuple(_facts_lines(facts)))


def _result(line: DeviceLine, report: Report) -> Block:
    return Block(
        key="result",
        title=f"Result of {one_line(line.name)}",
        lines=tuple(Line(text=_printable(text)) for text in line.result.splitlines()),
        url=_url(report, line.url),
        is_code=True,
    )


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() else " " for char in text)[:LONGEST_LINE]


def _link(report: Report) -> Block:
    if not report.options.include_link:
        return Block(key="link")
    lines = [Line(text="Run and log", url=report.run.url)]
    if report.log is not None:
        whole = "the whole log" if report.log.is_whole else f"the end of a log of {report.log.total_bytes:,} bytes"
        lines.append(Line(text=f"Log ({whole} is attached where there are attachments)", url=report.log.url))
    return Block(key="link", lines=tuple(lines))
