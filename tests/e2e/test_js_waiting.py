"""Does a page that waits for a comparison say how far it is, and show it when it is there?"""

import threading

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.parts import framed
from tests.e2e.static_site import Answer, Asked, StaticSite

pytestmark = pytest.mark.e2e

MAIN = '<section data-waiting="/state"><p role="status" data-waiting-state>Waiting</p></section>'


def test_the_page_follows_and_then_shows_itself_again(tab: Page, site: StaticSite) -> None:
    answers = iter([Answer(body=b"<b>Comparing</b>"), Answer(body=b"<b>Laying out</b>")])
    is_seen = threading.Event()

    def state(_asked: Asked) -> Answer:
        answer = next(answers, None)
        if answer is None:
            is_seen.wait(20)
            site.put("/", framed("<h1>Here it is</h1>"))
            return Answer(status=204)
        return answer

    site.put("/", framed(MAIN))
    site.answers["/state"] = state
    tab.goto("/")
    expect(tab.locator("[data-waiting-state]")).to_have_text("Laying out")
    is_seen.set()
    expect(tab.get_by_role("heading", name="Here it is")).to_be_visible()
