"""What is a setting's value, and which source gave it: environment, database, `config.py`, or its default?"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from webapp.errors import SettingError
from webapp.settings.catalogue import CONFIG, SETTINGS, Setting, Value, get_setting
from webapp.settings.vault import Vault
from webapp.store import accounts, preferences, repositories
from webapp.store.db import Session
from webapp.store.deliveries import change_wants, list_sealed
from webapp.store.destinations import list_destinations, reseal_destination
from webapp.store.kept_secrets import list_all_secrets, reseal_secret

MAX_FILE = 65_536


class Source(StrEnum):
    """Where a value came from; the first one that has a value wins."""

    ENVIRONMENT = "environment"
    DATABASE = "database"
    FILE = CONFIG
    DEFAULT = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """A setting's value in force."""

    setting: Setting
    value: Value
    source: Source

    @property
    def shown(self) -> str:
        """Return the value as it may be shown: a secret only says whether it is set."""
        if self.setting.is_secret:
            return "set" if self.value else ""
        if isinstance(self.value, bool):
            return "yes" if self.value else "no"
        return f"{self.value:g}" if isinstance(self.value, float) else str(self.value)


class Settings:
    """Every setting of one instance.

    Args:
        environment: the process's variables.
        file: the values of `instance/config.py`.
        vault: what reads the secrets of the database; None while only settings of the start are asked for.
    """

    def __init__(self, *, environment: Mapping[str, str], file: Mapping[str, object], vault: Vault | None) -> None:
        self._environment = environment
        self._file = file
        self._vault = vault

    def at_start(self, name: str) -> Resolved:
        """Return a value without asking the database."""
        setting = get_setting(name)
        return self._from_environment(setting) or self._from_file(setting) or _default(setting)

    def get(self, session: Session, name: str) -> Resolved:
        """Return a value from whichever source has one."""
        setting = get_setting(name)
        stored = preferences.find_setting(session, name) if setting.is_stored else None
        return self._resolve(setting, stored)

    def get_all(self, session: Session) -> list[Resolved]:
        """Return the value of every setting, in the order of the catalogue."""
        stored = preferences.list_settings(session)
        return [self._resolve(setting, stored.get(setting.name)) for setting in SETTINGS]

    def text(self, session: Session, name: str) -> str:
        """Return a value as text."""
        return str(self.get(session, name).value)

    def number(self, session: Session, name: str) -> float:
        """Return the value of a setting that is a number."""
        return float(self.get(session, name).value)

    def flag(self, session: Session, name: str) -> bool:
        """Return the value of a setting that is yes or no."""
        return bool(self.get(session, name).value)

    def items(self, session: Session, name: str) -> tuple[str, ...]:
        """Return the items of a setting that is a list."""
        return tuple(item for item in self.text(session, name).split(",") if item)

    def seal(self, text: str) -> str:
        """Return a secret as it may be kept in the database."""
        return self._opened().encrypt(text)

    def unseal(self, sealed: str, name: str) -> str:
        """Return a secret that was kept; `name` says what it is, for the message when no key fits."""
        return self._opened().decrypt(sealed, name)

    def server_address(self, session: Session) -> str:
        """Return where people find the server: AFTERRUN_URL, or host and port as they are set."""
        given = self.text(session, "AFTERRUN_URL")
        host, port = self.at_start("AFTERRUN_HOST").value, self.at_start("AFTERRUN_PORT").value
        return given.rstrip("/") or f"http://{host}:{port}"

    def put(self, session: Session, name: str, text: str, *, by_id: int | None, now: datetime) -> None:
        """Store a value in the database, secrets encrypted, with a line in the audit trail."""
        setting = get_setting(name)
        if not setting.is_stored:
            raise SettingError(f"{name} is needed before the database is open: set it in the environment or config.py")
        value = setting.parse(text, "the value given")
        kept = self._opened().encrypt(str(value)) if setting.is_secret else str(value)
        preferences.put_setting(session, name, kept, by_id=by_id, now=now)
        accounts.add_audit(session, user_id=by_id, action="setting.changed", subject=name, now=now)

    def remove(self, session: Session, name: str, *, by_id: int | None, now: datetime) -> None:
        """Forget the value in the database; the next source's counts again."""
        get_setting(name)
        if preferences.remove_setting(session, name):
            accounts.add_audit(session, user_id=by_id, action="setting.removed", subject=name, now=now)

    def reseal(self, session: Session, *, now: datetime) -> int:
        """Encrypt every stored secret again under the newest key; return how many there are."""
        stored = preferences.list_settings(session)
        secret = [setting for setting in SETTINGS if setting.is_secret and setting.name in stored]
        for setting in secret:
            sealed = self._opened().reseal(stored[setting.name], setting.name)
            preferences.put_setting(session, setting.name, sealed, by_id=None, now=now)
        return (
            len(secret) + self._reseal_notices(session) + repositories.replace_secrets(session, self._opened().reseal)
        )

    def _reseal_notices(self, session: Session) -> int:
        destinations = list_destinations(session)
        vault = self._opened()
        for each in destinations:
            reseal_destination(session, each.name, vault.reseal(each.sealed, f"the destination {each.name!r}"))
        kept = list_all_secrets(session)
        for secret in kept:
            reseal_secret(session, secret.id, vault.reseal(secret.sealed, f"the secret {secret.description!r}"))
        waiting = list_sealed(session)
        for delivery_id, wants in waiting:
            sealed = vault.reseal(str(wants["sealed"]), "a callback's token")
            change_wants(session, delivery_id, {**wants, "sealed": sealed})
        return len(destinations) + len(kept) + len(waiting)

    def _resolve(self, setting: Setting, stored: str | None) -> Resolved:
        return (
            self._from_environment(setting)
            or self._from_database(setting, stored)
            or self._from_file(setting)
            or _default(setting)
        )

    def _from_environment(self, setting: Setting) -> Resolved | None:
        name, file_name = setting.env_names
        given = self._environment.get(name)
        if given is None and (path := self._environment.get(file_name)):
            name, given = f"{file_name}={path}", _read_file(file_name, path)
        if given is None:
            return None
        value = setting.parse(given, f"the environment, {name}" if name != setting.name else "the environment")
        return Resolved(setting=setting, value=value, source=Source.ENVIRONMENT)

    def _from_database(self, setting: Setting, stored: str | None) -> Resolved | None:
        if stored is None:
            return None
        text = self._opened().decrypt(stored, setting.name) if setting.is_secret else stored
        return Resolved(setting=setting, value=setting.parse(text, "the database"), source=Source.DATABASE)

    def _from_file(self, setting: Setting) -> Resolved | None:
        if setting.name not in self._file:
            return None
        value = setting.parse(self._file[setting.name], CONFIG)
        return Resolved(setting=setting, value=value, source=Source.FILE)

    def _opened(self) -> Vault:
        if self._vault is None:
            raise SettingError("the secret key was not read yet")
        return self._vault


def _default(setting: Setting) -> Resolved:
    return Resolved(setting=setting, value=setting.default, source=Source.DEFAULT)


def _read_file(name: str, path: str) -> str:
    try:
        with Path(path).open() as file:
            return file.read(MAX_FILE)
    except (OSError, UnicodeDecodeError) as error:
        raise SettingError(f"{name} names a file that cannot be read: {error}") from None
