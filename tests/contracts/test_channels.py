"""Does every channel keep the contract: how it is configured, what it says of every run, and how it takes a refusal?"""

import html
import importlib
import json
import time
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, cast

import pytest
from flask import Flask

from tests.factories.envelopes import HASTY, LOCAL, envelope
from tests.factories.reports import HOSTILE, REPORTS, with_data
from tests.notify.ways import SECRET, Way
from tests.snapshots import Snapshot
from webapp.domain.notices import Verbosity
from webapp.notify.catalogue import load_channels
from webapp.notify.contract import Answer, Channel, ChannelError, Payload, Target, WirePolicy
from webapp.notify.render import MessageTemplates
from webapp.plugins.fields import (
    MASK,
    Choice,
    Flag,
    Integer,
    ListOf,
    Option,
    Secret,
    Url,
    dump_config,
    is_secret,
    options_of,
    read_config,
    secrets_of,
)
from webapp.settings.catalogue import BY_NAME, Kind

CHANNELS = load_channels()
SAMPLES = Path(__file__).parents[1] / "samples" / "notify"
TEMPLATES = MessageTemplates()
ROOMS = {"apprise": 3_000, "irc": 400, "slack": 9_000 * 3, "mattermost": 16_383, "email": 100_000}
LARGEST = 1_000_000

every_channel = pytest.mark.parametrize("channel", [*CHANNELS], ids=lambda channel: channel.name)


def ways(channel: Channel) -> Any:
    """Return the module that brings the channel before servers; a channel without one fails with the file's name."""
    return importlib.import_module(f"tests.notify.ways.{channel.name}")


def rendered(channel: Channel, report: str, verbosity: Verbosity = Verbosity.QUIET) -> Payload:
    made = with_data() if report == "with_data" else REPORTS[report]()
    target: Target = ways(channel).target()
    return channel.render(made, verbosity=verbosity, target=target, templates=TEMPLATES)


def sent(channel: Channel, way: Way, policy: WirePolicy = LOCAL) -> Answer:
    config = read_config(channel.Config, way.config)
    payload = channel.render(REPORTS["red"](), verbosity=Verbosity.QUIET, target=way.target, templates=TEMPLATES)
    return channel.send(payload, config, envelope=envelope(way.target, policy=policy))


def refusal(channel: Channel, kind: str, policy: WirePolicy = LOCAL) -> ChannelError:
    server: AbstractContextManager[Way] = getattr(ways(channel), kind)()
    with server as way, pytest.raises(ChannelError) as caught:
        sent(channel, way, policy)
    return caught.value


def example(option: Option) -> object:
    """Return a value that is not the initial one."""
    match option:
        case Flag():
            return not option.initial
        case Integer():
            return option.low + 1
        case Choice():
            return option.words[-1]
        case ListOf():
            return [example(option.each)]
        case Url():
            return f"{option.schemes[-1]}://host.example/path"
        case Secret():
            return SECRET
        case _:
            return "word"


@pytest.mark.unit
@every_channel
def test_channel_says_what_it_is(channel: Channel) -> None:
    assert channel.name.isidentifier()
    assert channel.name == channel.name.lower()
    assert channel.title
    first, _, more = (channel.__doc__ or "").partition("\n\n")
    assert first.endswith(".")
    assert more.strip()


@pytest.mark.unit
@every_channel
def test_configuration_survives_being_kept(channel: Channel) -> None:
    given = {name: example(option) for name, option in options_of(channel.Config).items()}
    config = read_config(channel.Config, given)
    kept = json.loads(json.dumps(dump_config(config)))
    assert read_config(channel.Config, kept) == config
    assert kept == given


@pytest.mark.unit
@every_channel
def test_secrets_are_masked(channel: Channel) -> None:
    given = {name: example(option) for name, option in options_of(channel.Config).items()}
    config = read_config(channel.Config, given)
    shown = dump_config(config, is_masked=True)
    assert SECRET not in json.dumps(shown)
    assert {shown[name] for name, option in options_of(channel.Config).items() if is_secret(option)} <= {MASK}
    assert set(secrets_of(config)) <= {SECRET}


@pytest.mark.unit
@every_channel
def test_options_explain_themselves_and_agree_with_their_settings(channel: Channel) -> None:
    for name, option in options_of(channel.Config).items():
        assert option.label, name
        assert option.help.endswith("."), name
        if option.setting:
            setting = BY_NAME[option.setting]
            assert option.parse(setting.default) == option.initial, name
            assert (setting.kind is Kind.SECRET) == is_secret(option), name


@pytest.mark.unit
@every_channel
@pytest.mark.parametrize("verbosity", [*Verbosity])
@pytest.mark.parametrize("report", [*REPORTS, "with_data"])
def test_every_run_can_be_told(channel: Channel, report: str, verbosity: Verbosity) -> None:
    payload = rendered(channel, report, verbosity)
    assert payload == rendered(channel, report, verbosity)
    assert payload.summary
    assert payload.summary.isprintable()
    assert payload.parts
    assert payload.fault == ""
    for media_type, text in payload.parts.items():
        assert text.strip()
        assert text.encode()
        assert len(text) <= ROOMS.get(channel.name, LARGEST)
        if media_type == "application/json":
            assert isinstance(json.loads(text), dict)
        elif media_type.startswith("text/"):
            assert not set("\r\0\u202e") & set(text)
    assert json.dumps(dict(payload.fields))


@pytest.mark.unit
@every_channel
def test_hostile_texts_stay_texts(channel: Channel) -> None:
    payload = rendered(channel, "hostile", Verbosity.VERBOSE)
    assert "\n" not in payload.summary
    assert "<script>" not in payload.parts.get("text/html", "")
    assert html.escape("<script>alert(1)</script>") in payload.parts.get("text/html", html.escape(HOSTILE))
    assert json.dumps(payload.parts["application/json"]) if "application/json" in payload.parts else True


@pytest.mark.unit
@every_channel
@pytest.mark.parametrize("report", ["canceled", "running"])
def test_no_details_of_a_run_that_goes_on_or_was_canceled(channel: Channel, report: str) -> None:
    verbose, least = (rendered(channel, report, verbosity) for verbosity in (Verbosity.VERBOSE, Verbosity.STATUS_ONLY))
    assert verbose == least


@pytest.mark.unit
@every_channel
def test_messages_are_as_recorded(channel: Channel, snapshot: Snapshot) -> None:
    texts: list[str] = []
    for report in ("red", "green", "incomplete", "first", "recovered", "empty", "running", "canceled", "with_data"):
        verbosities = [*Verbosity] if report == "red" else [Verbosity.QUIET]
        for verbosity in verbosities:
            payload = rendered(channel, report, verbosity)
            texts.append(f"======== {report}, {verbosity}: {payload.summary}")
            texts += [f"{name}: {value}" for name, value in payload.fields.items()]
            texts += [
                f"-------- {media_type}\n{_readable(media_type, text)}" for media_type, text in payload.parts.items()
            ]
            texts += [f"-------- {file.name} ({file.media_type})\n{file.text}" for file in payload.attachments]
    snapshot(SAMPLES / f"{channel.name}.txt", "\n".join(texts) + "\n")


def _readable(media_type: str, text: str) -> str:
    return json.dumps(json.loads(text), indent=2, ensure_ascii=False) if media_type == "application/json" else text


@pytest.mark.integration
@every_channel
def test_healthy_server_takes_it(app: Flask, channel: Channel) -> None:
    with ways(channel).healthy() as way:
        answer = sent(channel, way)
    assert answer.request
    assert SECRET not in answer.request + answer.text


@pytest.mark.integration
@every_channel
def test_refusal_is_for_good_and_shows_no_secret(app: Flask, channel: Channel) -> None:
    error = refusal(channel, "refusing")
    assert error.permanent
    assert error.request
    assert SECRET not in error.reason + error.request + error.answer


@pytest.mark.integration
@every_channel
def test_busy_server_is_tried_again(app: Flask, channel: Channel) -> None:
    error = refusal(channel, "busy")
    assert not error.permanent
    assert not error.gone


@pytest.mark.integration
@every_channel
def test_silent_server_is_given_up_in_time_and_tried_again(app: Flask, channel: Channel) -> None:
    started = time.monotonic()
    error = refusal(channel, "silent", HASTY)
    assert not error.permanent
    assert SECRET not in error.reason + error.request
    assert time.monotonic() - started < 10


@pytest.mark.integration
@every_channel
def test_nothing_configured_is_an_error_in_words(app: Flask, channel: Channel) -> None:
    initial = cast("Any", channel.Config)()
    payload = channel.render(REPORTS["red"](), verbosity=Verbosity.QUIET, target=Target(), templates=TEMPLATES)
    with pytest.raises(ChannelError) as caught:
        channel.send(payload, initial, envelope=envelope(Target()))
    assert caught.value.permanent
