"""Do filters change parts of the page alone, and does an open page follow what happens?"""

import queue
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.parts import framed, probe
from tests.e2e.static_site import Answer, Asked, StaticSite

pytestmark = pytest.mark.e2e

CHIPS = """{{ count_chips([{"url": "/?q=failed", "label": "Failed", "current": word == "failed"}], "Level", swap="#list #chips") }}"""
LIST = """<div id="chips">%s</div>{{ filter_box(value=word, swap="#list #chips", hidden={"empty": ""}) }}
<div id="list" data-live><p>version {{ version }} of {{ word or "all" }}</p></div>"""


@dataclass(slots=True)
class ListSite:
    """A list page with chips, filter form, live region and stream; `version` stands in its rows."""

    site: StaticSite
    version: int = 1
    is_streaming: bool = True
    events: queue.Queue[str] = field(default_factory=queue.Queue)

    def __post_init__(self) -> None:
        """Answer the list and its stream."""
        self.site.answers |= {"/": self.page, "/events": self.stream}

    def page(self, asked: Asked) -> Answer:
        """Answer the page, a part of it, or 304."""
        word = asked.query.get("q", "")
        tag = f'"{self.version}-{word}"'
        if asked.headers.get("if-none-match") == tag:
            return Answer(status=304)
        whole = framed(
            LIST % CHIPS,
            imports="filters: count_chips, filter_box",
            attributes='data-events="/events"',
            word=word,
            version=self.version,
        )
        return Answer(body=whole.body, headers={"ETag": tag})

    def stream(self, _asked: Asked) -> Answer:
        """Answer a stream of what the test puts into `events`, or refuse."""
        return Answer(events=self._events()) if self.is_streaming else Answer(status=503)

    def _events(self) -> Iterator[str]:
        yield ": hello\n\n"
        while (event := self.events.get()) != "close":
            yield f"event: {event}\ndata: {{}}\n\n"


@pytest.fixture
def listing(site: StaticSite) -> Iterator[ListSite]:
    """Return the list's site; its streams end with the test."""
    running = ListSite(site=site)
    yield running
    for _ in range(4):
        running.events.put("close")


def lamp(tab: Page) -> Locator:
    """Return the word that says how live the page is."""
    return tab.locator("[data-live-state] [role=status]")


def partial(listing: ListSite) -> list[Asked]:
    """Return the questions for parts."""
    return [asked for asked in listing.site.asked if "x-partial" in asked.headers]


def test_chip_swaps_its_regions_and_back_brings_the_old_ones(tab: Page, listing: ListSite) -> None:
    tab.goto("/")
    tab.evaluate("window.same = true")
    tab.get_by_role("link", name="Failed").click()
    expect(tab.locator("#list p")).to_have_text("version 1 of failed")
    expect(tab.locator("#chips a")).to_have_attribute("aria-current", "true")
    expect(tab).to_have_url(re.compile(r"\?q=failed$"))
    tab.go_back()
    expect(tab.locator("#list p")).to_have_text("version 1 of all")
    expect(tab.locator("#chips a")).not_to_have_attribute("aria-current", "true")
    assert tab.evaluate("window.same") is True


def test_typing_filters_after_a_pause_with_empty_fields_left_out(tab: Page, listing: ListSite) -> None:
    tab.clock.install()
    tab.goto("/")
    expect(lamp(tab)).to_have_text("Live")
    tab.clock.pause_at(datetime.now(UTC) + timedelta(hours=1))
    box = tab.get_by_role("searchbox", name="Filter")
    box.press_sequentially("abc")
    tab.clock.run_for(200)
    assert partial(listing) == []
    tab.clock.run_for(100)
    expect(tab.locator("#list p")).to_have_text("version 1 of abc")
    expect(tab).to_have_url(re.compile(r"/\?q=abc$"))
    expect(box).to_be_focused()
    expect(box).to_have_value("abc")
    assert [asked.query for asked in partial(listing)] == [{"q": "abc"}]


def test_new_tab_click_is_left_to_the_browser(tab: Page, listing: ListSite) -> None:
    tab.goto("/")
    with tab.context.expect_page() as opened:
        tab.get_by_role("link", name="Failed").click(modifiers=["Control"])
    opened.value.close()
    assert partial(listing) == []


def test_changed_events_refetch_live_regions_at_most_once_a_second(tab: Page, listing: ListSite) -> None:
    tab.goto("/")
    expect(lamp(tab)).to_have_text("Live")
    listing.version = 2
    for _ in range(20):
        listing.events.put("changed")
    expect(tab.locator("#list p")).to_have_text("version 2 of all")
    tab.wait_for_timeout(1500)
    assert 1 <= len(partial(listing)) <= 3


def test_refused_stream_falls_back_to_polling_that_asks_only_for_what_changed(
    tab: Page, listing: ListSite, faults: list[str]
) -> None:
    listing.is_streaming = False
    tab.clock.install()
    tab.goto("/")
    expect(lamp(tab)).to_have_text("Polling")
    with tab.expect_response(lambda answer: "x-partial" in answer.request.headers):
        tab.clock.run_for(5100)
    listing.version = 2
    tab.clock.run_for(5100)
    expect(tab.locator("#list p")).to_have_text("version 2 of all")
    with tab.expect_response(lambda answer: answer.status == 304):
        tab.clock.run_for(5100)
    assert partial(listing)[-1].headers["if-none-match"] == '"2-"'
    assert all("503" in fault for fault in faults)  # the browser reports the refusal itself
    faults.clear()


def test_pause_closes_the_stream_and_resume_catches_up(tab: Page, listing: ListSite) -> None:
    tab.goto("/")
    expect(lamp(tab)).to_have_text("Live")
    lamp(tab).click()
    expect(lamp(tab)).to_have_text("Paused")
    listing.version = 5
    tab.wait_for_timeout(300)
    assert partial(listing) == []
    lamp(tab).click()
    expect(tab.locator("#list p")).to_have_text("version 5 of all")
    expect(lamp(tab)).to_have_text("Live")


def test_hidden_page_gives_its_stream_back(tab: Page, listing: ListSite) -> None:
    tab.goto("/")
    expect(lamp(tab)).to_have_text("Live")
    probe(tab, "page.pretendHidden", "yes")
    expect(lamp(tab)).to_have_text("Paused")
    listing.version = 3
    probe(tab, "page.pretendHidden", "")
    expect(tab.locator("#list p")).to_have_text("version 3 of all")


def test_lost_connection_is_shown_and_what_was_missed_is_fetched(tab: Page, listing: ListSite) -> None:
    tab.goto("/")
    expect(lamp(tab)).to_have_text("Live")
    listing.version = 4
    listing.events.put("close")
    expect(lamp(tab)).to_have_text("Reconnecting")
    expect(tab.locator("#list p")).to_have_text("version 4 of all")
    expect(lamp(tab)).to_have_text("Live")
