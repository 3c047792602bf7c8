"""What receivers of callbacks get: addresses filled, data in every form, the token, and a signature they can check."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from tests.factories.envelopes import LOCAL, envelope
from tests.factories.reports import UID, hostile, red, running, with_data
from tests.servers.receiver import Receiver, Reply
from webapp.clock import now
from webapp.domain.notices import CallbackFormat, ContentType, Dataset, Verbosity
from webapp.errors import InvalidError
from webapp.notify.channels import webhook
from webapp.notify.contract import Answer, Callback, ChannelError, Payload, Target
from webapp.notify.render import MessageTemplates
from webapp.notify.report import Report
from webapp.plugins.fields import read_config

pytestmark = pytest.mark.integration

OLD, NEW = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz", "whsec_YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4"


def rendered(target: Target, report: Report | None = None) -> Payload:
    return webhook.render(report or with_data(), verbosity=Verbosity.QUIET, target=target, templates=MessageTemplates())


def called(url: str, callback: Callback, report: Report | None = None, **more: object) -> Answer:
    target = Target(to=url, callback=callback)
    return webhook.send(rendered(target, report), webhook.Config(), envelope=envelope(target, **more))


def test_get_has_no_body_and_carries_the_token(receiver: Receiver) -> None:
    answer = called(f"{receiver.url}/{{ID}}/{{ STATUS_STRING }}", Callback(), token="geheim geheim")
    [taken] = receiver.taken
    assert (taken.method, taken.path, taken.body) == ("GET", f"/{UID}/complete", b"")
    assert taken.headers["authorization"] == "geheim geheim"
    assert "content-type" not in taken.headers
    assert answer.request == f"GET {receiver.url}/{UID}/complete"


def test_token_goes_into_the_header_that_is_asked_for(receiver: Receiver) -> None:
    called(receiver.url, Callback(header="Private-Token"), token="t0ken")
    assert receiver.taken[0].headers["private-token"] == "t0ken"
    assert "authorization" not in receiver.taken[0].headers


def test_json_carries_everything(receiver: Receiver) -> None:
    called(receiver.url, Callback(method="POST", dataset=Dataset.ALL, content_type=ContentType.JSON))
    [taken] = receiver.taken
    assert taken.headers["content-type"] == "application/json"
    said = json.loads(taken.body)
    assert said["id"] == UID
    assert said["log"] == "line 1\nline \N{REPLACEMENT CHARACTER}\n"
    assert said["results"] == {"reachability": "- name: loss\n  result: fail\n"}


def test_form_carries_everything_too(receiver: Receiver) -> None:
    called(receiver.url, Callback(method="POST", dataset=Dataset.ALL))
    [taken] = receiver.taken
    assert taken.headers["content-type"] == "application/x-www-form-urlencoded"
    form = {name: values[0] for name, values in parse_qs(taken.body.decode(), keep_blank_values=True).items()}
    assert form["status_string"] == "complete"
    assert form["failure_comment"] == "null"
    assert form["health_check"] == "false"
    assert json.loads(form["metadata"]) == [{"build": "12"}, {"branch": "main"}]
    assert json.loads(form["results"]) == {"reachability": "- name: loss\n  result: fail\n"}


def test_own_words(receiver: Receiver) -> None:
    callback = Callback(method="POST", content_type=ContentType.JSON, format=CallbackFormat.AFTERRUN)
    called(receiver.url, callback)
    said = json.loads(receiver.taken[0].body)
    assert (said["event"], said["run"]["level"], said["failing_total"]) == ("run.ended", "errors", 3)
    assert said["failing"][2]["since_number"] == 112
    called(receiver.url, callback, running())
    assert json.loads(receiver.taken[1].body)["event"] == "run.running"


@pytest.mark.parametrize("content_type", [*ContentType])
def test_signature_is_what_the_standard_says(receiver: Receiver, content_type: ContentType) -> None:
    called(receiver.url, Callback(method="POST", content_type=content_type), secrets=(NEW, OLD), at=now())
    [taken] = receiver.taken
    signatures = taken.headers["webhook-signature"].split()
    at = datetime.fromtimestamp(int(taken.headers["webhook-timestamp"]), UTC)
    text = taken.body.decode()
    assert signatures == [Webhook(secret).sign(taken.headers["webhook-id"], at, text) for secret in (NEW, OLD)]
    if content_type is ContentType.JSON:  # the library reads what it has verified as JSON
        for secret in (NEW, OLD):
            assert Webhook(secret).verify(text, taken.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook("whsec_b3RoZXIgb3RoZXIgb3RoZXIgb3RoZXI=").verify(taken.body.decode(), taken.headers)


def test_every_try_carries_the_same_id_and_its_own_moment(receiver: Receiver) -> None:
    callback = Callback(method="POST", content_type=ContentType.JSON)
    for minutes in (0, 5):
        called(receiver.url, callback, secrets=("any text",), at=now() + timedelta(minutes=minutes))
    first, second = (taken.headers for taken in receiver.taken)
    assert first["webhook-id"] == second["webhook-id"] == "msg_0123456789"
    assert first["webhook-timestamp"] != second["webhook-timestamp"]
    assert first["webhook-signature"] != second["webhook-signature"]


def test_unsigned_call_can_be_recognised_too(receiver: Receiver) -> None:
    called(receiver.url, Callback())
    assert receiver.taken[0].headers["webhook-id"] == "msg_0123456789"
    assert "webhook-signature" not in receiver.taken[0].headers


def test_host_must_be_listed(receiver: Receiver) -> None:
    listed = replace(LOCAL, allowed_hosts=("*.example.com",))
    with pytest.raises(ChannelError, match="CALLBACK_ALLOWED_HOSTS") as caught:
        called(receiver.url, Callback(), policy=listed)
    assert caught.value.permanent
    assert receiver.taken == []


def test_gone_receiver_is_told(receiver: Receiver) -> None:
    receiver.replies["/x"] = Reply(status=410)
    with pytest.raises(ChannelError) as caught:
        called(f"{receiver.url}/x", Callback())
    assert (caught.value.gone, caught.value.permanent) == (True, True)


@pytest.mark.parametrize(
    "header", ["Host", "content-length", "Transfer-Encoding", "webhook-signature", "a b", "", "x:y"]
)
def test_header_that_would_spoil_the_request_is_refused(header: str) -> None:
    with pytest.raises(ChannelError, match="header") as caught:
        rendered(Target(to="https://ci.example/", callback=Callback(header=header)))
    assert caught.value.permanent


def test_method_and_placeholders_are_checked_when_it_is_written() -> None:
    with pytest.raises(ChannelError, match="GET or POST"):
        rendered(Target(to="https://ci.example/", callback=Callback(method="DELETE")))
    with pytest.raises(ChannelError, match="TOKEN"):
        rendered(Target(to="https://ci.example/{TOKEN}", callback=Callback()))


def test_hostile_texts_stay_within_their_place(receiver: Receiver) -> None:
    called(f"{receiver.url}/?said={{DESCRIPTION}}&next=1", Callback(method="POST"), hostile())
    [taken] = receiver.taken
    assert taken.path.startswith("/?said=O%27Neil%20%26%20%22co%22")
    assert taken.path.endswith("&next=1")
    assert parse_qs(taken.body.decode())["status"] == ["3"]


def test_destination_of_a_configuration(receiver: Receiver) -> None:
    config = read_config(
        webhook.Config,
        {"url": f"{receiver.url}/{{NUMBER}}", "token": "t0ken", "secret": [NEW, OLD], "header": "X-Token"},
    )
    [target] = webhook.find_targets(config)
    webhook.send(rendered(target, red()), config, envelope=envelope(target, at=now()))
    [taken] = receiver.taken
    assert (taken.method, taken.path, taken.headers["x-token"]) == ("POST", "/118", "t0ken")
    Webhook(OLD).verify(taken.body.decode(), taken.headers)
    assert json.loads(taken.body)["event"] == "run.ended"


@pytest.mark.parametrize("url", ["", "https://ci.example/{NOPE}"])
def test_destination_that_cannot_be_called_is_refused(url: str) -> None:
    with pytest.raises(InvalidError):
        webhook.find_targets(read_config(webhook.Config, {"url": url}))
