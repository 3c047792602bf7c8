"""How is one delivery made: its report, the message, the channel, and what became of it in words."""

import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime
from threading import Lock

from webapp.domain.deliveries import DeliveryState
from webapp.domain.notices import Event
from webapp.domain.outcome import ENDED
from webapp.errors import AfterrunError
from webapp.notify.build import Told, build_report
from webapp.notify.contract import Answer, ChannelError, Envelope, NotificationHandler, Payload
from webapp.notify.handlers import CUSTOM
from webapp.notify.office import HANDLER, Office
from webapp.notify.plan import find_run_by_id
from webapp.notify.report import Report
from webapp.notify.tokens import unseal_callback
from webapp.notify.wants import read_payload, read_target, read_wants, write_payload
from webapp.notify.wording import subject_of
from webapp.store.db import Session
from webapp.store.deliveries import Delivery, find_delivery_by_id, find_payload, find_thread_ref
from webapp.store.runs import Run

KEPT_REPORTS = 8

log = logging.getLogger(__name__)

Reading = Callable[[], AbstractContextManager[Session]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one try came to.

    Args:
        state: sent, failed or skipped; retrying when it may be tried again.
        reason: why it failed or was skipped; empty when it was sent.
        answer: what the other side said; None when nothing was asked.
        asked_s: how long the other side asked to wait.
        is_gone: the target is no more.
        payload: the message as it was written, when this try wrote it.
        thread_key: the thread it belongs to.
        duration_s: how long the other side took.
    """

    state: DeliveryState
    reason: str = ""
    answer: Answer | None = None
    asked_s: float | None = None
    is_gone: bool = False
    payload: str | None = None
    thread_key: str = ""
    duration_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ready:
    """A message that can be sent, with everything that sending needs."""

    payload: Payload
    config: object
    envelope: Envelope
    own: NotificationHandler | None
    report: Report | None


class Reports:
    """The last reports of a process: the recipients of one event share theirs."""

    def __init__(self, size: int = KEPT_REPORTS) -> None:
        self._size = size
        self._kept: OrderedDict[tuple[object, ...], Report] = OrderedDict()
        self._lock = Lock()

    def get(self, session: Session, office: Office, told: Told) -> Report:
        """Return a report, built when it is not kept."""
        key = (office, told.run.id, told.run.touched_at, told.event, told.wants.report_key)
        with self._lock:
            found = self._kept.get(key)
        if found is None:
            found = build_report(session, office, told)
            with self._lock:
                self._kept[key] = found
                while len(self._kept) > self._size:
                    self._kept.popitem(last=False)
        return found


_reports = Reports()


@dataclass(frozen=True, slots=True, kw_only=True)
class Courier:
    """Makes deliveries.

    Args:
        office: what sends notices.
        reading: opens a session that only reads.
    """

    office: Office
    reading: Reading
    reports: Reports = field(default=_reports)

    def deliver(self, delivery_id: int, *, attempt: int, now: datetime) -> Outcome | None:
        """Make a delivery and say what became of it; None when it is there no more. Nothing is open meanwhile.

        Args:
            delivery_id: which one.
            attempt: the number of this try.
            now: the moment.
        """
        with self.reading() as session:
            delivery = find_delivery_by_id(session, delivery_id)
            run = None if delivery is None else find_run_by_id(session, delivery.run_id)
            if delivery is None or run is None:
                return None
            if delivery.event is Event.RUNNING and attempt > 1 and run.status in ENDED:
                return Outcome(state=DeliveryState.SKIPPED, reason="the run has ended meanwhile")
            try:
                ready = self._prepare(session, delivery, run, attempt=attempt, now=now)
            except ChannelError as error:
                return _failure(error)
            except AfterrunError as error:
                return _failure(ChannelError(str(error), permanent=True))
        outcome = self._send(delivery, ready)
        return replace(outcome, payload=write_payload(ready.payload), thread_key=ready.envelope.thread_key)

    def render(self, session: Session, delivery: Delivery, run: Run, *, now: datetime) -> tuple[Payload, Report]:
        """Return the message of a delivery, with the report it is made of.

        Raises:
            ChannelError: the channel can't write it.
        """
        wants = read_wants(delivery.wants)
        report = self.reports.get(session, self.office, Told(run=run, event=delivery.event, wants=wants, now=now))
        if delivery.channel == CUSTOM:
            return Payload(summary=subject_of(report)), report
        channel = self.office.channels.get(delivery.channel)
        payload = channel.render(
            report,
            verbosity=wants.verbosity,
            target=read_target(delivery.target),
            templates=self.office.templates,
        )
        return payload, report

    def _prepare(self, session: Session, delivery: Delivery, run: Run, *, attempt: int, now: datetime) -> _Ready:
        kept = find_payload(session, delivery.id)
        report: Report | None = None
        thread_key = delivery.thread_key
        if kept is None or delivery.channel == CUSTOM:
            payload, report = self.render(session, delivery, run, now=now)
            thread_key = report.thread_key
        else:
            payload = read_payload(kept)
        token, secrets = unseal_callback(self.office, read_wants(delivery.wants).sealed)
        envelope = Envelope(
            target=read_target(delivery.target),
            message_id=delivery.uid,
            attempt=attempt,
            at=now,
            thread_key=thread_key,
            thread_ref=find_thread_ref(
                session, channel=delivery.channel, target_key=delivery.target_key, thread_key=thread_key
            ),
            server_url=self.office.settings.server_address(session),
            policy=self.office.policy(session),
            instance=self.office.instance,
            settings=self.office.settings,
            reading=self.reading,
            token=token,
            secrets=secrets,
        )
        own = self._find_own(session, delivery)
        config = None
        if own is None:
            config = self.office.config(session, channel=delivery.channel, source=delivery.source)
        return _Ready(payload=payload, config=config, envelope=envelope, own=own, report=report)

    def _find_own(self, session: Session, delivery: Delivery) -> NotificationHandler | None:
        """Return the instance of a handler of somebody's own class."""
        if delivery.channel != CUSTOM:
            return None
        name = delivery.source.removeprefix(HANDLER)
        found = next((each.own for each in self.office.handlers(session) if each.name == name), None)
        if found is None:
            raise ChannelError(f"the handler {name!r} is not set any more", permanent=True)
        return found

    def _send(self, delivery: Delivery, ready: _Ready) -> Outcome:
        began = time.monotonic()
        try:
            answer = self._hand_over(delivery, ready)
        except ChannelError as error:
            return replace(_failure(error), duration_s=time.monotonic() - began)
        except AfterrunError as error:
            return replace(_failure(ChannelError(str(error), permanent=True)), duration_s=time.monotonic() - began)
        except Exception as error:
            log.exception("the channel %s failed in an unforeseen way", delivery.channel)
            fault = ChannelError(f"{type(error).__name__}: {error}"[:1_000])
            return replace(_failure(fault), duration_s=time.monotonic() - began)
        return Outcome(state=DeliveryState.SENT, answer=answer, duration_s=time.monotonic() - began)

    def _hand_over(self, delivery: Delivery, ready: _Ready) -> Answer:
        if ready.own is not None and ready.report is not None:
            ready.own.emit(ready.report)
            return Answer()
        channel = self.office.channels.get(delivery.channel)
        return channel.send(ready.payload, ready.config, envelope=ready.envelope)


def _failure(error: ChannelError) -> Outcome:
    return Outcome(
        state=DeliveryState.FAILED if error.permanent else DeliveryState.RETRYING,
        reason=error.reason,
        answer=Answer(code=error.code, text=error.answer, request=error.request),
        asked_s=error.retry_after_s,
        is_gone=error.gone,
    )
