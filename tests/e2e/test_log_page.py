"""Does a reader's browser show a log of a real server: live, searched, by its lines, and without scripts?"""

from collections.abc import Callable, Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, Page, expect

from tests.conftest import LiveServer
from tests.store.log_runs import NOW, UID, add_run
from webapp.store.db import writing
from webapp.store.logs import append_log
from webapp.store.runs import get_run

pytestmark = pytest.mark.e2e
PATH = f"/runs/{UID}/logs/run"
# Long enough for a busy machine.
WAIT_MS = 30_000
LINES = [b"2026-11-22 08:00:00 INFO line %d\n" % number for number in range(1, 9001)]
LINES[6999] = b"2026-11-22 08:00:00 \x1b[31mERROR\x1b[0m <b>needle</b> \x1b]0;t\x07\xff\n"

OpenTab = Callable[..., Page]


def append(data: bytes) -> None:
    """Add bytes to the run's log."""
    with writing() as session:
        append_log(session, run_id=get_run(session, UID).id, stream="run", data=data, now=NOW)


@pytest.fixture
def open_tab(browser: Browser, live_server: LiveServer, viewer: FlaskClient) -> Iterator[OpenTab]:
    """Return a function that opens a browser's tab in which a viewer is signed in; no error is tolerated in it."""
    with writing() as session:
        add_run(session)
    append(b"".join(LINES))
    faults: list[str] = []
    name = viewer.application.config["SESSION_COOKIE_NAME"]
    cookie = viewer.get_cookie(name)
    assert cookie is not None

    def opened(**options: bool | str) -> Page:
        context = browser.new_context(base_url=live_server.url, locale="en-GB", **options)  # type: ignore[arg-type]
        context.add_cookies([{"name": name, "value": cookie.value, "url": live_server.url}])
        page = context.new_page()
        page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: faults.append(str(error)))
        return page

    yield opened
    for context in browser.contexts:
        context.close()
    assert faults == []


def test_log_follows_its_end_and_leads_to_hits_and_errors(app: Flask, open_tab: OpenTab) -> None:
    page = open_tab()
    page.goto(PATH)
    lines = page.locator("[data-log-lines]")
    expect(lines.get_by_text("INFO line 9000")).to_be_visible(timeout=WAIT_MS)
    append(b"just arrived\n")
    expect(lines.get_by_text("just arrived")).to_be_visible(timeout=WAIT_MS)
    page.get_by_role("searchbox", name="Search in Run log").fill("NEEDLE")
    expect(lines.locator("mark", has_text="needle")).to_be_visible(timeout=WAIT_MS)
    expect(page.locator("[data-log-hits]")).to_have_text("1 of 1", timeout=WAIT_MS)
    expect(lines.locator(".r.error")).to_contain_text("7000", timeout=WAIT_MS)
    assert lines.locator(".a31").inner_text() == "ERROR"
    assert lines.locator("b").count() == 0


def test_an_address_with_lines_opens_at_them(app: Flask, open_tab: OpenTab) -> None:
    page = open_tab()
    page.goto(f"{PATH}#L4100-L4102")
    expect(page.locator("[data-log-lines] .r.sel .n").first).to_have_text("4100", timeout=WAIT_MS)
    page.get_by_title("Next error").click()
    expect(page.locator("[data-log-lines] .r.sel .n")).to_have_text(["7000"], timeout=WAIT_MS)
    assert page.url.endswith("#L7000")


def test_log_reads_without_scripts(app: Flask, open_tab: OpenTab) -> None:
    page = open_tab(java_script_enabled=False)
    page.goto(f"{PATH}#L1500")
    expect(page.locator("#L1500")).to_be_in_viewport(timeout=WAIT_MS)
    page.get_by_role("link", name="Next 2,000").first.click()
    expect(page.locator("#L2001")).to_be_visible(timeout=WAIT_MS)
    page.get_by_role("searchbox", name="Search the whole log").fill("needle")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name="7000").click()
    expect(page.locator("#L7000")).to_contain_text("ERROR <b>needle</b>", timeout=WAIT_MS)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(app: Flask, open_tab: OpenTab, scheme: str) -> None:
    page = open_tab(color_scheme=scheme)
    page.goto(f"{PATH}#L7000")
    expect(page.locator("[data-log-lines] .r.sel")).to_be_visible(timeout=WAIT_MS)
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
