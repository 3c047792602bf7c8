"""What browser tests may ask for: a site of static files alone, and a page on it that tolerates no error."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.static_site import StaticSite, serving

# A busy machine is slow, not wrong.
expect.set_options(timeout=20_000)


@pytest.fixture
def site() -> Iterator[StaticSite]:
    """Return a running server of static/ that answers with what the test puts into it."""
    with serving() as running:
        yield running


@pytest.fixture
def faults() -> list[str]:
    """Return what the console of `tab` has complained about; a test removes what it meant to happen."""
    return []


@pytest.fixture
def tab(browser: Browser, site: StaticSite, faults: list[str]) -> Iterator[Page]:
    """Return a page of the site; an error in its console, a refused script or style fails the test."""
    context = browser.new_context(base_url=site.url, viewport={"width": 1200, "height": 800}, locale="en-GB")
    page = context.new_page()
    page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    yield page
    context.close()
    assert faults == []
