"""Where do people find us: addresses that work outside of the browser that asked."""

from flask import current_app, request

from webapp.settings.resolve import Settings
from webapp.store.db import db

SETTINGS_KEY = "afterrun.settings"


def settings() -> Settings:
    """Return the settings of the application that answers."""
    found: Settings = current_app.extensions[SETTINGS_KEY]
    return found


def public_url(path: str) -> str:
    """Return the full address of a path: below AFTERRUN_URL, or below the address that this request came to."""
    given = settings().text(db.session(), "AFTERRUN_URL")
    return (given or request.url_root).rstrip("/") + path


def local_path(given: str | None) -> str:
    """Return where to go next: the path given if it lies on this server, else the first page."""
    text = given or ""
    is_local = text.startswith("/") and not text.startswith(("//", "/\\")) and text.isprintable()
    return text if is_local and "\\" not in text else "/"
