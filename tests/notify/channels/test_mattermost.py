"""What Mattermost is sent, and what is made of its answers."""

import json

import pytest

from tests.factories.envelopes import envelope
from tests.factories.reports import hostile, large, red
from tests.servers.certificates import Certificates
from tests.servers.receiver import Receiver, Reply, running_receiver
from webapp.domain.notices import Verbosity
from webapp.errors import InvalidError
from webapp.notify.channels import mattermost
from webapp.notify.contract import ChannelError, Payload, Target
from webapp.notify.render import MessageTemplates
from webapp.notify.report import Report
from webapp.plugins.fields import read_config

pytestmark = pytest.mark.integration


def rendered(report: Report) -> Payload:
    return mattermost.render(report, verbosity=Verbosity.VERBOSE, target=Target(), templates=MessageTemplates())


def config(url: str, **more: object) -> mattermost.Config:
    return read_config(mattermost.Config, {"url": url, **more})


def test_text_is_a_string_and_no_channel_is_the_hooks_own(receiver: Receiver) -> None:
    settings = config(f"{receiver.url}/hooks/abc")
    [target] = mattermost.find_targets(settings)
    mattermost.send(rendered(red()), settings, envelope=envelope(target))
    said = json.loads(receiver.taken[0].body)
    assert list(said) == ["text"]
    assert said["text"].startswith("**\\[FAILED\\] backup-core")


@pytest.mark.parametrize("target", [Target(), Target(to="town-square")])
def test_channel_is_the_recipients_or_the_configured_one(receiver: Receiver, target: Target) -> None:
    settings = config(f"{receiver.url}/hooks/abc", channel="ops")
    mattermost.send(rendered(red()), settings, envelope=envelope(target))
    assert json.loads(receiver.taken[0].body)["channel"] == (target.to or "ops")


def test_status_is_looked_at(receiver: Receiver) -> None:
    receiver.replies["/hooks/abc"] = Reply(status=500, body=b'{"message":"refused"}')
    with pytest.raises(ChannelError, match="answered 500") as caught:
        mattermost.send(rendered(red()), config(f"{receiver.url}/hooks/abc"), envelope=envelope(Target()))
    assert not caught.value.permanent


def test_verification_can_be_switched_off(certificates: Certificates) -> None:
    with running_receiver(certificates.server_context(is_stranger=True)) as server:
        with pytest.raises(ChannelError, match="not trusted"):
            mattermost.send(rendered(red()), config(server.url), envelope=envelope(Target()))
        lax = config(server.url, verify_certificate=False)
        assert mattermost.send(rendered(red()), lax, envelope=envelope(Target())).code == "200"


def test_hostile_texts_mention_nobody() -> None:
    text = rendered(hostile()).parts["text/markdown"]
    prose = "".join(piece for at, piece in enumerate(text.split("```")) if at % 2 == 0)
    assert "@here" not in prose
    assert "\\*bold\\*" in prose
    assert "<script>" not in prose.replace("\\<script\\>", "")


def test_large_run_fits_a_post() -> None:
    payload = rendered(large())
    assert len(payload.parts["text/markdown"]) <= 16_383
    assert "failing devices" in payload.cut


def test_hook_is_needed() -> None:
    with pytest.raises(InvalidError, match="incoming webhook"):
        mattermost.find_targets(mattermost.Config())
