"""Envelopes for tests of channels: what is known when a message is sent, with a policy that lets loopback through."""

from dataclasses import replace
from pathlib import Path

from tests.factories.reports import SERVER
from tests.factories.runs import NOW
from webapp.notify.contract import Envelope, Target, WirePolicy
from webapp.store.db import reading

LOCAL = WirePolicy(allow_private=("127.0.0.0/8", "::1/128"), connect_s=2.0, total_s=10.0)
HASTY = replace(LOCAL, connect_s=1.0, total_s=0.4)


def envelope(target: Target, **changes: object) -> Envelope:
    """Return the envelope of a first try, with changes."""
    made = Envelope(
        target=target,
        message_id="msg_0123456789",
        attempt=1,
        at=NOW,
        thread_key="backup-core/1",
        thread_ref="",
        server_url=SERVER,
        policy=LOCAL,
        instance=Path(),
        reading=reading,
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # what is given is named by the fields
