"""Whom does each recipient of a notify block stand for, and why can somebody not be reached?"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from webapp.domain.outcome import ENDED, RunStatus
from webapp.domain.policy import CallbackWish, Policy, Recipient
from webapp.errors import AfterrunError
from webapp.gitexport.roster import find_chosen
from webapp.notify.addressee import Addressee
from webapp.notify.contract import Callback, Channel, Target
from webapp.notify.office import DESTINATION, Office
from webapp.notify.tokens import seal_callback
from webapp.notify.wants import Wants
from webapp.plugins.fields import dump_config
from webapp.store.accounts import User, find_user, find_user_by_name
from webapp.store.db import Session
from webapp.store.destinations import find_destination
from webapp.store.runs import Run
from webapp.store.suites import list_owned_devices

EMAIL = "email"
GIT = "git"
IRC = "irc"
WEBHOOK = "webhook"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """Who asks, and about what.

    Args:
        session: a reading session.
        office: what sends notices.
        run: the run.
        route: who wants to be told, for people.
        wants: what shall be said.
        now: the moment.
    """

    session: Session
    office: Office
    run: Run
    route: str
    wants: Wants
    now: datetime

    def unreached(self, channel: str, to: str, reason: str) -> Addressee:
        """Return somebody who can't be reached."""
        return Addressee(
            channel=channel or "none",
            route=self.route,
            target=Target(),
            wants=self.wants,
            to=to[:500],
            skipped=reason,
        )


def addressees_of(asking: Asking, policy: Policy) -> list[Addressee]:
    """Return everybody a policy names: callbacks, then recipients, each in their order."""
    found = [_callback(asking, wish) for wish in policy.callbacks or ()]
    for recipient in policy.recipients or ():
        found += resolve(asking, recipient)
    if policy.is_for_submitter:
        found += _submitter(asking)
    return found


def resolve(asking: Asking, recipient: Recipient) -> list[Addressee]:
    """Return whom one recipient stands for."""
    if recipient.destination:
        return to_destination(asking, recipient.destination)
    channel = _find_channel(asking, recipient.method)
    if channel is None:
        return [asking.unreached(recipient.method, _written(recipient), f"there is no method {recipient.method!r}")]
    if recipient.is_device_owner:
        return list(_owners(asking, recipient, channel))
    user = None
    if recipient.user:
        user = find_user_by_name(asking.session, recipient.user)
        if user is None:
            reason = f"there is no account {recipient.user!r} any more"
            return [asking.unreached(recipient.method, recipient.user, reason)]
    return _reach(asking, recipient, channel, user)


def to_destination(asking: Asking, name: str) -> list[Addressee]:
    """Return whom a named destination reaches."""
    found = find_destination(asking.session, name)
    if found is None:
        return [asking.unreached("", name, f"there is no destination {name!r} any more")]
    if not found.is_enabled:
        reason = f"the destination {name!r} is switched off" + (f": {found.fault}" if found.fault else "")
        return [asking.unreached(found.channel, name, reason)]
    return configured(asking, found.channel, f"{DESTINATION}{name}", to=name)


def configured(asking: Asking, channel_name: str, source: str, *, to: str) -> list[Addressee]:
    """Return whom a configuration reaches by itself.

    Args:
        asking: who asks.
        channel_name: the channel.
        source: whose configuration; empty is the settings'.
        to: what people call it, for when it reaches nobody.
    """
    channel = _find_channel(asking, channel_name)
    if channel is None:
        return [asking.unreached(channel_name, to, f"there is no channel {channel_name!r}")]
    try:
        config = asking.office.config(asking.session, channel=channel_name, source=source)
        targets = channel.find_targets(config)
    except AfterrunError as error:
        return [asking.unreached(channel_name, to, f"it is not set up: {error}")]
    found = [_addressee(asking, channel, target, source=source, to=to if not target.to else "") for target in targets]
    place = json.dumps(dump_config(config), sort_keys=True)
    return [replace(each, place=place) for each in found]


def to_repository(asking: Asking, name: str) -> Addressee:
    """Return a repository, the default one for an empty name."""
    channel = _find_channel(asking, GIT)
    if channel is None:
        return asking.unreached(GIT, name or "Git", f"there is no channel {GIT!r}")
    try:
        repository = find_chosen(asking.session, name)
    except AfterrunError as error:
        return asking.unreached(GIT, name or "Git", str(error))
    return _addressee(asking, channel, Target(to=repository.name))


def to_addresses(asking: Asking, addresses: Sequence[str]) -> list[Addressee]:
    """Return mail addresses as somebody who is told."""
    channel = _find_channel(asking, EMAIL)
    if channel is None:
        return [asking.unreached(EMAIL, ", ".join(addresses), "there is no channel 'email'")]
    return [_ready(asking, channel, Target(to=address)) for address in addresses]


def _submitter(asking: Asking) -> list[Addressee]:
    if not asking.run.submitter:
        return [asking.unreached(EMAIL, "the submitter", "the run has no submitter who could be told")]
    return resolve(asking, Recipient(method=EMAIL, user=asking.run.submitter))


def _owners(asking: Asking, recipient: Recipient, channel: Channel) -> Iterator[Addressee]:
    """Yield one message to each owner of the run's devices, about their devices."""
    devices = list_owned_devices(asking.session, asking.run.id)
    if not devices:
        yield asking.unreached(recipient.method, recipient.user, "the run used no device that somebody could own")
        return
    orphans = [each.device for each in devices if each.owner_id is None]
    if orphans:
        more = f" and {len(orphans) - 3:,} more" if len(orphans) > 3 else ""
        reason = f"nobody owns {', '.join(orphans[:3])}{more}"
        yield asking.unreached(recipient.method, recipient.user, reason)
    for owner_id in sorted({each.owner_id for each in devices if each.owner_id is not None}):
        owner = find_user(asking.session, owner_id)
        theirs = tuple(each.device_id for each in devices if each.owner_id == owner_id)
        wants = asking.wants if len(theirs) == len(devices) else replace(asking.wants, device_ids=theirs)
        yield from _reach(replace(asking, wants=wants), recipient, channel, owner)


def _reach(asking: Asking, recipient: Recipient, channel: Channel, user: User | None) -> list[Addressee]:
    """Return the target of a recipient: what is written wins, else the profile, else what the channel is set to."""
    name = user.name if user is not None else ""
    user_id = user.id if user is not None else None
    if user is not None and not user.is_active:
        return [asking.unreached(channel.name, name, f"the account {name!r} is switched off")]
    if channel.name == EMAIL:
        to = recipient.email or (user.email if user is not None else "")
        if not to:
            return [asking.unreached(EMAIL, name, f"{name or 'nobody'} has no mail address in the profile")]
        return [_ready(asking, channel, Target(to=to, name=name, user_id=user_id))]
    if channel.name == IRC:
        to = recipient.handle or (user.irc_handle if user is not None else "")
        server = recipient.server or (user.irc_server if user is not None else "")
        if not to:
            return [asking.unreached(IRC, name, f"{name or 'nobody'} has no IRC handle in the profile")]
        target = Target(to=to, server=server, name=name, user_id=user_id)
        ready = _ready(asking, channel, target)
        return [ready if server or ready.skipped else _with_own_server(asking, ready)]
    given = {"email": recipient.email, "handle": recipient.handle, "channel": recipient.channel}
    to = given.get(channel.address, "") or recipient.channel
    if to:
        return [_ready(asking, channel, Target(to=to, server=recipient.server, name=name, user_id=user_id))]
    return configured(asking, channel.name, "", to=channel.title)


def _with_own_server(asking: Asking, ready: Addressee) -> Addressee:
    """Return a recipient without a server of its own: the settings may name one."""
    config = asking.office.config(asking.session, channel=ready.channel, source="")
    return ready if getattr(config, "server", "") else ready.skip("no IRC server is given, in the profile or set")


def _callback(asking: Asking, wish: CallbackWish) -> Addressee:
    channel = _find_channel(asking, WEBHOOK)
    if channel is None:
        return asking.unreached(WEBHOOK, wish.url, "there is no channel 'webhook'")
    callback = Callback(
        method=wish.method,
        header=wish.header,
        dataset=wish.dataset,
        content_type=wish.content_type,
        format=wish.format,
    )
    wants = replace(
        asking.wants, dataset=wish.dataset, sealed=seal_callback(asking.session, asking.office, asking.run, wish)
    )
    return _addressee(replace(asking, wants=wants), channel, Target(to=wish.url, callback=callback))


def _ready(asking: Asking, channel: Channel, target: Target) -> Addressee:
    """Return a target, or why its channel can't be used as it is set."""
    found = _addressee(asking, channel, target)
    try:
        asking.office.config(asking.session, channel=channel.name, source="")
    except AfterrunError as error:
        return found.skip(f"{channel.title} is not set up: {error}")
    return found


def _addressee(asking: Asking, channel: Channel, target: Target, *, source: str = "", to: str = "") -> Addressee:
    return Addressee(
        channel=channel.name,
        route=asking.route,
        target=target,
        wants=asking.wants,
        source=source,
        is_ordered=channel.is_ordered,
        skipped=_why_not_pushed(asking.run) if channel.name == GIT else "",
        to=to,
    )


def _why_not_pushed(run: Run) -> str:
    if run.status is RunStatus.CANCELED:
        return "a canceled run is not pushed: it would take away the devices that it did not come to"
    return "" if run.status in ENDED else "a run is pushed when it has ended"


def _find_channel(asking: Asking, name: str) -> Channel | None:
    return asking.office.channels.get(name) if name in asking.office.channels.names else None


def _written(recipient: Recipient) -> str:
    return recipient.user or recipient.email or recipient.handle or recipient.channel
