"""What does this server know that a notify block may name: accounts, queries, channels, destinations, hosts?"""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

import idna

from webapp.domain.access import Caller
from webapp.domain.notice_block import read_notify
from webapp.domain.notice_options import find_unreachable, read_notice_options
from webapp.domain.policy import Checked, SavedQuery
from webapp.domain.policy_check import check_policy
from webapp.errors import InvalidError, QueryError
from webapp.notify.addresses import read_guard
from webapp.notify.contract import WirePolicy
from webapp.notify.office import Office
from webapp.notify.selecting import find_visible, read_query
from webapp.store.accounts import find_user_by_name
from webapp.store.db import Session
from webapp.store.destinations import find_destination, list_destinations


class ServerKnown:
    """Answers from the database and the settings.

    Args:
        session: a reading session.
        office: what sends notices.
        now: the moment, for filters that speak of days.
        viewer: the submitter, or whoever hands the block in, who must see the saved queries; None sees shared ones.
    """

    def __init__(self, session: Session, office: Office, *, now: datetime, viewer: Caller | None) -> None:
        self._session = session
        self._policy: WirePolicy = office.policy(session)
        self._now = now
        self._viewer = viewer
        self.methods: Collection[str] = frozenset(office.channels.names)

    def find_user_fault(self, name: str) -> str:
        """Say what is wrong with an account's name."""
        return "" if find_user_by_name(self._session, name) is not None else f"there is no account {name[:60]!r}"

    def find_destination_fault(self, name: str) -> str:
        """Say what is wrong with a named destination."""
        if find_destination(self._session, name) is not None:
            return ""
        known = ", ".join(each.name for each in list_destinations(self._session)) or "none yet"
        return f"there is no destination {name[:60]!r}; there is {known}"

    def find_query_fault(self, text: str) -> str:
        """Say what is wrong with a filter."""
        try:
            read_query(text, now=self._now)
        except QueryError as error:
            return f"{error} (at character {error.position + 1})"
        return ""

    def find_saved_query_fault(self, query: SavedQuery) -> str:
        """Say what is wrong with a saved query; one that may not be seen is not there."""
        found = find_visible(self._session, query, viewer=self._viewer)
        if found is None:
            return f"there is no saved query {query.username}/{query.name}"
        fault = self.find_query_fault(found.text)
        return f"the saved query {found.title} can't be read any more: {fault}" if fault else ""

    def find_host_fault(self, host: str) -> str:
        """Say why a host may not be called."""
        if not self._policy.allowed_hosts:
            return ""
        guard = read_guard(hosts=self._policy.allowed_hosts, networks=())
        return "" if guard.allows_host(_as_used(host)) else f"the host {host[:80]!r} is not in CALLBACK_ALLOWED_HOSTS"


class Lenient:
    """Takes every name for good: what is gone meanwhile is found out one by one, when somebody is told.

    Args:
        methods: the names of the channels.
    """

    def __init__(self, methods: Collection[str]) -> None:
        self.methods = methods

    def find_user_fault(self, _name: str) -> str:
        """Find nothing."""
        return ""

    find_destination_fault = find_query_fault = find_host_fault = find_user_fault

    def find_saved_query_fault(self, _query: SavedQuery) -> str:
        """Find nothing."""
        return ""


def _as_used(host: str) -> str:
    """Return a host in the form that a client uses; one that has none fits no pattern."""
    try:
        return host if host.isascii() else idna.encode(host, uts46=True).decode()
    except idna.IDNAError:
        return ""


def check_block(
    session: Session, office: Office, block: object, *, now: datetime, viewer: Caller | None, path: str = "notify"
) -> Checked:
    """Return what a notify block wants and every fault, asked of everything the server knows."""
    return check_policy(block, ServerKnown(session, office, now=now, viewer=viewer), path=path)


def require_block(
    session: Session, office: Office, block: object, *, now: datetime, viewer: Caller | None, path: str = "notify"
) -> Checked:
    """Return what a notify block wants.

    Raises:
        InvalidError: it has faults; it names all of them.
    """
    checked = check_block(session, office, block, now=now, viewer=viewer, path=path)
    if checked.faults:
        raise InvalidError(*checked.faults)
    return checked


def check_options(
    session: Session,
    office: Office,
    options: Mapping[str, Any],
    *,
    now: datetime,
    viewer: Caller | None,
    path: str = "options",
) -> None:
    """Check what a service's options say about notices: words, whom they name, and the notify block.

    Raises:
        InvalidError: they have faults; it names all of them.
    """
    read = read_notice_options(options)
    faults = list(read.faults)
    faults += find_unreachable(
        read,
        methods=office.channels.names,
        destinations=[each.name for each in list_destinations(session)],
        has_mail=bool(office.settings.text(session, "MAIL_RECIPIENTS")),
    )
    if read.notify is not None:
        try:
            faults += check_block(session, office, read_notify(read.notify), now=now, viewer=viewer).faults
        except InvalidError as error:
            faults += error.faults
    if faults:
        raise InvalidError(*((f"{path}.{place}", message) for place, message in faults))
