"""Is a log numbered, coloured, searched, followed and selected, whichever part of it is on the page?"""

import re
import threading
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.log_site import LogSite
from tests.e2e.parts import probe
from tests.e2e.static_site import Answer, StaticSite

pytestmark = pytest.mark.e2e


@pytest.fixture
def log(site: StaticSite) -> LogSite:
    """Return a log of 100,000 lines; every 1,000th is an error."""
    lines = [f"08:00:00.{n % 1000:03d} line {n} of the collector" for n in range(100_000)]
    return LogSite(site=site, lines=lines, errors=set(range(500, 100_000, 1000)))


def row(tab: Page, number: int) -> Locator:
    """Return the row with this number on screen."""
    return tab.locator(".log .r:visible").filter(has=tab.locator(".n", has_text=re.compile(f"^{number}$")))


def test_first_lines_are_numbered_from_one(tab: Page, log: LogSite) -> None:
    tab.goto("/")
    expect(row(tab, 1)).to_contain_text("line 0 of the collector")
    expect(tab.locator("[data-log-plain]")).to_be_hidden()
    expect(tab.locator("[data-log-state]")).to_have_text("Ended · 100,000 lines")
    assert tab.locator(".log .r").count() < 80


def test_address_opens_a_line_far_away_and_marks_the_range(tab: Page, log: LogSite) -> None:
    tab.goto("/#L77777-L77779")
    expect(row(tab, 77777)).to_contain_text("line 77776")
    for number, is_selected in ((77776, False), (77777, True), (77779, True), (77780, False)):
        expect(row(tab, number)).to_have_class(re.compile(r"\bsel\b" if is_selected else r"^r\s*$"))
    assert {asked.query["from"] for asked in log.site.asked if asked.path == "/log/lines"} <= {
        "77000",
        "77500",
        "78000",
    }


def test_click_and_shift_click_write_the_address(tab: Page, log: LogSite) -> None:
    tab.goto("/")
    row(tab, 5).locator(".n").click()
    expect(tab).to_have_url(re.compile("#L5$"))
    row(tab, 9).locator(".n").click(modifiers=["Shift"])
    expect(tab).to_have_url(re.compile("#L5-L9$"))
    row(tab, 2).locator(".n").click(modifiers=["Shift"])
    expect(tab).to_have_url(re.compile("#L2-L5$"))
    expect(tab.locator(".log .r.sel:visible")).to_have_count(4)


def test_a_click_that_a_text_arrives_in_the_middle_of_counts(tab: Page, log: LogSite) -> None:
    pressed = threading.Event()
    log.site.answers["/log/lines"] = lambda asked: log.some(asked) if pressed.wait(20) else Answer()
    tab.goto("/")
    row(tab, 5).locator(".n").hover()
    tab.mouse.down()
    pressed.set()
    expect(row(tab, 5)).to_contain_text("line 4 of the collector")
    tab.mouse.up()
    expect(tab).to_have_url(re.compile("#L5$"))


def test_colours_run_on_over_lines_and_begin_with_the_state_of_the_chunk(tab: Page, log: LogSite) -> None:
    log.lines[0:2] = ["\x1b[1;32mgreen begins", "and goes on\x1b[0m, ends"]
    log.sgr[500] = "31"
    tab.goto("/#L501")
    expect(row(tab, 501).locator(".a31").last).to_contain_text("line 500")
    tab.goto("/#L2")
    tab.reload()
    expect(row(tab, 2).locator(".a32.a1")).to_have_text("and goes on")


def test_search_covers_the_whole_log_and_walks_it(tab: Page, log: LogSite) -> None:
    tab.goto("/")
    search = tab.get_by_label("Search in Log")
    search.fill("LINE 9999")
    expect(tab.locator("[data-log-hits]")).to_have_text("1 of 11")
    expect(row(tab, 10000).locator("mark.now")).to_have_text("line 9999")
    for step in range(2, 12):
        search.press("Enter")
        expect(tab.locator("[data-log-hits]")).to_have_text(f"{step} of 11")
    expect(row(tab, 100000).locator("mark")).to_have_text("line 9999")
    search.press("Shift+Enter")
    expect(tab.locator("[data-log-hits]")).to_have_text("10 of 11")
    search.fill("no such text")
    search.press("Enter")
    expect(tab.locator("[data-log-hits]")).to_have_text("no hits")


def test_enter_searches_without_a_pause(tab: Page, log: LogSite) -> None:
    tab.clock.install()
    tab.goto("/")
    expect(row(tab, 1)).to_be_visible()
    tab.clock.pause_at(datetime.now(UTC) + timedelta(hours=1))
    search = tab.get_by_label("Search in Log")
    search.fill("line 9999")
    search.press("Enter")
    expect(tab.locator("[data-log-hits]")).to_have_text("1 of 11")


def test_errors_are_counted_and_walked(tab: Page, log: LogSite) -> None:
    tab.goto("/")
    expect(tab.locator("[data-level=error]")).to_contain_text("100 errors")
    tab.locator("[data-act=next-error]").click()
    expect(row(tab, 501)).to_have_class(re.compile("error.* sel"))
    tab.locator("[data-act=next-error]").click()
    expect(row(tab, 1501)).to_have_class(re.compile("sel"))
    tab.locator("[data-act=prev-error]").click()
    expect(row(tab, 501)).to_have_class(re.compile("sel"))
    tab.locator("[data-act=prev-error]").click()
    expect(tab.locator("[data-log-hits]")).to_have_text("no earlier error")


def test_keys_walk_hits_and_errors(tab: Page, log: LogSite) -> None:
    tab.goto("/")
    expect(row(tab, 1)).to_be_visible()
    tab.keyboard.press("e")
    expect(row(tab, 501)).to_have_class(re.compile("sel"))
    tab.get_by_label("Search in Log").fill("line 9999")
    expect(tab.locator("[data-log-hits]")).to_have_text("1 of 11")
    tab.get_by_role("log").focus()
    tab.keyboard.press("n")
    expect(tab.locator("[data-log-hits]")).to_have_text("2 of 11")


def test_following_stops_on_scroll_up_and_goes_on_at_the_end(tab: Page, log: LogSite) -> None:
    log.is_live = True
    tab.goto("/")
    follow = tab.locator("[data-act=follow]")
    expect(follow).to_have_attribute("aria-pressed", "true")
    expect(row(tab, 100000)).to_be_visible()
    log.lines += ["one more", "and another"]
    expect(row(tab, 100002)).to_contain_text("and another")
    tab.get_by_role("log").evaluate("box => { box.scrollTop -= 200 }")
    expect(follow).to_have_attribute("aria-pressed", "false")
    log.lines.append("unseen")
    expect(tab.locator("[data-log-state]")).to_have_text("Running · 100,003 lines")
    expect(row(tab, 100003)).to_have_count(0)
    follow.click()
    expect(row(tab, 100003)).to_contain_text("unseen")
    log.is_live = False
    expect(tab.locator("[data-log-state]")).to_have_text("Ended · 100,003 lines")


def test_long_lines_wrap_and_the_same_line_stays(tab: Page, log: LogSite) -> None:
    log.lines[60_000] = "long " * 400
    tab.goto("/#L60001")
    expect(row(tab, 60001)).to_be_visible()
    before = row(tab, 60001).bounding_box()
    tab.locator("[data-act=wrap]").click()
    probe(tab, "page.goToLine", 60_000)
    after = row(tab, 60001).bounding_box()
    assert before
    assert after
    assert after["height"] > 3 * before["height"]
    expect(row(tab, 60002)).to_be_visible()


def test_timestamps_can_be_hidden(tab: Page, log: LogSite) -> None:
    tab.goto("/")
    stamp = row(tab, 1).locator(".stamp")
    expect(stamp).to_have_text("08:00:00.000 ")
    tab.locator("[data-act=stamps]").click()
    expect(stamp).to_be_hidden()
    expect(row(tab, 1)).to_contain_text("line 0")


def test_markup_in_a_log_stays_text(tab: Page, log: LogSite) -> None:
    log.lines[0] = "<img src=x onerror=alert(1)>\x1b[31m<script>alert(1)</script>"
    tab.goto("/")
    expect(row(tab, 1)).to_contain_text("<img src=x onerror=alert(1)><script>alert(1)</script>")
    assert tab.locator(".log img, .log script").count() == 0


def test_a_server_fault_is_said_and_reading_goes_on(tab: Page, log: LogSite) -> None:
    tab.goto("/")
    expect(row(tab, 1)).to_be_visible()
    log.site.answers["/log/lines"] = lambda _asked: Answer(body=b"[]", kind="application/json")
    probe(tab, "page.goToLine", 50_000)
    expect(tab.locator("[data-log-error]")).to_contain_text("The log cannot be read")
    log.site.answers["/log/lines"] = log.some
    tab.wait_for_timeout(3100)
    probe(tab, "page.goToLine", 50_001)
    expect(row(tab, 50002)).to_contain_text("line 50001")
    expect(tab.locator("[data-log-error]")).to_be_hidden()


def test_an_empty_log_shows_no_line(tab: Page, site: StaticSite) -> None:
    LogSite(site=site, lines=[])
    tab.goto("/#L5")
    expect(tab.locator("[data-log-state]")).to_have_text("Ended · 0 lines")
    expect(tab.locator(".log .r:visible")).to_have_count(0)
