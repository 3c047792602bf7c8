"""Are handlers made as the setting says, and does the start refuse what can't be, by the handler's name?"""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import TEST_CONFIG
from tests.factories.handlers import Collector
from webapp.app import create_app
from webapp.domain.outcome import Level
from webapp.errors import SettingError
from webapp.notify.catalogue import load_channels
from webapp.notify.handlers import read_handlers

pytestmark = pytest.mark.unit

CHANNELS = load_channels()
SEED = """
UWSGI_TASKMANAGER_NOTIFICATION_HANDLERS = {
    "slack": {
        "class": "taskmanager.notifications.SlackNotificationHandler",
        "level": "errors",
        "token": env("UWSGI_TASKMANAGER_NOTIFICATIONS_SLACK_TOKEN", default=""),
        "channel": env("UWSGI_TASKMANAGER_NOTIFICATIONS_SLACK_CHANNELS", default=""),
    },
    "mail": {
        "class": "taskmanager.notifications.MailNotificationHandler",
        "level": "errors",
        "from_email": env("UWSGI_TASKMANAGER_NOTIFICATIONS_EMAIL_FROM", default=""),
        "recipients": env("UWSGI_TASKMANAGER_NOTIFICATIONS_EMAIL_RECIPIENTS", default=""),
    },
}
"""


def read(**handlers: Any) -> Any:
    return read_handlers(json.dumps(handlers), CHANNELS)


def test_class_of_ones_own_gets_the_other_keys_as_arguments() -> None:
    given = {"class": "tests.factories.handlers.Collector", "level": "warnings", "key": "k", "greeting": "hi"}
    (handler,) = read(mine=given)
    assert (handler.name, handler.level, handler.channel) == ("mine", Level.WARNINGS, "handler")
    assert isinstance(handler.own, Collector)
    assert (handler.own.key, handler.own.greeting) == ("k", "hi")


def test_several_handlers_of_one_class_coexist() -> None:
    given = {"class": "mail", "level": "ok"}
    assert [each.channel for each in read(a=given, b={**given, "recipients": "a@b.c"})] == ["email", "email"]


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (7, "expected a mapping with class and level"),
        ({"level": "ok"}, "expected class: one of "),
        ({"class": "slack"}, "expected level: one of ok, warnings, errors, failed, got 'None'"),
        ({"class": "slack", "level": "bad"}, "expected level: one of ok, warnings, errors, failed, got 'bad'"),
        ({"class": "slak", "level": "ok"}, "class 'slak' is none of"),
        ({"class": "no.such.Thing", "level": "ok"}, "class no.such.Thing cannot be imported"),
        ({"class": "no.such.Thing", "level": "ok"}, "`pip install no`"),
        ({"class": "tests.factories.handlers.Gone", "level": "ok"}, "cannot be imported: AttributeError"),
        ({"class": "tests.factories.handlers.NoHandler", "level": "ok"}, "must be a subclass of"),
        ({"class": "tests.factories.handlers.Collector", "level": "ok"}, "refuses its arguments: TypeError"),
        ({"class": "tests.factories.handlers.Refusing", "level": "ok", "x": 1}, "refuses its arguments: TypeError"),
    ],
)
def test_faulty_handler_is_named(given: Any, sentence: str) -> None:
    with pytest.raises(SettingError) as caught:
        read(broken=given)
    assert str(caught.value).startswith("NOTIFICATION_HANDLERS: broken: ")
    assert sentence in str(caught.value)


@pytest.mark.integration
def test_documented_settings_of_taskmanager_work_as_they_stand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UWSGI_TASKMANAGER_NOTIFICATIONS_SLACK_TOKEN", "xoxb-1")
    monkeypatch.setenv("UWSGI_TASKMANAGER_NOTIFICATIONS_EMAIL_RECIPIENTS", "ada@example.org,bob@example.org")
    (tmp_path / "config.py").write_text(SEED)
    app = create_app(tmp_path, config=TEST_CONFIG)
    text = app.extensions["afterrun.settings"].at_start("NOTIFICATION_HANDLERS").value
    assert [(each.name, each.channel, str(each.level), each.given) for each in read_handlers(text, CHANNELS)] == [
        ("slack", "slack", "errors", {"token": "xoxb-1", "channel": ""}),
        ("mail", "email", "errors", {"from_email": "", "recipients": "ada@example.org,bob@example.org"}),
    ]


@pytest.mark.integration
@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        (
            "NOTIFICATION_HANDLERS = {'a': {'class': 'mail', 'level': 'ok', 'recipient': 'x'}}",
            "a: recipient: expected",
        ),
        (
            "NOTIFICATION_HANDLERS = {'a': {'class': 'no.such', 'level': 'ok'}}",
            "HANDLERS: a: class no.such",
        ),
        ("NOTIFICATION_HANDLERS = ['a']", "NOTIFICATION_HANDLERS (from config.py): expected a mapping"),
        ("CALLBACK_ALLOWED_HOSTS = '*.example.com'", "expected a list, such as ['example.com', '*.example.com']"),
        ("CALLBACK_ALLOWED_HOSTS = ['http://x']", "CALLBACK_ALLOWED_HOSTS"),
        ("CALLBACK_ALLOW_PRIVATE = ['10']", "CALLBACK_ALLOW_PRIVATE"),
    ],
)
def test_start_is_refused(tmp_path: Path, config: str, sentence: str) -> None:
    (tmp_path / "config.py").write_text(config)
    with pytest.raises(SettingError) as caught:
        create_app(tmp_path, config=TEST_CONFIG)
    assert sentence in str(caught.value)


@pytest.mark.integration
def test_handler_that_reaches_nobody_yet_only_warns(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "config.py").write_text("NOTIFICATION_HANDLERS = {'a': {'class': 'slack', 'level': 'ok'}}")
    create_app(tmp_path, config=TEST_CONFIG)
    assert "a reaches nobody yet" in caplog.text
