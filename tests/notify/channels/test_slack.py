"""What Slack is sent, by webhook and by token, and what is made of its answers."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.factories.envelopes import envelope
from tests.factories.reports import device, hostile, large, recovered, red
from tests.servers.receiver import Receiver, Reply
from webapp.domain.notices import Verbosity
from webapp.domain.outcome import DeviceStatus
from webapp.errors import InvalidError
from webapp.notify.channels import slack
from webapp.notify.contract import Answer, ChannelError, Payload, Target
from webapp.notify.render import MessageTemplates
from webapp.notify.report import Report
from webapp.plugins.fields import read_config

pytestmark = pytest.mark.integration

OPS = Target(to="#ops")


def rendered(report: Report, verbosity: Verbosity = Verbosity.VERBOSE) -> Payload:
    return slack.render(report, verbosity=verbosity, target=OPS, templates=MessageTemplates())


def bot(receiver: Receiver, answer: dict[str, object] | bytes) -> slack.Config:
    body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    receiver.replies["/api/chat.postMessage"] = Reply(body=body)
    return read_config(slack.Config, {"token": "xoxb-secret", "channel": "#ops", "api": f"{receiver.url}/api"})


def told(payload: Payload) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(payload.parts["application/json"])
    return said


def send(receiver: Receiver, payload: Payload, **more: object) -> Answer:
    settings = bot(receiver, {"ok": True, "ts": "1700000000.000100"})
    return slack.send(payload, settings, envelope=envelope(OPS, **more))


def test_bot_posts_to_the_channel_with_its_token(receiver: Receiver) -> None:
    answer = send(receiver, rendered(red()))
    assert (answer.code, answer.ref) == ("200", "1700000000.000100")
    taken = receiver.taken[0]
    assert taken.headers["authorization"] == "Bearer xoxb-secret"
    said = json.loads(taken.body)
    assert said["channel"] == "#ops"
    assert said["text"] == "[FAILED] backup-core #118: 3 of 45 devices (2 new)"
    assert said["attachments"][0]["color"] == slack.COLOURS["FAILED"]
    assert "thread_ts" not in said


def test_later_messages_join_the_thread_and_the_recovery_is_told_to_all(receiver: Receiver) -> None:
    send(receiver, rendered(red()), thread_ref="17.1")
    send(receiver, rendered(recovered()), thread_ref="17.1")
    still, over = (json.loads(taken.body) for taken in receiver.taken)
    assert (still["thread_ts"], still.get("reply_broadcast")) == ("17.1", None)
    assert (over["thread_ts"], over["reply_broadcast"]) == ("17.1", True)


@pytest.mark.parametrize(
    ("error", "permanent"),
    [("channel_not_found", True), ("invalid_auth", True), ("ratelimited", False), ("internal_error", False)],
)
def test_refusal_with_a_status_of_200_is_noticed(receiver: Receiver, error: str, *, permanent: bool) -> None:
    settings = bot(receiver, {"ok": False, "error": error})
    with pytest.raises(ChannelError, match=error) as caught:
        slack.send(rendered(red()), settings, envelope=envelope(OPS))
    assert caught.value.permanent is permanent


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"\xff"])
def test_answer_that_is_no_json_is_tried_again(receiver: Receiver, body: bytes) -> None:
    with pytest.raises(ChannelError, match="no JSON") as caught:
        slack.send(rendered(red()), bot(receiver, body), envelope=envelope(OPS))
    assert not caught.value.permanent


def test_webhook_is_used_without_a_token_and_its_address_not_shown(receiver: Receiver) -> None:
    settings = read_config(slack.Config, {"url": f"{receiver.url}/services/T0/SECRETSECRET"})
    [target] = slack.find_targets(settings)
    answer = slack.send(rendered(red()), settings, envelope=envelope(target))
    assert answer.request == "POST the incoming webhook"
    assert receiver.taken[0].path == "/services/T0/SECRETSECRET"
    assert "channel" not in json.loads(receiver.taken[0].body)


def test_sections_are_as_short_as_slack_wants() -> None:
    wide = tuple(device(f"edge-{n}", DeviceStatus.FAILED, message="&" * 300) for n in range(100))
    for report in (large(), replace(large(), failing=wide), hostile(), red()):
        said = told(rendered(report))
        blocks = said["attachments"][0]["blocks"]
        assert 1 <= len(blocks) <= slack.MOST_BLOCKS
        for block in blocks:
            assert len(block["text"]["text"]) <= slack.SECTION
            assert block["text"]["text"].count("```") % 2 == 0
    assert "more of 10,000 failing devices" in rendered(large()).cut


@pytest.mark.parametrize(
    ("template", "blocks"),
    [("", 1), ("{{ 'x' * 9000 }}", 1), ("a\n\n\n\nb", 1), ("{{ ('y' * 2000 + '\n\n') * 99 }}", 50)],
)
def test_template_of_the_instance_cannot_outgrow_slack(tmp_path: Path, template: str, blocks: int) -> None:
    folder = tmp_path / "templates" / "notify"
    folder.mkdir(parents=True)
    (folder / "slack.txt").write_text(template)
    payload = slack.render(red(), verbosity=Verbosity.QUIET, target=OPS, templates=MessageTemplates(tmp_path))
    found = told(payload)["attachments"][0]["blocks"]
    assert len(found) == blocks
    assert all(1 <= len(block["text"]["text"]) <= slack.SECTION for block in found)


def test_hostile_texts_mention_nobody_and_link_nowhere() -> None:
    for text in rendered(hostile()).parts.values():
        assert "<!" not in text
        assert "<script" not in text
        assert "&lt;!channel&gt;" in text


def test_targets_of_a_configuration() -> None:
    both = read_config(slack.Config, {"token": "xoxb-1", "channel": "#ops, C024BE91L", "url": "https://h.example/x"})
    assert [target.to for target in slack.find_targets(both)] == ["#ops", "C024BE91L"]
    with pytest.raises(InvalidError, match="at least one channel"):
        slack.find_targets(read_config(slack.Config, {"token": "xoxb-1"}))
    with pytest.raises(InvalidError, match="incoming webhook"):
        slack.find_targets(read_config(slack.Config, {"channel": "#ops"}))
