"""What is a planned message, before it is kept: to whom, by which channel, wanted by which rule, or why not sent."""

import hashlib
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

import msgspec

from webapp.domain.deliveries import DeliveryState
from webapp.notify.contract import Target
from webapp.notify.wants import Wants, write_target, write_wants
from webapp.store.deliveries import NewDelivery

MAX_LANE = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressee:
    """Somebody who is to be told.

    Args:
        channel: the channel's name.
        route: who wants it, for people.
        target: whom it goes to.
        wants: what it says.
        source: whose configuration sends it.
        is_ordered: whether the channel's messages to one target go one after another.
        skipped: why nothing is sent; empty when something is.
        to: the target for people, when it is not the target's own `to`.
        place: what is equal where a target without an address of its own leads to the same place.
    """

    channel: str
    route: str
    target: Target
    wants: Wants
    source: str = ""
    is_ordered: bool = False
    skipped: str = ""
    to: str = ""
    place: str = ""

    @property
    def key(self) -> str:
        """Return what is equal for the same target, by whatever route it is reached."""
        target = self.target
        parts = [self.channel, _same(self.channel, target.to), target.server.lower()]
        if target.callback is not None:
            parts.append(msgspec.json.encode(target.callback, order="sorted").decode())
        if not target.to:
            parts.append(self.place or self.source or self.to)
        return hashlib.sha256("\0".join(parts).encode(errors="surrogatepass")).hexdigest()

    @property
    def lane(self) -> str:
        """Return what a slow or dead destination holds up."""
        return lane_of(self.channel, self.target, self.source)

    def skip(self, reason: str) -> "Addressee":
        """Return the same with the reason why nothing is sent."""
        return replace(self, skipped=reason)

    @property
    def shown(self) -> str:
        """Return whom it goes to, for people."""
        return self.to or _shown(self.target)

    def delivery(self, uid: str) -> NewDelivery:
        """Return it as it is kept."""
        return NewDelivery(
            uid=uid,
            channel=self.channel,
            route=self.route[:255],
            source=self.source,
            target=write_target(self.target),
            target_key=self.key,
            to=self.shown,
            user_id=self.target.user_id,
            wants=write_wants(self.wants),
            state=DeliveryState.SKIPPED if self.skipped else DeliveryState.PENDING,
            reason=self.skipped,
        )


def lane_of(channel: str, target: Target, source: str) -> str:
    """Return what a slow or dead destination holds up: a host, a server, a mail server's configuration."""
    where = _host(target.to) or target.server.lower() or source or (target.to if channel == "git" else "")
    return f"{channel}:{where}"[:MAX_LANE]


def _same(channel: str, to: str) -> str:
    """Return an address so that two ways to write it are equal."""
    return to.strip().lower() if channel in ("email", "irc") else to.strip()


def _host(to: str) -> str:
    """Return the host and port of an address; empty for what is none."""
    try:
        return urlsplit(to).netloc.lower() if "://" in to else ""
    except ValueError:
        return ""


def _shown(target: Target) -> str:
    if target.to:
        return f"{target.to} on {target.server}" if target.server else target.to
    return target.name
