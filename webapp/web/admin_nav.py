"""Which pages do administrators have, and on which of them are we: the bar beside each of them."""

from dataclasses import dataclass

from flask import Blueprint, request, url_for

from webapp.settings.catalogue import SETTINGS, Section

blueprint = Blueprint("admin_nav", __name__)

PICTURES = {Section.MAIL: "mail", Section.GIT: "branch", Section.NOTICES: "send", Section.RUNS: "play"}
TITLES = {Section.START: "At the start", Section.GIT: "Default repository"}
CHANNELS = (Section.MAIL, Section.SLACK, Section.MATTERMOST, Section.IRC)
# heading, (title, endpoint, icon); the pages of the settings are put in from their catalogue
PAGES: tuple[tuple[str, tuple[tuple[str, str, str], ...]], ...] = (
    (
        "Delivery",
        (
            ("Git", "repositories.index", "branch"),
            ("Destinations", "destinations.index", "pin"),
            ("Deliveries", "deliveries.index", "list"),
        ),
    ),
    ("Server", ()),
    ("Access", (("People", "people.index", "users"),)),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One page: its title, address and icon, and whether it is the one that is open."""

    title: str
    url: str
    icon: str
    current: bool


@blueprint.app_template_global("admin_sections")
def admin_sections() -> list[tuple[str, list[Entry]]]:
    """Return the headings of the bar, each with its pages."""
    delivering = [*CHANNELS, Section.NOTICES]
    others = [section for section in Section if section not in delivering and section is not Section.START]
    found: dict[str, list[Entry]] = {
        "Delivery": [_of_settings(section) for section in delivering if _has_settings(section)],
        "Server": [_of_settings(section) for section in (*others, Section.START)],
    }
    return [(heading, [*found.get(heading, []), *map(_of_page, pages)]) for heading, pages in PAGES]


def _of_settings(section: Section) -> Entry:
    url = url_for("settings.show", section=section.lower())
    is_here = request.blueprint == "settings" and (request.view_args or {}).get("section") == section.lower()
    return Entry(title=TITLES.get(section, section.value), url=url, icon=PICTURES.get(section, "gear"), current=is_here)


def _of_page(page: tuple[str, str, str]) -> Entry:
    title, endpoint, icon = page
    blueprint_name = endpoint.partition(".")[0]
    return Entry(title=title, url=url_for(endpoint), icon=icon, current=request.blueprint == blueprint_name)


def _has_settings(section: Section) -> bool:
    return any(setting.section is section for setting in SETTINGS)
