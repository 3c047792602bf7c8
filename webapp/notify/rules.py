"""Which rules does a run have: its own block or its service's, the service's options, handlers; and which fire?"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any

from webapp.domain.notice_block import faults_of, read_notify
from webapp.domain.notice_options import NoticeOptions, read_notice_options
from webapp.domain.notices import Event
from webapp.domain.outcome import RunStatus
from webapp.domain.policy import CompareWish, Policy
from webapp.domain.policy_check import check_policy
from webapp.domain.policy_match import Happening, asks_for_changes, find_mismatch, reaches
from webapp.errors import AfterrunError, InvalidError, QueryError, SettingError
from webapp.notify.addressee import Addressee
from webapp.notify.changes import find_changes
from webapp.notify.contract import Target
from webapp.notify.dependencies import find_group
from webapp.notify.handlers import CUSTOM, Handler
from webapp.notify.known import Lenient
from webapp.notify.office import HANDLER, Office
from webapp.notify.recipients import (
    EMAIL,
    Asking,
    addressees_of,
    configured,
    to_addresses,
    to_destination,
    to_repository,
)
from webapp.notify.selecting import find_previous, read_query
from webapp.notify.subscriptions import policy_of
from webapp.notify.wants import Wants
from webapp.query.expressions import EVERYTHING
from webapp.store.db import Session
from webapp.store.inventory import get_service
from webapp.store.runs import Run, get_run_detail
from webapp.store.selections import selects_run
from webapp.store.subscriptions import list_in_force

RUN_BLOCK = "the run's notify block"
SERVICE_BLOCK = "the service's notify block"
OPTIONS = "the service's options"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule, held against one event.

    Args:
        route: whose it is, for people.
        mismatch: why it does not fire; empty when it does.
        addressees: whom it tells, or would tell; those who can't be reached say why.
        faults: what is wrong with it.
        group: what is equal for all runs of its `dependency_query`, of which one tells; empty without one.
    """

    route: str
    mismatch: str = ""
    addressees: tuple[Addressee, ...] = ()
    faults: tuple[tuple[str, str], ...] = ()
    group: str = ""


@dataclass(frozen=True, kw_only=True)
class Occasion:
    """An event of a run, with what its rules ask for, each looked up once.

    Args:
        session: a reading session.
        office: what sends notices.
        run: the run as it is stored now.
        event: what happened to it.
        now: the moment.
        given: the service's options to go by; None for those that are stored.
    """

    session: Session
    office: Office
    run: Run
    event: Event
    now: datetime
    given: NoticeOptions | None = None
    _happenings: dict[CompareWish | None, Happening] = field(default_factory=dict)

    @cached_property
    def options(self) -> NoticeOptions:
        """Return what the service wants."""
        if self.given is not None:
            return self.given
        return read_notice_options(get_service(self.session, self.run.service).options)

    @cached_property
    def run_block(self) -> Mapping[str, Any] | None:
        """Return the run's own block."""
        return get_run_detail(self.session, self.run.id).notify

    def happening(self, *, compare: CompareWish | None = None, with_changes: bool = False) -> Happening:
        """Return what happened, as criteria ask; what changed only when that is asked for.

        Raises:
            QueryError: what is compared with can't be read.
        """
        is_running = self.event is Event.RUNNING
        plain = Happening(
            event=self.event,
            status=RunStatus.RUNNING if is_running else self.run.status,
            level=None if is_running else self.run.level,
        )
        if not with_changes or is_running or self.run.status is RunStatus.CANCELED:
            return plain
        if compare not in self._happenings:
            earlier = find_previous(self.session, self.run, compare, now=self.now)
            changes = find_changes(self.session, self.run, earlier).as_criteria_see
            self._happenings[compare] = replace(plain, changes=changes)
        return self._happenings[compare]

    def asking(self, route: str, wants: Wants) -> Asking:
        """Return who asks for the ways to somebody."""
        return Asking(session=self.session, office=self.office, run=self.run, route=route, wants=wants, now=self.now)


def rules_of(occasion: Occasion) -> list[Rule]:
    """Return every rule of a run, in the order in which they are served."""
    rules = []
    if occasion.run_block is not None:
        rules.append(_block(occasion, occasion.run_block, RUN_BLOCK))
    else:
        if occasion.options.notify is not None:
            rules.append(_block(occasion, occasion.options.notify, SERVICE_BLOCK))
        if occasion.options.destinations:
            rules.append(_options(occasion))
    rules += _handlers(occasion)
    rules += _subscriptions(occasion)
    if occasion.options.push_to_git:
        rules.append(_git(occasion))
    return rules


def _block(occasion: Occasion, block: Mapping[str, Any] | str, route: str) -> Rule:
    """Return a block as a rule; one that is faulty, or was when it was handed in, tells nobody, and that is told."""
    if refused := faults_of(block):
        return _faulty(occasion, route, refused)
    try:
        checked = check_policy(read_notify(block), Lenient(frozenset(occasion.office.channels.names)))
    except InvalidError as error:
        return _faulty(occasion, route, error.faults)
    if checked.policy is None or checked.faults:
        return _faulty(occasion, route, checked.faults)
    return _policy(occasion, checked.policy, route, asked_by=occasion.run.submitter)


def _policy(occasion: Occasion, policy: Policy, route: str, *, asked_by: str | None) -> Rule:
    criteria = policy.criteria
    wants = Wants(verbosity=policy.verbosity, compare=policy.compare)
    try:
        happening = occasion.happening(compare=policy.compare, with_changes=asks_for_changes(criteria))
        mismatch = find_mismatch(criteria, happening)
        group = None
        if not mismatch and (criteria.dependency_saved or criteria.dependency_query):
            group = find_group(
                occasion.session, occasion.run, occasion.event, criteria, asked_by=asked_by, now=occasion.now
            )
            mismatch = group.mismatch
        addressees = addressees_of(occasion.asking(route, wants), policy)
    except AfterrunError as error:
        return _faulty(occasion, route, [("notify", str(error))])
    return Rule(
        route=route,
        mismatch=mismatch,
        addressees=tuple(addressees),
        group=group.key if group is not None else "",
    )


def _faulty(occasion: Occasion, route: str, faults: object) -> Rule:
    found = tuple(faults) if isinstance(faults, list | tuple) else ()
    sentence = "; ".join(f"{path}: {message}" for path, message in found)
    asking = occasion.asking(route, Wants())
    nobody = asking.unreached("", route, f"nobody is told, because it is faulty: {sentence}"[:2_000])
    mismatch = "" if occasion.event is Event.ENDED else "what is faulty is told at the end"
    return Rule(route=route, mismatch=mismatch, addressees=(nobody,), faults=found)


def _options(occasion: Occasion) -> Rule:
    """Return the destinations that the service's options name; they hear of every end."""
    asking = occasion.asking(OPTIONS, Wants())
    mismatch = "" if occasion.event is Event.ENDED else "it tells of ends only"
    found: list[Addressee] = []
    for name in occasion.options.destinations:
        if name == EMAIL and occasion.options.mail_recipients:
            found += to_addresses(asking, occasion.options.mail_recipients)
        elif name in occasion.office.channels.names:
            found += configured(asking, name, "", to=name)
        else:
            found += to_destination(asking, name)
    return Rule(route=OPTIONS, mismatch=mismatch, addressees=tuple(found))


def _handlers(occasion: Occasion) -> list[Rule]:
    try:
        handlers = occasion.office.handlers(occasion.session)
    except SettingError as error:
        return [_faulty(occasion, "the handlers", [("handlers", str(error))])]
    return [_handler(occasion, handler) for handler in handlers]


def _handler(occasion: Occasion, handler: Handler) -> Rule:
    route = f"the handler {handler.name}"
    happening = occasion.happening()
    mismatch = ""
    if occasion.event is not Event.ENDED or not reaches(happening.level, handler.level):
        has = f"the level {happening.level}" if happening.level else "no level"
        mismatch = f"the run has {has}, and the handler hears of {handler.level} and worse"
    asking = occasion.asking(route, Wants())
    source = f"{HANDLER}{handler.name}"
    if handler.channel == CUSTOM:
        target = Target(to=handler.name)
        own = Addressee(channel=CUSTOM, route=route, target=target, wants=Wants(), source=source)
        return Rule(route=route, mismatch=mismatch, addressees=(own,))
    found = configured(asking, handler.channel, source, to=handler.name)
    return Rule(route=route, mismatch=mismatch, addressees=tuple(found))


def _subscriptions(occasion: Occasion) -> list[Rule]:
    """Return the subscriptions whose filter selects the run."""
    rules = []
    for each in list_in_force(occasion.session):
        route = f"a subscription of {each.user}"
        try:
            where = read_query(each.query, now=occasion.now) if each.query else EVERYTHING
        except QueryError as error:
            rules.append(Rule(route=route, mismatch=f"its filter can't be read: {error}"))
            continue
        policy = policy_of(each)
        if policy is not None and selects_run(occasion.session, where=where, run_id=occasion.run.id):
            rules.append(_policy(occasion, policy, route, asked_by=each.user))
    return rules


def _git(occasion: Occasion) -> Rule:
    """Return the repositories that the run is pushed to; a canceled one is not, and that is told."""
    asking = occasion.asking(OPTIONS, Wants())
    mismatch = "" if occasion.event is Event.ENDED else "results are pushed when a run has ended"
    addressees = (to_repository(asking, name) for name in occasion.options.push_to_git)
    return Rule(route=OPTIONS, mismatch=mismatch, addressees=tuple(addressees))
