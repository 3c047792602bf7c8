"""Is a JSON document shown exactly as it was sent, searched, walked and copied, however large it is?"""

import json
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.parts import framed, probe
from tests.e2e.static_site import Answer, StaticSite

pytestmark = pytest.mark.e2e


def show(tab: Page, site: StaticSite, document: str) -> None:
    """Open a page with a tree of the document."""
    main = '<div class="card">{{ json_view("/doc", raw="/doc", label="Result", text="plain") }}</div>'
    site.put("/", framed(main, imports="viewers: json_view", sheets="json"))
    site.put("/doc", Answer(body=document.encode(), kind="application/json"))
    tab.goto("/")
    expect(tab.locator("[data-json][data-ready]")).to_be_attached(timeout=20_000)


def line(tab: Page, text: str) -> Locator:
    """Return the first row that holds a text."""
    return tab.locator(".json .ln:visible", has_text=text).first


def path(tab: Page) -> Locator:
    """Return where the path of the selection stands."""
    return tab.locator("[data-json-path]")


def test_digits_order_and_doubled_keys_stay_as_sent(tab: Page) -> None:
    tab.goto("/")
    text = '{"big":18446744073709551615,"10":1.10,"2":-0,"big":1e400,"e":[],"s":"caf\\u00e9 \\ud83d\\ude00"}'
    expected = ["=object", '"big"=18446744073709551615', '"10"=1.10', '"2"=-0', '"big"=1e400', '"e"=[]']
    assert probe(tab, "json.rows", text) == [*expected, '"s"="café 😀"', "}"]


def test_pretty_text_is_the_same_document(tab: Page) -> None:
    tab.goto("/")
    document = {"a": [1, {"b": None}], "c": 'x"\\', "d": {}, "e": [[]]}
    assert probe(tab, "json.pretty", json.dumps(document)) == json.dumps(document, indent=2)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "the text ends too early at character 0"),
        ('{"a":1', "expected a comma or } at character 6"),
        ('{"a" 1}', "expected a colon at character 5"),
        ("{a:1}", "expected a key in quotes at character 1"),
        ("[1,]", "not a JSON value at character 3"),
        ("[NaN]", "not a JSON value at character 1"),
        ("[01]", "not a JSON value at character 1"),
        ('["x', "a string without end at character 1"),
        ("[1] 2", "unexpected text after the document at character 4"),
        ("[1}", "expected a comma or ] at character 2"),
    ],
)
def test_what_is_not_json_is_named_with_its_place(tab: Page, text: str, fault: str) -> None:
    tab.goto("/")
    assert probe(tab, "json.fault", text) == fault


@pytest.mark.parametrize(
    ("query", "paths"),
    [
        ("MTU", ['$.if["Te0/0"].mtu', "$.note"]),
        ("1844674407370955161", ["$.big"]),
        ("é", ["$.name"]),
        ('say "', ["$.name"]),
        (":", []),
        ("a.c", []),
    ],
)
def test_search_finds_keys_and_values_and_no_punctuation(tab: Page, query: str, paths: list[str]) -> None:
    tab.goto("/")
    text = '{"if":{"Te0/0":{"mtu":9216}},"big":18446744073709551615,"name":"Jos\\u00e9 say \\"abc\\"","note":"MTU mtu"}'
    assert probe(tab, "json.search", text, query) == paths


def test_five_hundred_levels_and_a_hundred_thousand_entries(tab: Page) -> None:
    tab.goto("/")
    assert len(probe(tab, "json.rows", "[" * 512 + "]" * 512)) > 100
    assert probe(tab, "json.search", json.dumps(list(range(100_000))), "99999") == ["$[99999]"]


def test_tree_opens_closes_and_names_the_path(tab: Page, site: StaticSite) -> None:
    show(tab, site, '{"if":{"Te0/0/0/3":{"mtu":1500}},"list":[true,null]}')
    line(tab, "mtu").click()
    expect(path(tab)).to_have_text('$.if["Te0/0/0/3"].mtu')
    line(tab, "Te0/0/0/3").click()
    expect(tab.locator(".json .ln:visible", has_text="mtu")).to_have_count(0)
    expect(line(tab, "Te0/0/0/3")).to_have_attribute("aria-expanded", "false")
    expect(line(tab, "Te0/0/0/3")).to_contain_text("{…}1 key")
    expect(tab.locator("[data-json-text]")).to_be_hidden()


def test_everything_opens_and_closes_at_once(tab: Page, site: StaticSite) -> None:
    show(tab, site, json.dumps({"a": {"b": {"c": list(range(30))}}}))
    expect(line(tab, "[…]30 items")).to_be_visible()
    tab.get_by_role("button", name="Expand").click()
    expect(line(tab, "29")).to_be_attached()
    tab.get_by_role("button", name="Collapse").click()
    expect(tab.get_by_role("treeitem")).to_have_count(2)


def test_keyboard_walks_the_tree(tab: Page, site: StaticSite) -> None:
    show(tab, site, '{"a":{"b":1},"c":2}')
    tree = tab.get_by_role("tree")
    tree.press("ArrowDown")
    expect(path(tab)).to_have_text("$.a")
    tree.press("ArrowLeft")
    expect(tab.get_by_role("treeitem", selected=True)).to_have_attribute("aria-expanded", "false")
    tree.press("ArrowRight")
    expect(tab.get_by_role("treeitem", selected=True)).to_have_attribute("aria-expanded", "true")
    tree.press("ArrowRight")
    expect(path(tab)).to_have_text("$.a.b")
    tree.press("ArrowLeft")
    expect(path(tab)).to_have_text("$.a")
    tree.press("End")
    expect(path(tab)).to_have_text("$")
    active = tree.get_attribute("aria-activedescendant")
    expect(tab.locator(f"#{active}")).to_be_visible()


def test_search_steps_through_hits_also_in_closed_parts(tab: Page, site: StaticSite) -> None:
    document = {f"port{n}": {"deep": {"mtu": n, "pad": list(range(30))}} for n in range(300)}
    show(tab, site, json.dumps(document))
    search = tab.get_by_label("Search in Result")
    search.fill("MTU")
    expect(tab.locator("[data-json-hits]")).to_have_text("1 of 300")
    search.press("Shift+Enter")
    expect(tab.locator("[data-json-hits]")).to_have_text("300 of 300")
    expect(path(tab)).to_have_text("$.port299.deep.mtu")
    expect(line(tab, '"mtu": 299').locator("mark")).to_have_text("mtu")
    search.fill("no such thing")
    search.press("Enter")
    expect(tab.locator("[data-json-hits]")).to_have_text("no hits")


def test_path_and_exact_value_are_copied(tab: Page, site: StaticSite) -> None:
    tab.context.grant_permissions(["clipboard-read", "clipboard-write"])
    tab.clock.install()
    show(tab, site, '{"n":18446744073709551615}')
    line(tab, "18446744073709551615").click()
    expect(path(tab)).to_have_text("$.n")
    tab.clock.pause_at(datetime.now(UTC) + timedelta(hours=1))
    for action, text in (("copy-value", "18446744073709551615"), ("copy-path", "$.n")):
        tab.locator(f"[data-act={action}]").click()
        expect(tab.locator(f"[data-act={action}].done")).to_be_visible()
        assert tab.evaluate("navigator.clipboard.readText()") == text


def test_markup_in_a_document_stays_text(tab: Page, site: StaticSite) -> None:
    show(tab, site, '{"<img src=x onerror=alert(1)>":"<script>alert(1)</script>"}')
    expect(line(tab, "<script>alert(1)</script>")).to_be_visible()
    assert tab.locator(".json img, .json script").count() == 0


def test_a_fault_is_said_in_words_and_the_plain_text_stays(tab: Page, site: StaticSite) -> None:
    show(tab, site, '{"a":')
    expect(tab.locator("[data-json-state]")).to_contain_text("the text ends too early at character 5")
    expect(tab.locator("[data-json-text]")).to_be_visible()


def test_page_stays_awake_while_megabytes_open(tab: Page, site: StaticSite) -> None:
    port = {"descr": "x" * 200, "counter": 2**63, "errors": [0, 1, 2]}
    show(tab, site, json.dumps({f"Te0/0/0/{n}": port for n in range(30_000)}))
    probe(tab, "page.watchPauses")
    tab.get_by_role("button", name="Expand").click()
    tab.get_by_label("Search in Result").fill("Te0/0/0/29999")
    tab.get_by_label("Search in Result").press("Enter")
    expect(tab.locator("[data-json-hits]")).to_have_text("1 of 1", timeout=20_000)
    expect(line(tab, "Te0/0/0/29999")).to_be_visible()
    assert probe(tab, "page.longestPause") < 1500


def test_a_text_of_several_lines_is_read_whole_below_the_tree(tab: Page, site: StaticSite) -> None:
    shown = "Cisco IOS <b>XE</b>\n\tuptime is 3 é\nend \\n"
    show(
        tab,
        site,
        json.dumps({"version": shown, "short": "one line", "n": 1, "long": ("x\\" * 50_000) + "\\" * 200_000}),
    )
    whole = tab.locator("[data-json-whole]")
    expect(whole).to_be_hidden()
    expect(line(tab, '"version"')).to_contain_text("3 lines")
    line(tab, '"version"').click()
    expect(whole).to_be_visible()
    assert whole.text_content() == shown
    tab.get_by_role("searchbox", name="Search in Result").fill("UPTIME")
    expect(whole.locator("mark")).to_have_text("uptime")
    line(tab, '"short"').click()
    expect(whole).to_be_hidden()
    tab.locator(".json").press("ArrowUp")
    expect(whole).to_be_visible()
    line(tab, '"long"').click()
    expect(whole).to_contain_text("x\\x")
    assert (whole.text_content() or "").endswith("…")
