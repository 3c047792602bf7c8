"""Does every page work in a real browser: readable by everybody, at every width, in both themes, and alive?"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Literal
from urllib.parse import parse_qs, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, Page, expect

from tests.conftest import LiveServer
from tests.e2e.demo import BACKUP, BOARD, Lab, backup, smoke
from tests.factories.runs import CaseReport, Device, record_run
from tests.factories.sites import Site
from tests.programs import needs_program
from tests.servers.mail import running_mail_server
from webapp.ingest.services import ServiceFields, put_service
from webapp.reporters.afterrun import Reporter
from webapp.store.db import writing
from webapp.store.repositories import RepositoryFields, add_repository, mark_fault, mark_pushed
from webapp.store.runs import get_run
from webapp.web.links import SETTINGS_KEY

pytestmark = [pytest.mark.e2e, needs_program("chromium")]

# Long enough for a busy machine.
WAIT_MS = 30_000
HEIGHT = 900
WIDTHS = (1440, 820, 390)
DEVICE = "core-ams-02"
HOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAWT8OxDfiGEaaAUHpZ7IyDSFfWHQhgVA2SBpOtsLFAd"
LONG = "an-unusually-long-name-that-has-no-space-in-it-and-must-still-fit-" + "x" * 60
RULED_LINES = "a={before}&a_stream=run&a_line=2&b={last}&b_stream=run&b_line=2"
# What axe is asked for in each scheme: the dark one has other colours, and nothing else of its own.
ASKED: dict[Literal["light", "dark"], dict[str, list[str]]] = {
    "light": {"resultTypes": ["violations"]},
    "dark": {"resultTypes": ["violations"], "runOnly": ["color-contrast", "link-in-text-block"]},
}
# Viewers have filled themselves: no JSON is loading, no log is still plain text.
FILLED = """() => ![...document.querySelectorAll('[data-json-state]')]
        .some(at => !at.hidden && at.textContent.startsWith('Loading'))
    && ![...document.querySelectorAll('[data-log-lines]')].some(at => at.hidden)
    && ![...document.querySelectorAll('[data-json], [data-log], [data-diff]')].some(at => !('ready' in at.dataset))"""
TOO_WIDE = """() => document.documentElement.scrollWidth > document.documentElement.clientWidth
    ? [...document.querySelectorAll('body *')].filter(at => at.getBoundingClientRect().right > innerWidth + 1)
        .slice(0, 4).map(at => `${at.tagName}.${at.className}`).join(' ') || 'something' : ''"""


@pytest.fixture
def uids(app: Flask, live_server: LiveServer) -> dict[str, list[str]]:
    """Record two nights of backups, two tests of boards and a run of long names; return their uids by service."""
    with writing() as session:  # nobody listens there, and nothing is sent to this machine unless it is allowed
        handlers = '{"hook": {"class": "webhook", "level": "ok", "url": "http://127.0.0.1:9/' + LONG + '"}}'
        settings = app.extensions[SETTINGS_KEY]
        settings.put(session, "NOTIFICATION_HANDLERS", handlers, by_id=None, now=datetime.now(UTC))
    lab = Lab(url=live_server.url, token=live_server.token)
    random = Random(7)
    start = datetime.now(UTC) - timedelta(days=2)
    found: dict[str, list[str]] = {BACKUP: [], BOARD: []}
    for day in (2, 5):
        found[BACKUP].append(lab.send(backup(start + timedelta(hours=4 * day), day=day, random=random)))
        found[BOARD].append(lab.send(smoke(start + timedelta(hours=4 * day + 1), day=day, random=random)))
    found[LONG] = [
        record_run(
            app,
            service=LONG,
            devices=[Device(name=LONG, status="failed", message=LONG * 2, result={LONG: [LONG, {"deep": [[[1]]]}]})],
            cases=[CaseReport(name=LONG, suite=LONG, device=LONG, result="fail", message=LONG, output=LONG)],
            logs={"run": [LONG * 5], LONG: [LONG]},
            message=LONG * 3,
            fields={"labels": [LONG[:60]], "parameters": {LONG: LONG}, "external_key": LONG},
            now=start,
        )
    ]
    rules = [{"kind": "mask", "pattern": "serial \\w+", "name": "serial"}, {"kind": "path", "pattern": f"$..{LONG}"}]
    with writing() as session:
        put_service(session, BACKUP, ServiceFields(options={"compare": {"rules": rules}}), now=start)
    add_long_repository(app, found[LONG][0])
    site = Site(app=app)
    site.work()
    found["deliveries"] = [each.uid for each in site.deliveries(found[LONG][0])]
    return found


def add_long_repository(app: Flask, uid: str) -> None:
    """Add a repository of long names that holds a run, and could not take the next one."""
    with app.app_context(), writing() as session:
        fields = RepositoryFields(name=LONG[:64], url=f"https://git.example.org/{LONG}.git", host_key=HOST_KEY)
        made = add_repository(session, fields, now=datetime.now(UTC))
        mark_pushed(session, made, run_id=get_run(session, uid).id, commit_id="a1" * 20, now=datetime.now(UTC))
        mark_fault(session, made, f"The server refused the push: {LONG}", now=datetime.now(UTC))


@pytest.fixture
def faults() -> list[str]:
    """Return what the browser complained about; a test removes what it meant to happen."""
    return []


@pytest.fixture
def page(browser: Browser, live_server: LiveServer, admin: FlaskClient, faults: list[str]) -> Iterator[Page]:
    """Return a page in which an administrator is signed in; no error is tolerated in it."""
    name = admin.application.config["SESSION_COOKIE_NAME"]
    cookie = admin.get_cookie(name)
    assert cookie is not None
    context = browser.new_context(
        base_url=live_server.url,
        viewport={"width": WIDTHS[0], "height": HEIGHT},
        locale="en-GB",
        reduced_motion="reduce",
    )
    context.add_cookies([{"name": name, "value": cookie.value, "url": live_server.url}])
    page = context.new_page()
    page.set_default_timeout(WAIT_MS)
    page.on("console", lambda said: faults.append(f"{page.url}: {said.text}") if said.type == "error" else None)
    page.on("pageerror", lambda error: faults.append(f"{page.url}: {error}"))
    yield page
    context.close()
    assert faults == []


def pages_of(uids: dict[str, list[str]]) -> list[str]:
    """Return the address of every page that shows something of its own."""
    before, last = uids[BACKUP]
    run, compared = f"/runs/{last}", f"/compare?a={before}&b={last}"
    return [
        "/runs",
        "/runs?q=statis:x",
        f"{run}?device={DEVICE}",
        f"{run}?device={DEVICE}&show=log",
        f"{run}?device={DEVICE}&show=history",
        f"{run}?by=result",
        f"{run}?by=result&level=exact&same=1",
        f"{run}?cause=none",
        f"/runs/{uids[BOARD][-1]}",
        f"/runs/{uids[LONG][0]}",
        f"{run}/logs/run",
        "/services",
        f"/services/{BACKUP}",
        f"/services/{BACKUP}/comparison",
        f"/services/{BACKUP}/comparison/rules/1",
        f"/services/{BACKUP}/comparison/rules/new?{RULED_LINES.format(before=before, last=last)}",
        f"/services/{BACKUP}/notifications",
        f"/services/{BACKUP}/trends",
        f"/services/{BOARD}/trends/case?suite=network&name=throughput&device=board-b",
        f"/services/{LONG}/trends?by=cases",
        "/devices",
        f"/devices/{DEVICE}",
        f"/devices/{DEVICE}?show=runs",
        "/compare",
        "/compare/texts",
        compared,
        f"/compare?a={uids[BOARD][0]}&b={uids[BOARD][1]}&tab=cases",
        f"{compared}&tab=logs",
        f"{compared}&tab=logs&view=unified&level=volatile",
        f"{compared}&tab=logs&context=all&find=config",
        f"{compared}&tab=result&device=core-ams-01",
        f"{compared}&tab=timing",
        f"{compared}&change=changed&same=1",
        f"/queries/new?text=service:{BACKUP}",
        "/queries",
        f"/compare?a={uids[LONG][0]}&b={last}",
        "/profile",
        "/profile/notifications",
        f"/admin/deliveries?open={uids['deliveries'][0]}",
        "/admin/deliveries?q=statis:x",
        f"/deliveries/{uids['deliveries'][0]}",
        "/admin/destinations",
        "/admin/destinations/new/destinations/webhook",
        "/admin/people",
        "/admin/git",
        "/admin/git/1",
        f"/services/{BACKUP}/git",
        "/admin/settings/mail",
        "/admin/settings/notifications",
        "/admin/settings/start",
        "/api/v1/",
        "/nowhere",
    ]


def open_page(page: Page, path: str) -> None:
    """Open an address and wait until its viewers show what they are for."""
    page.goto(path)
    page.wait_for_function(FILLED)


def complaints(page: Page, path: str) -> Iterator[str]:
    """Yield what is wrong with a page: what axe finds in each theme, and where it is wider than the window."""
    open_page(page, path)
    for width in reversed(WIDTHS):
        page.set_viewport_size({"width": width, "height": HEIGHT})
        if culprits := page.evaluate(TOO_WIDE):
            yield f"{path} at {width} px is too wide: {culprits}"
    for scheme, asked in ASKED.items():
        page.emulate_media(color_scheme=scheme)
        found = Axe().run(page, options=asked)
        if found.violations_count:
            yield f"{path} in {scheme}: {found.generate_report()}"


def test_every_page_fits_and_reads_well(page: Page, uids: dict[str, list[str]], faults: list[str]) -> None:
    found = [complaint for path in pages_of(uids) for complaint in complaints(page, path)]
    page.context.clear_cookies()
    found += complaints(page, "/sign-in")
    # Pages that are not there, or refuse a filter, are meant to answer so.
    faults[:] = [fault for fault in faults if "/nowhere: " not in fault and "statis:x: " not in fault]
    assert not found, "\n".join(found)


def test_two_ticked_runs_are_compared(page: Page, uids: dict[str, list[str]]) -> None:
    before, last = uids[BACKUP]
    open_page(page, "/runs")
    tray = page.get_by_role("region", name="Compare two runs")
    expect(tray).to_be_hidden()
    page.locator(f"input[value='{last}']").check()
    expect(tray).to_contain_text("Tick a second run")
    page.locator(f"input[value='{before}']").check()
    tray.get_by_role("button", name="Compare").click()
    page.wait_for_url("**/compare?*")
    assert parse_qs(urlsplit(page.url).query) == {"a": [before], "b": [last]}
    expect(page.get_by_role("region", name="Side A")).to_contain_text("#1")
    expect(page.get_by_role("region", name="Side B")).to_contain_text("#2")


def test_runs_are_filtered_in_place_and_new_ones_appear(app: Flask, page: Page, uids: dict[str, list[str]]) -> None:
    open_page(page, "/runs")
    rows = page.locator("[data-row]")
    expect(rows).to_have_count(5)
    page.evaluate("window.isSamePage = true")
    box = page.get_by_role("searchbox", name="Filter runs")
    box.fill(f"service:{BACKUP}")
    expect(rows).to_have_count(len(uids[BACKUP]))
    assert parse_qs(urlsplit(page.url).query) == {"q": [f"service:{BACKUP}"]}
    record_run(app, service=BACKUP, devices=["edge-1"], status=None, now=datetime.now(UTC))
    expect(rows).to_have_count(3)
    expect(rows.first).to_contain_text("#3")
    assert page.evaluate("window.isSamePage") is True
    assert box.input_value() == f"service:{BACKUP}"
    page.reload()
    expect(rows).to_have_count(3)


def test_a_chosen_device_shows_its_result_log_and_history(page: Page, uids: dict[str, list[str]]) -> None:
    open_page(page, f"/runs/{uids[BACKUP][1]}")
    page.evaluate("window.isSamePage = true")
    page.locator("#run-devices").get_by_role("link", name=DEVICE, exact=True).click()
    panel = page.get_by_role("region", name=f"Device {DEVICE}")
    tree = panel.get_by_role("tree")
    expect(tree).to_contain_text("hostname")
    expect(tree).to_contain_text(DEVICE)
    panel.get_by_role("searchbox").fill("192.0.2.1")
    expect(panel.locator("[data-json-hits]")).to_contain_text("1 of 1")
    expect(tree.locator("mark")).to_have_text("192.0.2.1")
    tabs = panel.get_by_role("navigation", name="Device")
    tabs.get_by_role("link", name="Log").click()
    expect(panel.locator("[data-log-lines]")).to_contain_text(f"connecting to {DEVICE}")
    tabs.get_by_role("link", name="History").click()
    page.wait_for_url("**show=history*")
    expect(panel.get_by_role("link", name="Compare")).to_have_count(1)
    assert page.evaluate("window.isSamePage") is True
    assert parse_qs(urlsplit(page.url).query) == {"device": [DEVICE], "show": ["history"]}


def test_an_open_run_gains_its_parts_and_keeps_the_shown_device(
    app: Flask, page: Page, live_server: LiveServer, tmp_path: Path
) -> None:
    uid = record_run(app, service=BACKUP, status=None, now=datetime.now(UTC))
    open_page(page, f"/runs/{uid}")
    expect(page.get_by_text("Nothing was reported yet")).to_be_visible()
    page.evaluate("window.isSamePage = true")
    run = Reporter(live_server.url, live_server.token, service=BACKUP, uid=uid, spool=tmp_path / "spool")
    run.device_start("edge-2")
    run.case("boots", "pass", suite="smoke")
    run.log("INFO begun")
    panel = page.get_by_role("region", name="Device edge-2")
    expect(panel).to_contain_text("It comes when the device is done.")
    expect(page.get_by_role("region", name="Test cases")).to_contain_text("boots")
    expect(page.locator("[data-log-lines]")).to_contain_text("INFO begun")
    run.device_end("edge-1", "failed")
    run.device_end("edge-2", "ok", attempt=2, result={"vlan": 7})
    expect(panel.get_by_role("tree")).to_contain_text("vlan")
    expect(page.locator("#run-devices [data-row]").first).to_contain_text("edge-1")
    expect(page.locator("#run-devices [aria-selected=true]")).to_contain_text("edge-2")
    assert run.close(deadline=WAIT_MS / 1000)
    expect(page.locator("#run-facts")).to_contain_text("complete")
    assert page.evaluate("window.isSamePage") is True


def test_two_versions_of_a_device_are_compared_by_keys_alone(page: Page, uids: dict[str, list[str]]) -> None:
    before, last = uids[BACKUP]
    open_page(page, "/devices/edge-lon-05")
    expect(page.locator("[data-row]")).to_have_count(2)
    for key in ("j", "x", "j", "x"):
        page.keyboard.press(key)
    expect(page.get_by_role("region", name="Compare two runs")).to_contain_text("Compare logs")
    page.keyboard.press("c")
    page.wait_for_url("**/compare?*")
    assert parse_qs(urlsplit(page.url).query) == {
        "a": [before],
        "b": [last],
        "device": ["edge-lon-05"],
        "tab": ["result"],
    }


def test_a_chosen_line_leads_to_a_rule_and_back(app: Flask, page: Page) -> None:
    lines = [f"step {word} done" for word in ("one", "two", "three")]
    before = record_run(app, service=BACKUP, logs={"run": [*lines, "session 4f2a9 opened"]})
    last = record_run(app, service=BACKUP, logs={"run": [*lines, "session 77b1c opened"]})
    address = f"/compare?a={before}&b={last}&tab=logs&level=volatile"
    open_page(page, address)
    page.locator("#B4 a").click()
    page.get_by_text("Ignore lines like this").click()
    expect(page.get_by_label("Line of A")).to_have_value("4")
    expect(page.get_by_label("Line of B")).to_have_value("4")
    page.get_by_role("button", name="Suggest a rule").click()
    expect(page.get_by_label("Pattern")).to_have_value(r"session \S+")
    page.get_by_role("button", name="Try on the last 5 runs").click()
    expect(page.get_by_role("region", name="What it hits")).to_contain_text("2 lines")
    page.get_by_label("Name").fill("session")
    page.get_by_role("button", name="Add the rule").click()
    page.wait_for_url(f"**{address}")
    expect(page.locator("[data-diff]")).to_contain_text("Only ignored parts differ: 1 line by rule 'session'")


def test_changes_of_a_log_are_walked_and_unfolded(app: Flask, page: Page) -> None:
    lines = [f"step {number} of 90 done" for number in range(1, 91)]
    before = record_run(app, service=BACKUP, logs={"run": lines})
    lines[20], lines[70] = "step 21 of 90 failed", "step 71 of 90 skipped"
    last = record_run(app, service=BACKUP, logs={"run": lines})
    open_page(page, f"/compare?a={before}&b={last}&tab=logs")
    now = page.locator("[data-hunk-now]")
    for number in (1, 2):
        page.keyboard.press("n")
        expect(now).to_contain_text(f"Change {number} of")
        expect(page.locator("tr.now")).to_have_id(f"h{number}")
        expect(page.locator("tr.now")).to_be_in_viewport()
    page.keyboard.press("p")
    expect(page.locator("tr.now")).to_have_id("h1")
    folds, rows = page.locator("[data-unfold]"), page.locator("[data-diff] tbody tr")
    expect(folds).to_have_count(3)
    expect(rows.get_by_text("step 45 of 90 done")).to_have_count(0)
    folds.nth(1).click()
    expect(folds).to_have_count(2)
    expect(rows.get_by_text("step 45 of 90 done")).to_have_count(2)


def test_deliveries_appear_and_open_in_place(app: Flask, page: Page, uids: dict[str, list[str]]) -> None:
    open_page(page, "/admin/deliveries")
    page.evaluate("window.isSamePage = true")
    rows = page.locator("[data-row]")
    expect(rows).to_have_count(5)
    record_run(app, service=BACKUP, devices=["edge-1"], now=datetime.now(UTC))
    Site(app=app).work()
    expect(rows).to_have_count(6)
    rows.first.get_by_role("link", name="Open the delivery").click()
    expect(page.locator(".delivery")).to_contain_text("127.0.0.1")
    page.get_by_role("searchbox", name="Filter deliveries").fill("service:nothing")
    expect(page.get_by_role("heading", name="No delivery matches")).to_be_visible()
    assert page.evaluate("window.isSamePage") is True


def test_a_channel_is_tried_without_losing_what_was_typed(page: Page, uids: dict[str, list[str]]) -> None:
    open_page(page, "/admin/settings/mail")
    page.evaluate("window.isSamePage = true")
    with running_mail_server() as peer:
        page.get_by_role("textbox", name="Server").fill("127.0.0.1")
        page.get_by_label("Port").fill(str(peer.port))
        page.get_by_label("Use TLS").uncheck()
        page.get_by_label("Password").fill("typed and kept")
        page.get_by_label("Sender").fill("afterrun@lab.example")
        page.get_by_label("To", exact=True).fill("ada@lab.example")
        page.get_by_label("About the run").select_option(uids[BACKUP][1])
        page.get_by_role("button", name="Send test").click()
        expect(page.get_by_role("status").filter(has_text="Accepted with 250")).to_be_visible()
    message = page.frame_locator("iframe[title='The message as HTML']")
    expect(message.get_by_role("heading", level=1)).to_contain_text(f"{BACKUP} #2")
    expect(page.locator("[data-unsaved-count]")).to_have_text("5 unsaved changes")
    assert page.get_by_label("Password").input_value() == "typed and kept"
    assert page.evaluate("window.isSamePage") is True
    page.get_by_role("button", name="Discard").click()
