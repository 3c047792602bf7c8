"""What does the menu offer, to whom, and where are we in it?"""

from dataclasses import dataclass

from flask import Flask, request, url_for
from flask_login import current_user

from webapp.domain.access import Permission

# title, endpoint, what a person needs to see it
MENU: tuple[tuple[str, str, Permission], ...] = (
    ("Runs", "runs.index", Permission.VIEW),
    ("Services", "services.index", Permission.VIEW),
    ("Devices", "devices.index", Permission.VIEW),
    ("Compare", "compare.index", Permission.VIEW),
    ("Admin", "people.index", Permission.ADMIN),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NavItem:
    """One entry of the menu."""

    title: str
    url: str
    current: bool


def install_nav(app: Flask) -> None:
    """Give every template the menu and the theme."""
    app.context_processor(lambda: {"nav_items": nav_items(), "theme": theme()})


def nav_items() -> list[NavItem]:
    """Return the entries that the person at the browser may follow; nobody sees none."""
    if not current_user.is_authenticated:
        return []
    entries = [(title, url_for(endpoint)) for title, endpoint, permission in MENU if current_user.can(permission)]
    here, root = _first(request.path), request.script_root
    return [NavItem(title=title, url=url, current=_first(url.removeprefix(root)) == here) for title, url in entries]


def _first(path: str) -> str:
    """Return the part of an address that names the section: everything below it belongs to it."""
    return path.split("/")[1]


def theme() -> str:
    """Return the theme that this browser chose: light, dark, or empty for the system's."""
    chosen = request.cookies.get("theme", "")
    return chosen if chosen in ("light", "dark") else ""
