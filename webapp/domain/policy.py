"""What does a `notify` block want: the values it becomes once it was checked.

Source: docs/notifying.md; LAVA's keys keep LAVA's meaning.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from webapp.domain.notices import CallbackFormat, ContentType, Dataset, Verbosity
from webapp.domain.outcome import Level

MASK = "********"
DEVICE_OWNER = frozenset({"{DEVICE_OWNER}", "{LAVA_DEVICE_OWNER}"})


class StatusWord(StrEnum):
    """When to tell: a status, any end, or any of them."""

    RUNNING = "running"
    COMPLETE = "complete"
    INCOMPLETE = "incomplete"
    CANCELED = "canceled"
    FINISHED = "finished"
    ALL = "all"


class ChangeWord(StrEnum):
    """What must have changed for somebody to be told."""

    REGRESSION = "regression"
    PROGRESSION = "progression"
    CHANGE = "change"
    NEW_FAILURE = "new-failure"
    FIXED = "fixed"
    STILL_FAILING = "still-failing"


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedQuery:
    """A saved query by its owner and name."""

    username: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Criteria:
    """When somebody is told.

    Args:
        status: which statuses.
        types: at least one of these changes; empty asks for none.
        level: this level or a worse one; None asks for none.
        dependency_query: every other run it selects must have met the same status; empty asks for none.
        dependency_saved: the same as a saved query.
    """

    status: tuple[StatusWord, ...]
    types: tuple[ChangeWord, ...] = ()
    level: Level | None = None
    dependency_query: str = ""
    dependency_saved: SavedQuery | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """One `to`: by which method, and whom, as it was written; explicit keys win over the user's profile."""

    method: str
    user: str = ""
    email: str = ""
    handle: str = ""
    server: str = ""
    channel: str = ""
    destination: str = ""

    @property
    def is_device_owner(self) -> bool:
        """Say whether it stands for the owners of the run's devices."""
        return self.user in DEVICE_OWNER


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackWish:
    """One callback, its token and secrets as they were written."""

    url: str
    method: str = "GET"
    token: str = ""
    header: str = "Authorization"
    dataset: Dataset = Dataset.MINIMAL
    content_type: ContentType = ContentType.URLENCODED
    format: CallbackFormat = CallbackFormat.LAVA
    secrets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CompareWish:
    """With which runs to compare.

    Args:
        saved: a saved query.
        query: a filter text; LAVA's conditions as text; empty with `saved` empty is the runs of the same service.
        ignore: names and patterns of suites and cases that are left out.
        tolerance: how much a measurement may move, as a share of the old value; None compares none.
    """

    saved: SavedQuery | None = None
    query: str = ""
    ignore: tuple[str, ...] = ()
    tolerance: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A checked block.

    Args:
        criteria: when.
        verbosity: how much is said.
        recipients: who; None when the block has no such key.
        callbacks: what is called; None when the block has neither key.
        compare: with what to compare; None for not at all.
    """

    criteria: Criteria
    verbosity: Verbosity = Verbosity.QUIET
    recipients: tuple[Recipient, ...] | None = None
    callbacks: tuple[CallbackWish, ...] | None = None
    compare: CompareWish | None = None

    @property
    def is_for_submitter(self) -> bool:
        """Say whether the submitter is told by mail, because the block names nobody."""
        return self.recipients is None and self.callbacks is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What became of a block: its policy, and every fault; a policy with faults holds what was right."""

    policy: Policy | None
    faults: Sequence[tuple[str, str]] = field(default_factory=tuple)


def dump_policy(policy: Policy) -> dict[str, Any]:
    """Return a policy as the block that means the same, every default written out and secrets masked."""
    block: dict[str, Any] = {"criteria": _dump_criteria(policy.criteria), "verbosity": str(policy.verbosity)}
    if policy.recipients is not None:
        block["recipients"] = [{"to": _filled(each)} for each in policy.recipients]
    if policy.callbacks is not None:
        block["callbacks"] = [_dump_callback(each) for each in policy.callbacks]
    if policy.compare is not None:
        block["compare"] = _dump_compare(policy.compare)
    return block


def mask_block(block: Mapping[str, Any]) -> dict[str, Any]:
    """Return a block as it was handed in, whatever it is worth, with tokens and secrets masked."""
    masked = dict(block)
    for key in ("callback", "callbacks"):
        given = masked.get(key)
        if isinstance(given, Mapping):
            masked[key] = _mask_callback(given)
        elif isinstance(given, list):
            masked[key] = [_mask_callback(each) if isinstance(each, Mapping) else each for each in given]
    return masked


def _mask_callback(given: Mapping[str, Any]) -> dict[str, Any]:
    return {name: MASK if name in ("token", "secret") and value else value for name, value in given.items()}


def _dump_criteria(criteria: Criteria) -> dict[str, Any]:
    block: dict[str, Any] = {"status": [str(word) for word in criteria.status]}
    if criteria.types:
        block["type"] = [str(word) for word in criteria.types]
    if criteria.level is not None:
        block["level"] = str(criteria.level)
    if criteria.dependency_saved is not None:
        block["dependency_query"] = _dump_saved(criteria.dependency_saved)
    elif criteria.dependency_query:
        block["dependency_query"] = criteria.dependency_query
    return block


def _dump_callback(each: CallbackWish) -> dict[str, Any]:
    block = {
        "url": each.url,
        "method": each.method,
        "dataset": str(each.dataset),
        "content-type": str(each.content_type),
        "format": str(each.format),
    }
    if each.token:
        block |= {"token": MASK, "header": each.header}
    if each.secrets:
        block["secret"] = MASK
    return block


def _dump_compare(compare: CompareWish) -> dict[str, Any]:
    block: dict[str, Any] = {}
    if compare.saved is not None:
        block["query"] = _dump_saved(compare.saved)
    elif compare.query:
        block["query"] = compare.query
    if compare.ignore:
        block["blacklist"] = list(compare.ignore)
    if compare.tolerance is not None:
        block["tolerance"] = compare.tolerance
    return block


def _dump_saved(saved: SavedQuery) -> dict[str, Any]:
    return {"username": saved.username, "name": saved.name}


def _filled(recipient: Recipient) -> Mapping[str, str]:
    names = ("method", "user", "email", "handle", "server", "channel", "destination")
    return {name: getattr(recipient, name) for name in names if getattr(recipient, name)}
