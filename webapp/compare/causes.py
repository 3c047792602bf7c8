"""Which causes do the failures of a run have, and which of them are new?

Source of the rules: docs/comparing.md, section "Causes".
"""

import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256

from webapp.compare.runs import Side
from webapp.domain.logdisplay import plain_line, split_stamp
from webapp.domain.signatures import Part, Signer, Template, headline
from webapp.store.db import Session
from webapp.store.failures import Failure, list_failures, list_names
from webapp.store.log_errors import first_errors
from webapp.store.runs import Run

EXTENSION = "afterrun.causes"  # where an application keeps its cache
# Of so many failing devices without a message the log is asked for its first error.
MOST_LOGS = 200
# So many sections are kept by a process.
KEPT = 16

_SectionKey = tuple[int, int | None, datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Failures with the same signature.

    Args:
        code: the short name of the signature, the same in every run.
        parts: the headline, its variable parts marked.
        devices: the ids of the device results that fail by it.
        cases: the ids of the case results that fail by it.
        example: the first of its failures.
        message: what is known about that one: its message, or the first error of its log.
        is_new: no failure of the base had it; None when there is no base.
    """

    code: str
    parts: Sequence[Part]
    devices: Sequence[int]
    cases: Sequence[int]
    example: Failure
    message: str
    is_new: bool | None

    @property
    def count(self) -> int:
        """Return how many failures it has."""
        return len(self.devices) + len(self.cases)

    @property
    def text(self) -> str:
        """Return the headline with the kinds of the variable parts in their places."""
        return "".join(f"<{part.text}>" if part.is_variable else part.text for part in self.parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Causes:
    """The causes of a run's failures, the most frequent first.

    Args:
        items: the causes.
        gone: those that only the base has.
        base: the run that the causes are held against, if there is one.
    """

    items: Sequence[Cause]
    gone: Sequence[Cause]
    base: Run | None

    @property
    def failures(self) -> int:
        """Return how many failures there are."""
        return sum(cause.count for cause in self.items)

    def find(self, code: str) -> Cause | None:
        """Return the cause with this code, if there is one."""
        return next((cause for cause in self.items if cause.code == code), None)


@dataclass(slots=True, kw_only=True)
class _Group:
    """The failures of one signature so far."""

    template: Template
    example: Failure
    message: str
    devices: list[int] = field(default_factory=list)
    cases: list[int] = field(default_factory=list)


class CauseCache:
    """Finds causes, and keeps those of the last sections that were asked for while their runs do not change."""

    def __init__(self, limit: int = KEPT) -> None:
        self._limit = limit
        self._kept: OrderedDict[_SectionKey, Mapping[str, _Group]] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, session: Session, side: Side, *, base: Run | None) -> Causes:
        """Return the causes of the failures of a run's section.

        Args:
            session: a reading session.
            side: the run, and its attempt or its overall section.
            base: the run that they are held against, if there is one.
        """
        groups = self._groups(session, side)
        earlier = self._groups(session, Side(run=base)) if base is not None else {}
        return Causes(
            items=_ranked(
                _cause(code, group, is_new=None if base is None else code not in earlier)
                for code, group in groups.items()
            ),
            gone=_ranked(_cause(code, group, is_new=None) for code, group in earlier.items() if code not in groups),
            base=base,
        )

    def _groups(self, session: Session, side: Side) -> Mapping[str, _Group]:
        key = (side.run.id, side.attempt, side.run.touched_at)
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
                return found
        made = _group(session, side)
        with self._lock:
            self._kept[key] = made
            while len(self._kept) > self._limit:
                self._kept.popitem(last=False)
        return made


def _group(session: Session, side: Side) -> dict[str, _Group]:
    """Return the failures of a section by the codes of their signatures."""
    run_id, attempt = side.run.id, side.attempt
    failures = list_failures(session, run_id=run_id, attempt=attempt)
    if not failures:
        return {}
    signer = Signer(list_names(session, run_id=run_id, attempt=attempt))
    lines = [headline(failure.message) for failure in failures]
    logged = _first_errors(session, run_id, [each for each, line in zip(failures, lines, strict=True) if not line])
    groups: dict[str, _Group] = {}
    for failure, line in zip(failures, lines, strict=True):
        error = "" if line or failure.is_case else logged.get(failure.device, "")
        line = line or headline(error) or f"{failure.word}, without a message"
        signature, values = signer.read(line, device=failure.device)
        group = groups.get(signature.key)
        if group is None:
            template = Template(signature, values)
            group = groups[signature.key] = _Group(template=template, example=failure, message=error or failure.message)
        else:
            group.template.add(values)
        (group.cases if failure.is_case else group.devices).append(failure.id)
    return {_code(key): group for key, group in groups.items()}


def _first_errors(session: Session, run_id: int, silent: Sequence[Failure]) -> dict[str, str]:
    """Return the first errors that the logs of devices tell of, without the time that most lines begin with."""
    streams = [failure.device for failure in silent if not failure.is_case][:MOST_LOGS]
    found = first_errors(session, run_id=run_id, streams=streams) if streams else {}
    return {stream: split_stamp(plain_line(line))[1] for stream, line in found.items()}


def _code(key: str) -> str:
    return sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def _cause(code: str, group: _Group, *, is_new: bool | None) -> Cause:
    return Cause(
        code=code,
        parts=group.template.parts(),
        devices=group.devices,
        cases=group.cases,
        example=group.example,
        message=group.message,
        is_new=is_new,
    )


def _ranked(causes: Iterable[Cause]) -> list[Cause]:
    return sorted(causes, key=lambda cause: (-cause.count, cause.text))
