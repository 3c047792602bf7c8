"""What does a service ignore: how is a rule added, changed, moved and removed by people who look at the list?"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from hashlib import sha256

import msgspec

from webapp.domain.compare_options import OPTION, NoiseRule, read_compare_options
from webapp.errors import ConflictError, NotFoundError
from webapp.ingest.services import ServiceFields, put_service
from webapp.store.db import Session
from webapp.store.recording_services import find_service, get_options

CHANGED = "somebody has changed the rules meanwhile: look at them again"

Edit = Callable[[list[NoiseRule]], None]


def version_of(rules: Sequence[NoiseRule]) -> str:
    """Return a short name of a list of rules, by which an edit knows that it is still the one that was looked at."""
    return sha256(msgspec.json.encode([rule.write() for rule in rules], order="sorted")).hexdigest()[:16]


def add_rule(session: Session, slug: str, rule: NoiseRule, *, by_id: int | None, now: datetime) -> None:
    """Add a rule behind the others; one that is there already changes nothing.

    Raises:
        NotFoundError: there is no such service.
        InvalidError: there are as many rules as are allowed.
    """

    def edit(rules: list[NoiseRule]) -> None:
        if rule not in rules:
            rules.append(rule)

    edit_rules(session, slug, edit, version="", by_id=by_id, now=now)


def edit_rules(session: Session, slug: str, edit: Edit, *, version: str, by_id: int | None, now: datetime) -> None:
    """Change the list of rules that somebody has looked at.

    Args:
        session: a writing session.
        slug: the service.
        edit: changes the list that it is given.
        version: the version of the list that was looked at; empty when that doesn't matter.
        by_id: who does it.
        now: the moment.

    Raises:
        NotFoundError: there is no such service, or no rule in that place.
        ConflictError: the list is another one meanwhile.
        InvalidError: the service's other options for comparing can't be kept.
    """
    service = find_service(session, slug)  # its lock lets nobody else change them meanwhile
    if service is None:
        raise NotFoundError(f"there is no service {slug}")
    options = read_compare_options(get_options(session, service.id))
    if version not in ("", version_of(options.rules)):
        raise ConflictError(CHANGED)
    rules = list(options.rules)
    try:
        edit(rules)
    except IndexError as error:
        raise NotFoundError(f"the service {slug} has no such rule") from error
    changed = replace(options, rules=tuple(rules))
    put_service(session, slug, ServiceFields(options={OPTION: changed.write()}), by_id=by_id, now=now)


def replacing(place: int, rule: NoiseRule) -> Edit:
    """Return the edit that puts a rule in the place of another one, counted from 0."""

    def edit(rules: list[NoiseRule]) -> None:
        rules[place] = rule

    return edit


def removing(place: int) -> Edit:
    """Return the edit that removes a rule."""

    def edit(rules: list[NoiseRule]) -> None:
        del rules[place]

    return edit


def moving(place: int, by: int) -> Edit:
    """Return the edit that moves a rule up (-1) or down (1), as far as it goes."""

    def edit(rules: list[NoiseRule]) -> None:
        to = min(max(place + by, 0), len(rules) - 1)
        rules.insert(to, rules.pop(place))

    return edit
