"""What Apprise is handed, and what is known of its failures."""

import builtins
import json

import pytest

from tests.factories.envelopes import envelope
from tests.factories.reports import large, red
from tests.servers.receiver import Receiver, Reply
from webapp.domain.notices import Verbosity
from webapp.errors import InvalidError, SettingError
from webapp.notify.channels import apprise
from webapp.notify.contract import ChannelError, Payload, Target
from webapp.notify.render import MessageTemplates
from webapp.notify.report import Report
from webapp.plugins.fields import read_config

pytestmark = pytest.mark.integration

pytest.importorskip("apprise", reason="Apprise is not installed: pip install 'afterrun[apprise]'")


def rendered(report: Report) -> Payload:
    return apprise.render(report, verbosity=Verbosity.QUIET, target=Target(), templates=MessageTemplates())


def config(receiver: Receiver, path: str = "hook") -> apprise.Config:
    url = f"{receiver.url}/{path}".replace("http://", "json://me:hunter2hunter2@")
    return read_config(apprise.Config, {"urls": [url]})


def test_service_is_told_title_text_and_kind(receiver: Receiver) -> None:
    settings = config(receiver)
    [target] = apprise.find_targets(settings)
    assert target.to.startswith("json ")
    answer = apprise.send(rendered(red()), settings, envelope=envelope(target))
    assert answer.request == target.to
    said = json.loads(receiver.taken[0].body)
    assert said["title"] == "[FAILED] backup-core #118: 3 of 45 devices (2 new)"
    assert "edge-07: failed (new)" in said["message"]
    assert said["type"] == "failure"


def test_failure_says_why_without_the_secret(receiver: Receiver) -> None:
    receiver.replies["/hook"] = Reply(status=500)
    settings = config(receiver)
    [target] = apprise.find_targets(settings)
    with pytest.raises(ChannelError, match="error=500") as caught:
        apprise.send(rendered(red()), settings, envelope=envelope(target))
    assert not caught.value.permanent
    assert "hunter2" not in caught.value.reason + caught.value.answer + caught.value.request


def test_large_run_is_cut() -> None:
    assert len(rendered(large()).parts["text/plain"]) <= apprise.ROOM


def test_address_that_apprise_does_not_know_is_refused_without_repeating_it() -> None:
    with pytest.raises(InvalidError, match=r"nosuch [0-9a-f]{8} is no address") as caught:
        apprise.find_targets(read_config(apprise.Config, {"urls": "nosuch://hunter2"}))
    assert "hunter2" not in str(caught.value)
    with pytest.raises(InvalidError, match="at least one"):
        apprise.find_targets(apprise.Config())


def test_missing_package_is_named_with_the_line_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *args: object, **more: object) -> object:
        if name == "apprise":
            raise ImportError(name)
        return real(name, *args, **more)  # type: ignore[arg-type]  # handed on as it came

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(SettingError, match=r"pip install 'afterrun\[apprise\]'"):
        apprise.find_targets(read_config(apprise.Config, {"urls": "ntfy://topic"}))
