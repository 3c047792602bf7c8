"""How are secrets kept: encrypted by keys that live outside of the database, and that can be replaced.

The keys stand in `instance/secret.key`, the newest first, one a line, readable by the owner alone; the environment
variable `AFTERRUN_SECRET_KEY` takes their place when it is set. The newest key encrypts, every key decrypts.
"""

import base64
import hashlib
import logging
import os
import secrets
from collections.abc import Sequence
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from webapp.errors import SettingError

KEY_FILE = "secret.key"
PRIVATE = 0o600

log = logging.getLogger(__name__)


class Vault:
    """Encrypts and decrypts short texts.

    Args:
        keys: the newest first, at least one.
        origin: where they came from, for messages.
    """

    def __init__(self, keys: Sequence[str], origin: str) -> None:
        if not keys:
            raise SettingError(f"{origin} holds no key")
        try:
            self._fernet = MultiFernet([Fernet(key) for key in keys])
        except ValueError:
            raise SettingError(
                f"{origin} must hold keys of 32 random bytes in URL-safe base64, 44 characters"
            ) from None
        self._keys = tuple(keys)

    def encrypt(self, text: str) -> str:
        """Return a text that only the keys can read."""
        return self._fernet.encrypt(text.encode()).decode()

    def decrypt(self, sealed: str, name: str) -> str:
        """Return what was encrypted; `name` is the setting's, for the message when no key fits."""
        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken:
            raise SettingError(f"{name} was stored under a secret key that is gone: set it again") from None

    def reseal(self, sealed: str, name: str) -> str:
        """Return the same secret under the newest key."""
        return self.encrypt(self.decrypt(sealed, name))

    def signing_keys(self) -> list[str]:
        """Return the keys that sign sessions, the newest first; none of them reveals a key of the vault."""
        return [hashlib.sha256(b"sessions:" + key.encode()).hexdigest() for key in self._keys]


def new_key() -> str:
    """Return a new random key."""
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


def open_vault(instance: Path, given: str) -> Vault:
    """Return the vault of an instance; its key file is made when there is none.

    Args:
        instance: the instance folder.
        given: the keys from the environment, separated by commas; empty means the key file.
    """
    if given:
        return Vault([key.strip() for key in given.split(",") if key.strip()], "AFTERRUN_SECRET_KEY")
    path = instance / KEY_FILE
    if not path.exists():
        _write_new(path)
    return Vault(_read(path), str(path))


def add_key(instance: Path) -> None:
    """Put a new key in front of those in the key file."""
    path = instance / KEY_FILE
    _replace(path, [new_key(), *_read(path)])


def drop_old_keys(instance: Path) -> int:
    """Keep only the newest key of the key file; return how many went."""
    path = instance / KEY_FILE
    keys = _read(path)
    _replace(path, keys[:1])
    return len(keys) - 1


def _read(path: Path) -> list[str]:
    if path.stat().st_mode & 0o077:
        log.warning("%s can be read by other users of this machine: chmod 600 it", path)
    return path.read_text().split()


def _write_new(path: Path) -> None:
    """Write a first key; when another process was faster, its file stays."""
    draft = _draft(path, [new_key()])
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        log.info("another process made %s", path)
    finally:
        draft.unlink()


def _replace(path: Path, keys: Sequence[str]) -> None:
    _draft(path, keys).replace(path)


def _draft(path: Path, keys: Sequence[str]) -> Path:
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE), "w") as file:
        file.writelines(f"{key}\n" for key in keys)
        file.flush()
        os.fsync(file.fileno())
    return draft
