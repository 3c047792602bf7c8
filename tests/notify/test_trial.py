"""What a try of values that are not saved shows: the message as it would be, and the real answer."""

import pytest
from flask import Flask

from tests.factories.envelopes import envelope
from tests.factories.reports import red
from tests.servers.receiver import Receiver, Reply
from webapp.domain.notices import Verbosity
from webapp.errors import InvalidError
from webapp.notify.catalogue import load_channels
from webapp.notify.contract import Callback, Target
from webapp.notify.render import MessageTemplates
from webapp.notify.trial import Trial, try_out
from webapp.plugins.fields import read_config

pytestmark = pytest.mark.integration

CHANNELS = load_channels()


def tried(name: str, given: dict[str, object], target: Target | None = None) -> Trial:
    channel = CHANNELS.get(name)
    return try_out(
        channel,
        read_config(channel.Config, given),
        report=red(),
        verbosity=Verbosity.QUIET,
        templates=MessageTemplates(),
        envelope=envelope(target or Target()),
    )


def test_message_and_answer_are_shown(receiver: Receiver) -> None:
    trial = tried("mattermost", {"url": f"{receiver.url}/hooks/abcdefgh", "channel": "ops"})
    assert trial.target == Target(to="ops")
    assert trial.payload is not None
    assert "edge-07" in trial.payload.parts["text/markdown"]
    assert trial.answer is not None
    assert (trial.answer.code, trial.answer.text, trial.error) == ("200", "ok", None)
    assert trial.took_s > 0


def test_refusal_is_shown_with_the_message(receiver: Receiver) -> None:
    receiver.replies["/hooks/abcdefgh"] = Reply(status=403, body=b"no such hook")
    trial = tried("mattermost", {"url": f"{receiver.url}/hooks/abcdefgh"})
    assert trial.payload is not None
    assert trial.error is not None
    assert (trial.answer, trial.error.code, trial.error.answer) == (None, "403", "no such hook")


def test_message_that_cannot_be_written_is_an_error_without_one() -> None:
    trial = tried("webhook", {}, Target(to="https://ci.example/{TOKEN}", callback=Callback()))
    assert trial.payload is None
    assert trial.error is not None
    assert "{TOKEN}" in trial.error.reason


def test_given_target_wins(app: Flask, receiver: Receiver) -> None:
    given = Target(to=f"{receiver.url}/here", callback=Callback())
    assert tried("webhook", {"url": f"{receiver.url}/there"}, given).target == given
    assert [taken.path for taken in receiver.taken] == ["/here"]


def test_configuration_that_reaches_nobody_is_refused() -> None:
    with pytest.raises(InvalidError):
        tried("slack", {})
