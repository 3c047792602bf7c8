"""What stands above every tab of a comparison: what else A could be, the tabs, and the counts of both runs."""

from typing import Any

from flask import url_for

from webapp.compare.runs import Comparison
from webapp.domain.changes import CLASS_TITLES, ChangeClass
from webapp.domain.compare_options import LAST_OK, PINNED, PREVIOUS, QUERY_PREFIX, read_compare_options
from webapp.store.db import Session
from webapp.store.queries import list_queries
from webapp.store.recording_services import get_options
from webapp.web.compare_wanted import Wanted
from webapp.web.guard import caller_here
from webapp.web.paging import here

# The classes that are told in every tab, and how they look.
MARKED = (
    (ChangeClass.NEWLY_FAILING, "bad"),
    (ChangeClass.NEW_FAILING, "bad"),
    (ChangeClass.FIXED, "ok"),
    (ChangeClass.CHANGED, ""),
    (ChangeClass.MISSING, ""),
)
LEFT_BEHIND = {"change": None, "pair": None, "page": None}


def choices_of_a(session: Session, wanted: Wanted) -> list[dict[str, str]]:
    """Return what else B may be compared with, and the addresses of that."""
    words = [("The run before B", PREVIOUS), ("The last run without errors", LAST_OK)]
    if read_compare_options(get_options(session, wanted.b.run.service_id)).pinned:
        words.append(("The pinned run", PINNED))
    words += [
        (f"The newest of “{query.title}”", f"{QUERY_PREFIX}{query.title}")
        for query in list_queries(session, of_user=caller_here().user_id)
    ]
    choices = [{"title": title, "url": here(a=word, attempt_a=None, **LEFT_BEHIND)} for title, word in words]
    return [*choices, {"title": "Another run…", "url": url_for("compare.index", b=wanted.b.run.uid)}]


def tabs_of(wanted: Wanted, current: str, devices: Comparison, cases: Comparison) -> list[dict[str, Any]]:
    """Return the tabs; a tab of devices or cases has the number of those that changed."""
    titles = {"devices": "Devices", "cases": "Cases", "logs": "Logs", "result": "Result JSON", "timing": "Timing"}
    counted = {"devices": devices, "cases": cases}
    is_pair = wanted.device != wanted.other
    tabs: list[dict[str, Any]] = []
    for name, title in titles.items():
        forgotten = {} if is_pair or name != "devices" else {"device": None, "other": None}
        tab = {"title": title, "url": here(tab=name, **LEFT_BEHIND, **forgotten), "current": name == current}
        if name in counted and counted[name].total:
            tab["count"] = len(counted[name].changes)
        tabs.append(tab)
    return tabs


def marks(devices: Comparison, cases: Comparison, *, is_narrowed: bool) -> list[dict[str, str]]:
    """Return the counts that matter most, each with the address that lists what it counts."""
    found: list[dict[str, str]] = []
    forgotten = {} if is_narrowed else {"device": None, "other": None}
    for kind, tone in MARKED:
        for comparison, tab in ((devices, "devices"), (cases, "cases")):
            count = comparison.counts[kind]
            if count:
                words = f"{count:,} {CLASS_TITLES[kind].lower()}"
                text = f"{words}, {tab}" if devices.total and cases.total else words
                url = here(tab=tab, **{**LEFT_BEHIND, **forgotten, "change": str(kind)})
                found.append({"text": text, "tone": tone, "url": url})
    return found
