"""Do the small behaviours of every page work: keys, selection, copying, theme, questions, unsaved changes, times?"""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Dialog, Page, expect

from tests.e2e.parts import framed
from tests.e2e.static_site import Answer, StaticSite

pytestmark = pytest.mark.e2e

LIST = """{{ filter_box() }}{% call table([{"title": "Select"}, {"title": "Run"}], "Runs", keys=True) %}<tbody>
{% for n in numbers %}<tr data-row id="r{{ n }}"><td><input type="checkbox" form="compare-tray" name="run" value="u{{ n }}"
 data-number="#{{ n }}" data-order="{{ n }}" aria-label="Select #{{ n }}"></td>
<td><a data-open href="/runs/{{ n }}">run {{ n }}</a></td></tr>{% endfor %}</tbody>{% endcall %}"""
FORM = """<form data-unsaved id="kept">{{ csrf() }}<input name="a" value="1" aria-label="Name">
<input type="checkbox" name="b" aria-label="Choice">{{ save_bar() }}</form><input form="kept" name="c" aria-label="Test">"""
CHART = '<div class="strip">{{ history_strip(bars, "Last runs") }}</div>'


def runs(*numbers: int) -> Answer:
    """Return a list page with these runs."""
    imports = "filters: filter_box; table: table, compare_tray"
    return framed(LIST, imports=imports, after='{{ compare_tray("/compare") }}', sheets="runs", numbers=numbers)


def test_keys_move_select_open_and_compare(tab: Page, site: StaticSite) -> None:
    site.put("/", runs(9, 8, 7))
    site.put("/compare", framed("compared"))
    tab.goto("/")
    expect(tab.locator("[data-tray]")).to_be_hidden()
    tab.keyboard.press("j")
    expect(tab.get_by_role("link", name="run 9")).to_be_focused()
    tab.keyboard.press("x")
    for _ in range(3):
        tab.keyboard.press("j")
    expect(tab.get_by_role("link", name="run 7")).to_be_focused()
    tab.keyboard.press("x")
    expect(tab.locator("[data-tray-pair]")).to_have_text("A#7B#9")
    tab.keyboard.press("c")
    expect(tab).to_have_url(re.compile(r"/compare\?a=u7&b=u9$"))


def test_slash_goes_to_the_filter_where_keys_are_text(tab: Page, site: StaticSite) -> None:
    site.put("/", runs(9))
    tab.goto("/")
    expect(tab.locator("[data-tray]")).to_be_hidden()
    tab.keyboard.press("/")
    expect(tab.locator("[data-search]")).to_be_focused()
    tab.keyboard.type("jx?")
    expect(tab.locator("[data-search]")).to_have_value("jx?")
    tab.keyboard.press("Escape")
    tab.keyboard.press("j")
    expect(tab.get_by_role("link", name="run 9")).to_be_focused()
    expect(tab.locator("[data-search]")).to_have_value("jx?")


def test_keys_can_be_turned_off_for_good(tab: Page, site: StaticSite) -> None:
    site.put("/", runs(9))
    tab.goto("/")
    expect(tab.locator("[data-tray]")).to_be_hidden()
    tab.keyboard.press("?")
    tab.get_by_label("Single-key shortcuts are on").uncheck()
    tab.get_by_role("button", name="Close").click()
    tab.reload()
    expect(tab.locator("[data-tray]")).to_be_hidden()
    tab.keyboard.press("j")
    expect(tab.get_by_role("link", name="run 9")).not_to_be_focused()


def test_selection_is_kept_over_pages_and_a_third_replaces_the_first(tab: Page, site: StaticSite) -> None:
    site.put("/", runs(9, 8))
    site.put("/older", runs(3, 2))
    tab.goto("/")
    expect(tab.locator("[data-tray]")).to_be_hidden()
    tab.get_by_label("Select #9").check()
    expect(tab.locator("[data-tray-hint]")).to_have_text("#9 selected. Tick a second run.")
    expect(tab.get_by_role("button", name="Compare")).to_be_disabled()
    tab.get_by_label("Select #8").check()
    tab.goto("/older")
    expect(tab.locator("[data-tray-pair]")).to_be_visible()
    tab.get_by_label("Select #2").check()
    expect(tab.locator("[data-tray-pair]")).to_have_text("A#2B#8")
    tab.goto("/")
    expect(tab.locator("#r8")).to_have_class("on")
    expect(tab.get_by_label("Select #9")).not_to_be_checked()
    tab.get_by_role("button", name="Clear the selection").click()
    expect(tab.locator("[data-tray]")).to_be_hidden()
    expect(tab.get_by_label("Select #8")).not_to_be_checked()


@pytest.mark.parametrize("clipboard", ["with", "without"])
def test_text_is_copied_with_and_without_the_clipboard_object(tab: Page, site: StaticSite, clipboard: str) -> None:
    tab.context.grant_permissions(["clipboard-read", "clipboard-write"])
    main = """{{ copy_button('one "two"') }}<textarea aria-label="Out"></textarea>"""
    site.put("/", framed(main, imports="page: copy_button"))
    if clipboard == "without":  # as on a page that came over plain HTTP
        tab.add_init_script("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    tab.clock.install()
    tab.goto("/")
    tab.clock.pause_at(datetime.now(UTC) + timedelta(hours=1))
    button = tab.locator("[data-copy]")
    button.click()
    expect(button).to_have_text("Copied")
    tab.get_by_label("Out").press("Control+v")
    expect(tab.get_by_label("Out")).to_have_value('one "two"')
    tab.clock.run_for(1500)
    expect(button).to_have_text("Copy")


def test_theme_changes_at_once_and_is_sent(tab: Page, site: StaticSite) -> None:
    site.put("/", framed("themed"))
    tab.route("**/account.theme", lambda route: route.fulfill(status=204))
    tab.goto("/")
    tab.get_by_label("Theme").click()
    with tab.expect_request("**/account.theme") as sent:
        tab.get_by_role("button", name="Dark").click()
    assert 'name="theme"\r\n\r\ndark' in (sent.value.post_data or "")
    assert 'name="csrf_token"\r\n\r\na token' in (sent.value.post_data or "")
    expect(tab.locator("html")).to_have_attribute("data-theme", "dark")
    expect(tab.get_by_role("button", name="Dark")).to_have_attribute("aria-pressed", "true")
    tab.keyboard.press("Escape")
    expect(tab.get_by_role("button", name="Dark")).to_be_hidden()


def test_question_comes_before_the_post(tab: Page, site: StaticSite) -> None:
    main = """{{ confirm("d", "Remove", "Remove it?", "It is gone then.", "/done", fields={"id": 7}) }}"""
    site.put("/", framed(main, imports="confirm: confirm"))
    tab.route("**/done", lambda route: route.fulfill(status=200, body=route.request.post_data or ""))
    tab.goto("/")
    tab.get_by_role("button", name="Remove").click()
    expect(tab.locator("dialog#d:modal")).to_be_visible()
    tab.get_by_role("button", name="Cancel").click()
    expect(tab.get_by_role("dialog")).to_be_hidden()
    tab.get_by_role("button", name="Remove").click()
    tab.get_by_role("button", name="Delete").click()
    expect(tab.locator("body")).to_have_text("csrf_token=a+token&id=7")


def test_question_opens_without_scripts_too(tab: Page, site: StaticSite) -> None:
    site.put("/", framed("""{{ confirm("d", "Remove", "Remove it?", "", "/done") }}""", imports="confirm: confirm"))
    browser = tab.context.browser
    assert browser
    context = browser.new_context(base_url=site.url, java_script_enabled=False)
    plain = context.new_page()
    plain.goto("/")
    expect(plain.get_by_role("button", name="Delete")).to_be_hidden()
    plain.get_by_role("button", name="Remove").click()
    expect(plain.get_by_role("button", name="Delete")).to_be_visible()
    plain.get_by_role("button", name="Cancel").click()
    expect(plain.get_by_role("button", name="Delete")).to_be_hidden()
    context.close()


def test_unsaved_changes_are_counted_and_guarded(tab: Page, site: StaticSite) -> None:
    site.put("/", framed(FORM, imports="forms: csrf, save_bar"))
    asked: list[str] = []

    def accept(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.accept()

    tab.on("dialog", accept)
    tab.goto("/")
    expect(tab.get_by_role("button", name="Discard")).to_be_disabled()
    tab.get_by_label("Test").fill("not kept")
    tab.get_by_label("Name").fill("2")
    tab.get_by_label("Choice").check()
    expect(tab.locator("[data-unsaved-count]")).to_have_text("2 unsaved changes")
    tab.get_by_label("Name").fill("1")
    expect(tab.locator("[data-unsaved-count]")).to_have_text("1 unsaved change")
    tab.reload()
    assert asked == ["beforeunload"]
    expect(tab.get_by_role("button", name="Discard")).to_be_disabled()
    tab.get_by_label("Name").fill("3")
    tab.get_by_role("button", name="Discard").click()
    expect(tab.locator("[data-unsaved-count]")).to_have_text("")
    tab.reload()
    assert asked == ["beforeunload"]


def test_arrows_walk_a_chart_of_links(tab: Page, site: StaticSite) -> None:
    bars = [{"url": f"/r{n}", "label": f"run {n}", "tone_word": "ok", "duration_s": n} for n in range(60)]
    site.put("/", framed(CHART, imports="charts: history_strip", sheets="runs", bars=bars))
    tab.goto("/")
    expect(tab.locator("[data-roving] a[tabindex='0']")).to_have_count(1)
    tab.get_by_role("link", name="run 59").focus()
    tab.keyboard.press("ArrowLeft")
    expect(tab.get_by_role("link", name="run 58")).to_be_focused()
    tab.keyboard.press("Home")
    expect(tab.get_by_role("link", name="run 0", exact=True)).to_be_focused()
    tab.keyboard.press("End")
    expect(tab.get_by_role("link", name="run 59")).to_be_focused()


def test_a_box_that_only_scrolls_is_a_stop_for_tab(tab: Page, site: StaticSite) -> None:
    main = """{% call table([{"title": "Text"}], "Wide") %}<tbody><tr><td>{{ "wide " * 300 }}</td></tr></tbody>{% endcall %}
    {% call table([{"title": "Text"}], "Narrow") %}<tbody><tr><td>narrow</td></tr></tbody>{% endcall %}
    {% call table([{"title": "Text"}], "Linked") %}<tbody><tr><td><a href="/">{{ "wide " * 300 }}</a></td></tr></tbody>
    {% endcall %}"""
    site.put("/", framed(main, imports="table: table"))
    tab.goto("/")
    boxes = tab.locator("div.scroll")
    expect(boxes.nth(0)).to_have_attribute("tabindex", "0")
    expect(boxes.nth(1)).not_to_have_attribute("tabindex", "0")
    expect(boxes.nth(2)).not_to_have_attribute("tabindex", "0")
