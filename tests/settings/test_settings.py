"""Where does a setting's value come from, is a wrong one explained, and do secrets stay secret?"""

from pathlib import Path

import pytest
from flask import Flask

from tests.factories.runs import record_run
from tests.snapshots import DOCS, Snapshot
from webapp.clock import now
from webapp.domain.notices import Event
from webapp.errors import SettingError
from webapp.settings.catalogue import SETTINGS, get_setting
from webapp.settings.page import page
from webapp.settings.resolve import Settings, Source
from webapp.settings.vault import KEY_FILE, Vault, add_key, drop_old_keys, new_key, open_vault
from webapp.store import accounts, preferences
from webapp.store.db import reading, writing
from webapp.store.deliveries import NewDelivery, add_deliveries, list_sealed
from webapp.store.destinations import add_destination, get_destination
from webapp.store.kept_secrets import add_secret, list_all_secrets
from webapp.store.runs import get_run


def _settings(*, vault: Vault | None = None, file: dict[str, object] | None = None, **environment: str) -> Settings:
    return Settings(environment=environment, file=file or {}, vault=vault)


@pytest.mark.unit
@pytest.mark.parametrize(
    ("name", "given", "value"),
    [
        ("MAIL_USE_TLS", "Yes", True),
        ("MAIL_USE_TLS", False, False),
        ("MAIL_PORT", " 587 ", 587),
        ("AFTERRUN_HEARTBEAT_FACTOR", "1.5", 1.5),
        ("AFTERRUN_LOG_FORMAT", "json", "json"),
        ("AFTERRUN_URL", "https://runs.example", "https://runs.example"),
        ("MAIL_SERVER", "smtp.example", "smtp.example"),
        ("CALLBACK_ALLOWED_HOSTS", ["a.example", " *.b.example"], "a.example,*.b.example"),
        ("CALLBACK_ALLOWED_HOSTS", "a.example, b.example,", "a.example,b.example"),
        ("NOTIFICATION_HANDLERS", {}, ""),
        ("NOTIFICATION_HANDLERS", "", ""),
        ("NOTIFICATION_HANDLERS", {"a": {"class": "slack"}}, '{"a": {"class": "slack"}}'),
        ("NOTIFICATION_HANDLERS", '{"a": 1}', '{"a": 1}'),
    ],
)
def test_value_is_read_by_its_kind(name: str, given: object, value: object) -> None:
    assert get_setting(name).parse(given, "a test") == value


@pytest.mark.unit
@pytest.mark.parametrize(
    ("name", "given", "sentence"),
    [
        ("MAIL_USE_TLS", "maybe", "expected yes or no"),
        ("MAIL_PORT", "x", "expected a whole number"),
        ("MAIL_PORT", "0", "expected 1 to 65535"),
        ("MAIL_PORT", "-1", "expected 1 to 65535"),
        ("AFTERRUN_HEARTBEAT_FACTOR", "x", "expected a number"),
        ("AFTERRUN_HEARTBEAT_FACTOR", "nan", "expected 1 to 1000"),
        ("AFTERRUN_LOG_FORMAT", "xml", "expected one of human, json"),
        ("AFTERRUN_URL", "javascript:x", "begins with http or https"),
        ("MAIL_SERVER", "a\nb", "printable"),
        ("MAIL_SERVER", "x" * 5000, "printable"),
    ],
)
def test_wrong_value_says_what_was_expected_and_where_it_came_from(name: str, given: str, sentence: str) -> None:
    with pytest.raises(SettingError, match=sentence) as caught:
        get_setting(name).parse(given, "config.py")
    assert name in str(caught.value)
    assert "from config.py" in str(caught.value)


@pytest.mark.unit
def test_wrong_secret_is_not_repeated() -> None:
    with pytest.raises(SettingError) as caught:
        get_setting("MAIL_PASSWORD").parse("geheim\n2", "config.py")
    assert "geheim" not in str(caught.value)


@pytest.mark.unit
def test_unknown_setting_is_refused_by_name() -> None:
    with pytest.raises(SettingError, match="NO_SUCH"):
        get_setting("NO_SUCH")


@pytest.mark.integration
def test_first_source_with_a_value_wins(app: Flask) -> None:
    def found(**environment: str) -> tuple[object, Source]:
        settings = Settings(environment=environment, file=file, vault=None)
        with reading() as session:
            resolved = settings.get(session, "MAIL_PORT")
        return resolved.value, resolved.source

    file: dict[str, object] = {}
    assert found() == (587, Source.DEFAULT)
    file["MAIL_PORT"] = 26
    assert found() == (26, Source.FILE)
    with writing() as session:
        _settings().put(session, "MAIL_PORT", "27", by_id=None, now=now())
    assert found() == (27, Source.DATABASE)
    assert found(MAIL_PORT="28") == (28, Source.ENVIRONMENT)
    with writing() as session:
        _settings().remove(session, "MAIL_PORT", by_id=None, now=now())
        _settings().remove(session, "MAIL_PORT", by_id=None, now=now())
    assert found() == (26, Source.FILE)
    with reading() as session:
        actions = [entry.action for entry in accounts.list_audit(session, limit=9)]
    assert actions == ["setting.removed", "setting.changed"]


@pytest.mark.unit
def test_value_may_stand_in_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("geheim\n")
    assert _settings(MAIL_PASSWORD_FILE=str(secret)).at_start("MAIL_PASSWORD").value == "geheim"
    with pytest.raises(SettingError, match="MAIL_PASSWORD_FILE names a file that cannot be read"):
        _settings(MAIL_PASSWORD_FILE=str(tmp_path / "none")).at_start("MAIL_PASSWORD")


@pytest.mark.integration
def test_secret_is_stored_encrypted_and_shown_as_set(app: Flask) -> None:
    vault = Vault([new_key()], "a test")
    with writing() as session:
        _settings(vault=vault).put(session, "MAIL_PASSWORD", "geheim", by_id=None, now=now())
    with reading() as session:
        stored = preferences.find_setting(session, "MAIL_PASSWORD")
        resolved = _settings(vault=vault).get(session, "MAIL_PASSWORD")
    assert stored is not None
    assert "geheim" not in stored
    assert (resolved.value, resolved.shown) == ("geheim", "set")
    with reading() as session, pytest.raises(SettingError, match="set it again"):
        _settings(vault=Vault([new_key()], "a test")).get(session, "MAIL_PASSWORD")
    with reading() as session, pytest.raises(SettingError, match="not read yet"):
        _settings().get(session, "MAIL_PASSWORD")


@pytest.mark.integration
def test_settings_of_the_start_are_not_kept_in_the_database(app: Flask) -> None:
    with writing() as session, pytest.raises(SettingError, match=r"environment or config\.py"):
        _settings().put(session, "AFTERRUN_PORT", "80", by_id=None, now=now())


@pytest.mark.integration
def test_typed_values_and_every_setting_at_once(app: Flask) -> None:
    settings = _settings(MAIL_USE_TLS="on", AFTERRUN_URL="https://runs.example/")
    with reading() as session:
        assert settings.flag(session, "MAIL_USE_TLS") is True
        assert settings.number(session, "AFTERRUN_HEARTBEAT_FACTOR") == 3
        assert settings.text(session, "MAIL_SENDER") == ""
        assert settings.server_address(session) == "https://runs.example"
        assert _settings().server_address(session) == "http://127.0.0.1:5000"
        shown = {found.setting.name: found.shown for found in settings.get_all(session)}
    assert list(shown) == [setting.name for setting in SETTINGS]
    assert (shown["MAIL_USE_TLS"], shown["AFTERRUN_HEARTBEAT_FACTOR"], shown["MAIL_PORT"]) == ("yes", "3", "587")


@pytest.mark.unit
def test_key_file_is_made_once_and_private(tmp_path: Path) -> None:
    first = open_vault(tmp_path, "")
    assert (tmp_path / KEY_FILE).stat().st_mode & 0o777 == 0o600
    assert open_vault(tmp_path, "").decrypt(first.encrypt("x"), "X") == "x"
    assert [path.name for path in tmp_path.iterdir()] == [KEY_FILE]


@pytest.mark.unit
def test_readable_key_file_is_complained_about(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    open_vault(tmp_path, "")
    (tmp_path / KEY_FILE).chmod(0o644)
    open_vault(tmp_path, "")
    assert "chmod 600" in caplog.text


@pytest.mark.integration
def test_keys_are_replaced_without_losing_a_secret(app: Flask, tmp_path: Path) -> None:
    vault = open_vault(tmp_path, "")
    with writing() as session:
        _settings(vault=vault).put(session, "MAIL_PASSWORD", "geheim", by_id=None, now=now())
    add_key(tmp_path)
    renewed = _settings(vault=open_vault(tmp_path, ""))
    with writing() as session:
        assert renewed.reseal(session, now=now()) == 1
    assert drop_old_keys(tmp_path) == 1
    with reading() as session:
        assert _settings(vault=open_vault(tmp_path, "")).text(session, "MAIL_PASSWORD") == "geheim"


@pytest.mark.unit
def test_keys_from_the_environment_take_the_files_place(tmp_path: Path) -> None:
    newest, older = new_key(), new_key()
    vault = open_vault(tmp_path, f"{newest}, {older}")
    assert not (tmp_path / KEY_FILE).exists()
    assert vault.decrypt(Vault([older], "a test").encrypt("x"), "X") == "x"
    assert len(set(vault.signing_keys())) == 2
    assert newest not in vault.signing_keys()


@pytest.mark.unit
@pytest.mark.parametrize("given", [",", "short", "x" * 44])
def test_wrong_key_is_explained(tmp_path: Path, given: str) -> None:
    with pytest.raises(SettingError, match="AFTERRUN_SECRET_KEY"):
        open_vault(tmp_path, given)


@pytest.mark.unit
def test_documentation_is_that_of_the_catalogue(snapshot: Snapshot) -> None:
    snapshot(DOCS / "settings.md", page())


@pytest.mark.unit
@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("NOTIFICATION_HANDLERS", "{"),
        ("NOTIFICATION_HANDLERS", "[]"),
        ("NOTIFICATION_HANDLERS", {"a": float("nan")}),
        ("NOTIFICATION_HANDLERS", {"a": object()}),
        ("NOTIFICATION_HANDLERS", {"a": "x" * 70_000}),
        ("CALLBACK_ALLOWED_HOSTS", ["a,b"]),
        ("CALLBACK_ALLOWED_HOSTS", [7]),
    ],
)
def test_faulty_list_or_mapping_is_refused(name: str, given: object) -> None:
    with pytest.raises(SettingError, match=name):
        get_setting(name).parse(given, "a test")


@pytest.mark.unit
def test_text_in_place_of_a_list_is_a_mistake_in_a_file_alone() -> None:
    assert _settings(CALLBACK_ALLOWED_HOSTS="*.example.com").at_start("CALLBACK_ALLOWED_HOSTS").value == "*.example.com"
    with pytest.raises(SettingError, match="expected a list"):
        _settings(file={"CALLBACK_ALLOWED_HOSTS": "*.example.com"}).at_start("CALLBACK_ALLOWED_HOSTS")


@pytest.mark.integration
def test_handlers_are_kept_encrypted_and_not_shown(app: Flask) -> None:
    settings: Settings = app.extensions["afterrun.settings"]
    with writing() as session:
        settings.put(session, "NOTIFICATION_HANDLERS", '{"a": {"token": "hunter2"}}', by_id=None, now=now())
        assert "hunter2" not in (preferences.find_setting(session, "NOTIFICATION_HANDLERS") or "")
        found = settings.get(session, "NOTIFICATION_HANDLERS")
    assert (found.shown, found.value) == ("set", '{"a": {"token": "hunter2"}}')


@pytest.mark.integration
def test_new_key_takes_destinations_secrets_and_waiting_tokens_along(app: Flask, tmp_path: Path) -> None:
    instance = Path(app.instance_path)
    settings: Settings = app.extensions["afterrun.settings"]
    uid = record_run(app)
    with writing() as session:
        add_secret(session, user_id=None, description="ci", sealed=settings.seal("one"), now=now())
        add_destination(session, "ops", channel="slack", sealed=settings.seal("two"), owner_id=None, now=now())
        new = NewDelivery(
            uid="1",
            channel="webhook",
            route="the run",
            source="",
            target={},
            target_key="k",
            to="x",
            user_id=None,
            wants={"sealed": settings.seal("three")},
        )
        add_deliveries(session, [new], run_id=get_run(session, uid).id, event=Event.ENDED, now=now())
        add_key(instance)
        assert Settings(environment={}, file={}, vault=open_vault(instance, "")).reseal(session, now=now()) == 3
    drop_old_keys(instance)
    vault = open_vault(instance, "")
    with reading() as session:
        kept = [
            list_all_secrets(session)[0].sealed,
            get_destination(session, "ops").sealed,
            list_sealed(session)[0][1]["sealed"],
        ]
    assert [vault.decrypt(text, "it") for text in kept] == ["one", "two", "three"]
