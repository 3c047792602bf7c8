"""Is it counted what rules hit in the last runs, and does a rule without end stop nothing but itself?"""

from collections.abc import Iterator

import msgspec
import pytest
from flask import Flask

from tests.compare.test_programs import ENDLESS, SLOW_TEXT
from tests.factories.runs import Device, record_run
from webapp.compare import rule_trials
from webapp.compare.rule_trials import RuleTrial, Trial, try_rules
from webapp.compare.trial import Found, TrialSource, TrialTask, work
from webapp.domain.compare_options import NoiseRule, RuleKind
from webapp.errors import BusyError
from webapp.store.db import db
from webapp.store.inventory import get_service

pytestmark = pytest.mark.integration

MASK = NoiseRule(kind=RuleKind.MASK, pattern=r"serial \w+")
LINE = NoiseRule(kind=RuleKind.LINE, pattern="^DEBUG")
PATH = NoiseRule(kind=RuleKind.PATH, pattern="$..up")
TOLERANCE = NoiseRule(kind=RuleKind.TOLERANCE, tolerance=1.0)
SLOW = NoiseRule(kind=RuleKind.MASK, pattern=ENDLESS.pattern)


def attempt(*rules: NoiseRule) -> Trial:
    session = db.session()
    return try_rules(session, get_service(session, "audit").id, rules)


def told(trial: RuleTrial) -> Iterator[tuple[int, str, int, str]]:
    for hit in trial.samples:
        yield hit.source.run.number, hit.source.stream, hit.sample.line, hit.sample.text


@pytest.fixture
def runs(app: Flask) -> None:
    """Record two runs with logs and results."""
    record_run(app, logs={"run": ["old serial AX1"]})
    record_run(
        app,
        devices=[
            Device(name="a", result={"text": "serial AX2\nserial AX3", "up": 5, "ports": [{"up": 1}]}),
            Device(name="b", result={"text": "serial AX2\nserial AX3", "up": 5, "ports": [{"up": 1}]}),
        ],
        logs={"run": ["first", "\x1b[1mserial AX4 and serial AX5\x1b[0m", "DEBUG x"], "a": ["DEBUG \u00e9"]},
    )


def test_hits_of_every_kind(runs: None) -> None:
    trial = attempt(MASK, LINE, PATH, TOLERANCE)
    assert (trial.runs, trial.logs, trial.results) == (2, 3, 1)
    mask, line, path, tolerance = trial.rules
    assert [each.fault for each in trial.rules] == [""] * 4
    assert list(told(mask)) == [
        (2, "run", 2, "\N{SYMBOL FOR ESCAPE}[1mserial AX4 and serial AX5\N{SYMBOL FOR ESCAPE}[0m"),
        (2, "a", 0, "serial AX2"),
        (2, "a", 0, "serial AX3"),
        (1, "run", 1, "old serial AX1"),
    ]
    assert mask.hits == 4
    assert mask.samples[0].sample.spans == [(4, 14), (19, 29)]
    assert (line.hits, [each[1:3] for each in told(line)]) == (2, [("a", 1), ("run", 3)])
    assert (path.hits, [each[3] for each in told(path)]) == (2, ["$.ports[0].up", "$.up"])
    assert (tolerance.hits, tolerance.samples) == (0, [])


def test_long_lines_are_shown_around_the_hit(app: Flask) -> None:
    record_run(app, logs={"run": ["x" * 500 + " serial AX1 " + "y" * 500]})
    (hit,) = attempt(MASK).rules[0].samples
    (span,) = hit.sample.spans
    assert hit.sample.text[slice(*span)] == "serial AX1"
    assert len(hit.sample.text) == 200


def test_bytes_that_are_no_text_are_shown_harmless() -> None:
    source = TrialSource(content=b"ok\n\xff\x00 serial AX1\r\nserial end", is_json=False)
    (line,) = work(msgspec.msgpack.encode(TrialTask(rules=[(MASK.kind, MASK.pattern)], sources=[source])))
    found = msgspec.json.decode(line, type=Found)
    assert (found.hits, [(each.line, each.text) for each in found.samples]) == (
        2,
        [(2, "\ufffd\N{SYMBOL FOR NULL} serial AX1\N{SYMBOL FOR CARRIAGE RETURN}"), (3, "serial end")],
    )


def test_a_rule_without_end_is_named_and_the_others_are_tried(
    app: Flask, runs: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rule_trials, "BUDGET_S", 2.0)
    record_run(app, logs={"run": [SLOW_TEXT]})
    first, slow, last = attempt(MASK, SLOW, LINE).rules
    assert (first.hits, first.fault, last.hits, last.fault) == (4, "", 2, "")
    assert "takes too long" in slow.fault


def test_rules_wait_no_longer_than_the_whole_time(app: Flask, runs: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rule_trials, "BUDGET_S", 1.0)
    monkeypatch.setattr(rule_trials, "TOTAL_S", 1.0)
    record_run(app, logs={"run": [SLOW_TEXT]})
    slow, last = attempt(SLOW, MASK).rules
    assert "takes too long" in slow.fault
    assert "not tried" in last.fault


def test_only_so_much_is_looked_at(runs: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rule_trials, "LOG_BYTES", 5)
    assert attempt(MASK).rules[0].hits == 2
    monkeypatch.setattr(rule_trials, "RESULT_BYTES", 5)
    trial = attempt(MASK)
    assert (trial.logs, trial.results, trial.rules[0].hits) == (3, 0, 0)
    monkeypatch.setattr(rule_trials, "MOST_BYTES", 0)
    assert attempt(MASK, LINE).logs == 0


def test_few_may_try_at_once(runs: None, monkeypatch: pytest.MonkeyPatch) -> None:
    assert rule_trials._room.acquire(blocking=False)
    assert rule_trials._room.acquire(blocking=False)
    try:
        with pytest.raises(BusyError, match="try again"):
            attempt(MASK)
    finally:
        rule_trials._room.release()
        rule_trials._room.release()
    assert attempt(MASK).rules[0].hits == 4
