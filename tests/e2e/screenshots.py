"""What do the pages look like: pictures of a server with real runs, written to docs/pictures by `make screenshots`."""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, sync_playwright

from tests.e2e.demo import BACKUP, BOARD, Lab, fill
from tests.programs import absence, find_program
from tests.servers.product import Product, run_command, running_product

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "pictures"
SIZE = {"width": 1440, "height": 900}
PASSWORD = "a password for pictures"


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """One picture: its name, its address, and whether in dark colours."""

    name: str
    path: str
    is_dark: bool = False


def pictures(uids: dict[str, list[str]]) -> list[Picture]:
    """Return what is shown, given the uids of the runs by service, oldest first."""
    *_older, before, last = uids[BACKUP]
    compared = f"/compare?a={before}&b={last}"
    return [
        Picture(name="runs", path="/runs"),
        Picture(name="run", path=f"/runs/{last}?device=core-ams-02"),
        Picture(name="run-dark", path=f"/runs/{last}?device=core-ams-02", is_dark=True),
        Picture(name="cases", path=f"/runs/{uids[BOARD][-1]}"),
        Picture(name="log", path=f"/runs/{last}/logs/run"),
        Picture(name="compare", path=compared),
        Picture(name="compare-log", path=f"{compared}&tab=logs&view=side&level=volatile"),
        Picture(name="device", path="/devices/core-fra-01"),
    ]


def take(browser: Browser, product: Product, link: str, wanted: list[Picture]) -> None:
    """Sign in once, then take every picture."""
    for is_dark in (False, True):
        context = browser.new_context(
            base_url=product.url,
            viewport={"width": SIZE["width"], "height": SIZE["height"]},
            color_scheme="dark" if is_dark else "light",
            reduced_motion="reduce",
            locale="en-GB",
        )
        page = context.new_page()
        if is_dark:
            sign_in(page)
        else:
            choose_password(page, link)
        for picture in wanted:
            if picture.is_dark == is_dark:
                page.goto(picture.path)
                page.wait_for_load_state("load")
                page.wait_for_timeout(600)
                page.screenshot(path=FOLDER / f"{picture.name}.png")
        context.close()


def choose_password(page: Page, link: str) -> None:
    """Follow the link of the first sign-in."""
    page.goto(urlsplit(link).path)
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("input[name=again]").fill(PASSWORD)
    page.get_by_role("button", name="Save and sign in").click()
    page.wait_for_url("**/runs*")


def sign_in(page: Page) -> None:
    """Sign in by name and password."""
    page.goto("/sign-in")
    page.locator("input[name=name]").fill("admin")
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("form.sign-in button[type=submit]").click()
    page.wait_for_url("**/runs*")


def main() -> None:
    """Take every picture."""
    chromium = find_program("chromium")
    if chromium is None:
        raise SystemExit(absence("chromium"))
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        instance = Path(folder) / "instance"
        with running_product(instance) as product, sync_playwright() as playwright:
            uids = fill(Lab(url=product.url, token=product.token))
            link = run_command(instance, "user", "link", "admin").split()[-1]
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            take(browser, product, link, pictures(uids))
            browser.close()


if __name__ == "__main__":
    main()
