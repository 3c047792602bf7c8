"""How is a consistent copy of the database made while others write to it?"""

import contextlib
import os
import sqlite3
from collections.abc import Sequence
from pathlib import Path

from webapp.errors import ConflictError, SettingError
from webapp.store.address import SQLITE_FILE
from webapp.store.db import db

PAGES_A_STEP = 4096
PRIVATE = 0o600


def save_copy(folder: Path, instance: Path, *, extra: Sequence[str]) -> list[Path]:
    """Copy the SQLite database, and files of the instance folder that exist, into a new folder.

    Args:
        folder: where to; it must not exist, or be empty.
        instance: the instance folder.
        extra: paths of files within the instance folder.

    Raises:
        ConflictError: the folder has something in it.
        SettingError: the database is not SQLite.
    """
    if db.engine.dialect.name != "sqlite":
        raise SettingError("this copies SQLite; save PostgreSQL by pg_dump, and the instance folder beside it")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if any(folder.iterdir()):
        raise ConflictError(f"{folder} is not empty")
    target = folder / SQLITE_FILE
    source = f"file:{db.engine.url.database}?mode=ro"
    with (
        contextlib.closing(sqlite3.connect(source, uri=True)) as reading,
        contextlib.closing(sqlite3.connect(target)) as writing,
    ):
        target.chmod(PRIVATE)
        reading.backup(writing, pages=PAGES_A_STEP)
    return [target, *(_copy(instance / name, folder / name) for name in extra if (instance / name).exists())]


def _copy(source: Path, target: Path) -> Path:
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE), "wb") as file:
        file.write(source.read_bytes())
    return target
