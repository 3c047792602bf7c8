"""What does a reader see of a time: how long ago, or the local date, with the exact time on hover?"""

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.parts import framed
from tests.e2e.static_site import StaticSite

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize(
    ("style", "at", "text"),
    [
        ("ago", "2026-11-22T11:59:40Z", "just now"),
        ("ago", "2026-11-22T11:48:00Z", "12 min ago"),
        ("ago", "2026-11-22T09:00:00Z", "3 h ago"),
        ("ago", "2026-11-20T11:00:00Z", "2 d ago"),
        ("ago", "2026-11-22T12:04:00Z", "in 4 min"),
        ("ago", "2026-11-02T08:14:00Z", "2 Nov, 09:14"),
        ("ago", "not a time", "as the server wrote"),
        ("moment", "1969-12-31T12:59:59Z", "31 Dec 1969, 13:59"),
        ("moment", "9999-12-31T12:00:00Z", "31 Dec 9999, 13:00"),
        ("clock", "2026-11-22T08:14:05Z", "09:14:05"),
        ("date", "2026-11-21T23:30:00Z", "22 Nov 2026"),
        ("elapsed", "2026-11-22T10:58:29Z", "1h 01m"),
    ],
)
def test_times_are_local_and_told_from_now(browser: Browser, site: StaticSite, style: str, at: str, text: str) -> None:
    site.put("/", framed(f'<time datetime="{at}" data-time="{style}" title="{at}">as the server wrote</time>'))
    context = browser.new_context(base_url=site.url, timezone_id="Europe/Prague")
    tab = context.new_page()
    tab.clock.set_fixed_time("2026-11-22T12:00:00Z")
    tab.goto("/")
    expect(tab.locator("main time")).to_have_text(text)
    expect(tab.locator("main time")).to_have_attribute("title", at)
    context.close()
