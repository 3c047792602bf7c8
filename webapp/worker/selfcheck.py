"""Is this server well, told as a run of the service `selfcheck`: the product's first content is real."""

import logging
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import msgspec

from webapp import __version__
from webapp.clock import now
from webapp.domain.access import Caller, Role, Scope
from webapp.domain.messages import AnyEvent, AttemptStart, Case, DeviceEnd, DeviceStart, Plan, RunEnd, RunStart
from webapp.domain.outcome import CaseResult, DeviceStatus
from webapp.domain.uids import make_uid
from webapp.ingest.stream import accept_messages
from webapp.worker.checks import CHECKS, Bench, Finding, examine

SERVICE = "selfcheck"
SERVER = Caller(user_id=None, name="server", role=Role.ADMIN, scopes=frozenset({Scope.ADMIN}))

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """One check with its times."""

    name: str
    finding: Finding
    started_at: datetime
    ended_at: datetime
    duration_s: float


def report_selfcheck(bench: Bench, *, trigger: str) -> str:
    """Make every check, report them as a run like any producer, and return its uid."""
    examined = [_examine(name, bench) for name in CHECKS]
    uid = make_uid(now())
    accept_messages(messages(examined, host=socket.gethostname(), trigger=trigger), uid=uid, caller=SERVER, now=now())
    failed = [each.name for each in examined if each.finding.result is CaseResult.FAIL]
    log.info("selfcheck: %s", f"failed: {', '.join(failed)}" if failed else "all well")
    return uid


def messages(examined: list[Examined], *, host: str, trigger: str) -> Iterator[AnyEvent]:
    """Tell what was found as the messages of a run."""
    began, ended = examined[0].started_at, examined[-1].ended_at
    versions = {"afterrun": __version__}
    yield RunStart(seq=1, ts=began, service=SERVICE, trigger=trigger, host=host, versions=versions)
    yield Plan(seq=2, ts=began, devices=[host], cases=[each.name for each in examined])
    yield AttemptStart(seq=3, ts=began, attempt=1)
    yield DeviceStart(seq=4, ts=began, device=host)
    for seq, each in enumerate(examined, start=5):
        yield Case(
            seq=seq,
            ts=each.ended_at,
            device=host,
            suite=SERVICE,
            name=each.name,
            result=each.finding.result,
            message=each.finding.message,
            duration_s=each.duration_s,
            started_at=each.started_at,
        )
    failed = [each for each in examined if each.finding.result is CaseResult.FAIL]
    yield DeviceEnd(
        seq=len(examined) + 5,
        ts=ended,
        device=host,
        status=DeviceStatus.FAILED if failed else DeviceStatus.OK,
        message="; ".join(f"{each.name}: {each.finding.message}" for each in failed) or "all well",
        duration_s=max((ended - began).total_seconds(), 0.0),
        result=msgspec.Raw(msgspec.json.encode({each.name: _entry(each) for each in examined}, order="sorted")),
    )
    yield RunEnd(seq=len(examined) + 6, ts=ended, status="complete")


def _entry(each: Examined) -> dict[str, object]:
    return {"result": each.finding.result.value, "message": each.finding.message, **each.finding.facts}


def _examine(name: str, bench: Bench) -> Examined:
    started_at, began = now(), time.perf_counter()
    finding = examine(CHECKS[name], bench)
    duration_s = time.perf_counter() - began
    return Examined(name=name, finding=finding, started_at=started_at, ended_at=now(), duration_s=round(duration_s, 4))
