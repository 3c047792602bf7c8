"""Which database does an address mean, and how is it reached?"""

import importlib.util
from pathlib import Path
from typing import Any

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from webapp.errors import SettingError

SQLITE_FILE = "afterrun.db"
POSTGRES = "postgresql+psycopg"
POSTGRES_SCHEMES = ("postgres", "postgresql", POSTGRES)
KEPT_CONNECTIONS = 4


def database_address(given: str, instance: Path) -> str:
    """Return SQLAlchemy's address for what an operator wrote.

    Args:
        given: empty, or an address as other programs take it (`postgres://...` is fine).
        instance: the folder of the SQLite file when nothing was given.
    """
    if not given:
        return f"sqlite:///{instance / SQLITE_FILE}"
    try:
        url = make_url(given)
    except (ArgumentError, ValueError):
        raise SettingError("DATABASE_URL is not an address like postgresql://user:password@host/database") from None
    if url.drivername in POSTGRES_SCHEMES:
        if importlib.util.find_spec("psycopg") is None:
            raise SettingError("DATABASE_URL needs the PostgreSQL driver: pip install 'afterrun[postgres]'")
        url = url.set(drivername=POSTGRES)
    return url.render_as_string(hide_password=False)


def engine_options(address: str, *, threads: int) -> dict[str, Any]:
    """Return how many connections are kept and how many more may be opened, so that no thread ever waits for one."""
    options: dict[str, Any] = {
        "pool_size": KEPT_CONNECTIONS,
        "max_overflow": threads,
        "pool_use_lifo": True,
        "pool_timeout": 10,
    }
    if not address.startswith("sqlite"):
        options["pool_pre_ping"] = True
    return options
