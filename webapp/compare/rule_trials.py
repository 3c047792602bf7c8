"""What do rules hit in the logs and results of the last runs of a service?"""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from webapp.compare.programs import run_program
from webapp.compare.trial import Found, Sample, TrialSource, TrialTask
from webapp.domain.compare_options import NoiseRule, RuleKind
from webapp.errors import BusyError
from webapp.store.db import Session
from webapp.store.logs import list_logs, read_log
from webapp.store.runs import Run, page_runs
from webapp.store.same_results import iterate_results, list_same_results

PROGRAM = "webapp.compare.trial"
RUNS = 5
LOGS = 40  # of a run
LOG_BYTES = 512 * 1024  # of the beginning of a log
RESULT_BYTES = 256 * 1024  # larger results are left out
MOST_BYTES = 6 * 1024 * 1024  # in all
MOST_SAMPLES = 5
BUDGET_S = 4.0  # for the rules up to the one that doesn't end
TOTAL_S = 12.0
AT_ONCE = 2

_room = threading.Semaphore(AT_ONCE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A log (`stream`), or the JSON result of a device."""

    run: Run
    stream: str
    is_json: bool
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A line that a rule hits, or a place, and where it is."""

    source: Source
    sample: Sample


@dataclass(slots=True, kw_only=True)
class RuleTrial:
    """What one rule hits: how many lines, or places in JSON results, and some of them.

    `fault` says why it was not tried to the end, empty when it was.
    """

    rule: NoiseRule
    hits: int = 0
    samples: list[Hit] = field(default_factory=list)
    fault: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What rules hit, and in what they were tried: so many runs, logs and JSON results."""

    rules: Sequence[RuleTrial]
    runs: int
    logs: int
    results: int


def try_rules(session: Session, service_id: int, rules: Sequence[NoiseRule]) -> Trial:
    """Try rules on the last runs of a service, in a process that is killed when the time is over.

    A tolerance hits nothing by itself: it needs two results.

    Args:
        session: a reading session.
        service_id: the service.
        rules: checked ones.

    Raises:
        BusyError: as many as are allowed try rules just now.
    """
    if not _room.acquire(blocking=False):
        raise BusyError("others are trying rules just now; try again in some seconds")
    try:
        return _try(session, service_id, rules)
    finally:
        _room.release()


def _try(session: Session, service_id: int, rules: Sequence[NoiseRule]) -> Trial:
    runs = page_runs(session, service_id=service_id, limit=RUNS).items
    sources = _gather(session, runs)
    trials = [RuleTrial(rule=rule) for rule in rules]
    waiting = [trial for trial in trials if trial.rule.kind is not RuleKind.TOLERANCE]
    end = time.monotonic() + TOTAL_S
    while waiting and sources:
        left_s = end - time.monotonic()
        if left_s <= 0:
            for trial in waiting:
                trial.fault = "not tried: the rules before it took all the time"
            break
        done = _run(waiting, sources, min(left_s, BUDGET_S))
        if done < len(waiting):
            waiting[done].fault = "takes too long: it was ended, and would be in every comparison"
        waiting = waiting[done + 1 :]
    logs = sum(not source.is_json for source in sources)
    return Trial(rules=trials, runs=len(runs), logs=logs, results=len(sources) - logs)


def _run(trials: Sequence[RuleTrial], sources: Sequence[Source], budget_s: float) -> int:
    """Run the program once, note what it found, and return how many of the rules it came to the end with."""
    task = TrialTask(
        rules=[(trial.rule.kind, trial.rule.pattern) for trial in trials],
        sources=[TrialSource(content=source.content, is_json=source.is_json) for source in sources],
    )
    answer = run_program(PROGRAM, msgspec.msgpack.encode(task), budget_s=budget_s)
    for line in answer.lines:
        found = msgspec.json.decode(line, type=Found)
        trial, source = trials[found.rule], sources[found.source]
        trial.hits += found.hits
        room = MOST_SAMPLES - len(trial.samples)
        trial.samples += [Hit(source=source, sample=sample) for sample in found.samples[:room]]
    return len(answer.lines) // len(sources)


def _gather(session: Session, runs: Sequence[Run]) -> list[Source]:
    """Return the beginnings of the logs and the JSON results of runs, the newest first, up to some bytes in all."""
    sources: list[Source] = []
    room = MOST_BYTES
    for run in runs:
        for source in (*_logs(session, run, room), *_results(session, run, room)):
            if len(source.content) <= room:
                sources.append(source)
                room -= len(source.content)
    return sources


def _logs(session: Session, run: Run, room: int) -> list[Source]:
    logs = list_logs(session, run_id=run.id, limit=LOGS) if room > 0 else []
    return [
        Source(
            run=run,
            stream=log.stream,
            is_json=False,
            content=b"".join(read_log(session, log, stop=min(LOG_BYTES, room))),
        )
        for log in logs
    ]


def _results(session: Session, run: Run, room: int) -> list[Source]:
    same = {each.blob_id: each for each in list_same_results(session, run_id=run.id, attempt=None)} if room > 0 else {}
    small: list[int] = []
    for blob_id, each in same.items():
        if blob_id is not None and each.size <= min(RESULT_BYTES, room):
            small.append(blob_id)
            room -= each.size
    return [
        Source(run=run, stream=same[blob_id].names[0], is_json=True, content=raw)
        for blob_id, raw in iterate_results(session, small)
    ]
