"""Is a JSON document shown exactly as it was sent, searched, walked and copied, however large it is?"""

import json
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.static_site import Answer, StaticSite, page

pytestmark = pytest.mark.e2e

TOOLS = "".join(
    f'<button data-act="{name}"><span></span>{name}</button>' for name in ("prev", "next", "all", "copy-path", "copy-value")
)
HOST = (
    '<div data-json="/doc"><input type="search" data-json-search aria-label="Search"><span data-json-hits></span>'
    f'{TOOLS}<p data-json-state>Loading</p><div class="json" role="tree" aria-label="JSON" tabindex="0" hidden data-json-tree></div>'
    '<div data-json-bar hidden><code data-json-path></code></div></div>'
)
TREE = """async ([text, act, value]) => { const { Tape } = await import('/static/js/jsontape.js');
  const { Tree } = await import('/static/js/jsontree.js');
  try { const tree = new Tree(new Tape(text));
    if (act === 'search') return tree.search(value).found.map(id => tree.tape.path(id));
    if (act === 'pretty') return tree.pretty(0);
    return [...tree.rows].map(row => tree.view(row)).map(v => v.close ?? `${v.key ?? ''}=${v.text ?? v.type}`) }
  catch (error) { return error.message } }"""


def show(tab: Page, site: StaticSite, document: str) -> None:
    """Open a page with a tree of the document."""
    site.put("/", page(HOST, sheets="json"))
    site.put("/doc", Answer(body=document.encode(), kind="application/json"))
    tab.goto("/")
    expect(tab.locator("[data-json-state]")).to_be_hidden()


def line(tab: Page, text: str) -> Any:
    """Return the row that holds a text."""
    return tab.locator(".json .ln:visible", has_text=text).first


def test_digits_order_and_doubled_keys_stay_as_sent(tab: Page) -> None:
    tab.goto("/")
    text = '{"big":18446744073709551615,"10":1.10,"2":-0,"big":1e400,"e":[],"s":"caf\\u00e9 \\ud83d\\ude00"}'
    assert tab.evaluate(TREE, [text, "", ""]) == [
        "=object", '"big"=18446744073709551615', '"10"=1.10', '"2"=-0', '"big"=1e400', '"e"=[]', '"s"="café 😀"', "}",
    ]  # fmt: skip


def test_pretty_text_is_the_same_document(tab: Page) -> None:
    tab.goto("/")
    document = {"a": [1, {"b": None}], "c": "x\"\\", "d": {}, "e": [[]]}
    pretty = tab.evaluate(TREE, [json.dumps(document), "pretty", ""])
    assert pretty == json.dumps(document, indent=2)


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
    assert tab.evaluate(TREE, [text, "", ""]) == fault


@pytest.mark.parametrize(
    ("query", "paths"),
    [
        ("mtu", ['$.if["Te0/0"].mtu', "$.note"]),
        ("1844674407370955161", ["$.big"]),
        ("é", ["$.name"]),
        ('say "', ["$.name"]),
        (":", []),
        ("a.c", []),
    ],
)
def test_search_finds_keys_and_values_and_no_punctuation(tab: Page, query: str, paths: list[str]) -> None:
    tab.goto("/")
    text = '{"if":{"Te0/0":{"MTU":9216}},"big":18446744073709551615,"name":"Jos\\u00e9 say \\"abc\\"","note":"MTU mtu"}'
    assert tab.evaluate(TREE, [text.replace('"MTU":', '"mtu":'), "search", query]) == paths


def test_five_hundred_levels_and_a_hundred_thousand_entries(tab: Page) -> None:
    tab.goto("/")
    assert len(tab.evaluate(TREE, ["[" * 512 + "]" * 512, "", ""])) > 100
    assert tab.evaluate(TREE, [json.dumps(list(range(100_000))), "search", "99999"]) == ["$[99999]"]


def test_tree_opens_closes_and_names_the_path(tab: Page, site: StaticSite) -> None:
    show(tab, site, '{"if":{"Te0/0/0/3":{"mtu":1500}},"list":[true,null]}')
    line(tab, "mtu").click()
    expect(tab.locator("[data-json-path]")).to_have_text('$.if["Te0/0/0/3"].mtu')
    line(tab, "Te0/0/0/3").click()
    expect(tab.locator(".json .ln:visible", has_text="mtu")).to_have_count(0)
    expect(line(tab, "Te0/0/0/3")).to_have_attribute("aria-expanded", "false")
    expect(line(tab, "Te0/0/0/3")).to_contain_text("{…}1 key")


def test_keyboard_walks_the_tree(tab: Page, site: StaticSite) -> None:
    show(tab, site, '{"a":{"b":1},"c":2}')
    tree = tab.get_by_role("tree")
    tree.press("ArrowDown")
    expect(tab.locator("[data-json-path]")).to_have_text("$.a")
    tree.press("ArrowLeft")
    expect(tab.get_by_role("treeitem", selected=True)).to_have_attribute("aria-expanded", "false")
    tree.press("ArrowRight")
    tree.press("ArrowRight")
    expect(tab.locator("[data-json-path]")).to_have_text("$.a.b")
    tree.press("ArrowLeft")
    expect(tab.locator("[data-json-path]")).to_have_text("$.a")
    tree.press("End")
    expect(tab.locator("[data-json-path]")).to_have_text("$")
    assert tab.evaluate("() => document.getElementById(document.querySelector('[role=tree]').getAttribute('aria-activedescendant')) !== null")


def test_search_steps_through_hits_also_in_closed_parts(tab: Page, site: StaticSite) -> None:
    document = {f"port{n}": {"deep": {"mtu": n, "pad": list(range(30))}} for n in range(300)}
    show(tab, site, json.dumps(document))
    tab.get_by_label("Search").fill("MTU")
    tab.get_by_label("Search").press("Enter")
    expect(tab.locator("[data-json-hits]")).to_have_text("1 of 300")
    tab.get_by_label("Search").press("Shift+Enter")
    expect(tab.locator("[data-json-hits]")).to_have_text("300 of 300")
    expect(tab.locator("[data-json-path]")).to_have_text("$.port299.deep.mtu")
    expect(line(tab, '"mtu": 299').locator("mark")).to_have_text("mtu")


def test_path_and_exact_value_are_copied(tab: Page, site: StaticSite) -> None:
    tab.context.grant_permissions(["clipboard-read", "clipboard-write"])
    show(tab, site, '{"n":18446744073709551615}')
    line(tab, "18446744073709551615").click()
    tab.locator("[data-act=copy-value]").click()
    expect(tab.locator("[data-act=copy-value]")).to_have_class("done")
    assert tab.evaluate("navigator.clipboard.readText()") == "18446744073709551615"
    tab.locator("[data-act=copy-path]").click()
    expect(tab.locator("[data-act=copy-path]")).to_have_class("done")
    assert tab.evaluate("navigator.clipboard.readText()") == "$.n"


def test_markup_in_a_document_stays_text(tab: Page, site: StaticSite) -> None:
    show(tab, site, '{"<img src=x onerror=alert(1)>":"<script>alert(1)</script>"}')
    expect(line(tab, "<script>alert(1)</script>")).to_be_visible()
    assert tab.locator(".json img, .json script").count() == 0


def test_a_fault_is_said_in_words(tab: Page, site: StaticSite) -> None:
    site.put("/", page(HOST, sheets="json"))
    site.put("/doc", Answer(body=b'{"a":', kind="application/json"))
    tab.goto("/")
    expect(tab.locator("[data-json-state]")).to_contain_text("the text ends too early at character 5")


def test_page_stays_awake_while_megabytes_open(tab: Page, site: StaticSite) -> None:
    port = {"descr": "x" * 200, "counter": 2**63, "errors": [0, 1, 2]}
    document = json.dumps({f"Te0/0/0/{n}": port for n in range(30_000)})
    site.put("/", page(HOST, sheets="json"))
    site.put("/doc", Answer(body=document.encode(), kind="application/json"))
    tab.add_init_script(
        "window.gaps = []; let last = performance.now(); setInterval(() => { const now = performance.now(); gaps.push(now - last); last = now }, 20)"
    )
    tab.goto("/")
    expect(tab.locator("[data-json-state]")).to_be_hidden(timeout=20_000)
    tab.locator("[data-act=all]").click()
    tab.get_by_label("Search").fill("Te0/0/0/29999")
    tab.get_by_label("Search").press("Enter")
    expect(tab.locator("[data-json-hits]")).to_have_text("1 of 1", timeout=20_000)
    expect(line(tab, "Te0/0/0/29999")).to_be_visible()
    assert max(tab.evaluate("gaps")) < 1500
