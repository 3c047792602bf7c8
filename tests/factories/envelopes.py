"""Envelopes for tests of channels: what is known when a message is sent, with a policy that lets loopback through."""

from dataclasses import replace
from pathlib import Path

from flask import current_app, has_app_context

from tests.factories.reports import SERVER
from tests.factories.runs import NOW
from webapp.notify.contract import Envelope, Target, WirePolicy
from webapp.settings.resolve import Settings
from webapp.store.db import reading
from webapp.web.links import SETTINGS_KEY

LOCAL = WirePolicy(allow_private=("127.0.0.0/8", "::1/128"), connect_s=2.0, total_s=10.0)
HASTY = replace(LOCAL, connect_s=1.0, total_s=0.4)


def settings() -> Settings:
    """Return the settings of the test's application, or none but the defaults."""
    if has_app_context():
        found: Settings = current_app.extensions[SETTINGS_KEY]
        return found
    return Settings(environment={}, file={}, vault=None)


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
        instance=Path(current_app.instance_path) if has_app_context() else Path(),
        settings=settings(),
        reading=reading,
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # what is given is named by the fields
