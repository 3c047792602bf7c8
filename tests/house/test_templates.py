"""Do the templates and browser modules keep the house rules, and would each rule notice one that does not?"""

import pytest

from tests.house.files import ROOT, front_end_files, relative, template_files
from tests.house.python_rules import long_file
from tests.house.template_rules import inline_code, unused_macros

pytestmark = pytest.mark.unit

MAX_SCRIPT_LINES = 150
MAX_OTHER_LINES = 400

# No page: a mail brings its own style sheet, because readers of mail load none.
MAILS = "notify/"


def templates() -> dict[str, str]:
    folder = ROOT / "templates"
    return {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in template_files()}


def test_there_are_templates() -> None:
    assert "base.html" in templates()


def test_nothing_is_inline() -> None:
    pages = {name: text for name, text in templates().items() if not name.startswith(MAILS)}
    assert [f"{name}: {fault}" for name, text in pages.items() for fault in inline_code(text)] == []


def test_every_macro_and_import_is_used() -> None:
    assert unused_macros(templates()) == []


def test_front_end_files_are_short() -> None:
    found = []
    for path in (*front_end_files(), *template_files()):
        limit = MAX_SCRIPT_LINES if path.suffix == ".js" else MAX_OTHER_LINES
        found += [f"{relative(path)}: {fault}" for fault in long_file(path.read_text(encoding="utf-8"), limit)]
    assert found == []


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("<p>\n<style>p{}</style>", "line 2: an inline style sheet"),
        ("<script>go()</script>", "line 1: inline script"),
        ("<script type='module'>go()</script>", "line 1: inline script"),
        ('<td\n  style="width:1px">', "line 1: a style attribute"),
        ('<a href="#" onclick="go()">', "line 1: an event attribute"),
        ('<a href="javascript:go()">', "line 1: a javascript: address"),
        ('<script src="https://cdn.example/x.js"></script>', "line 1: something loaded from another site"),
        ('<img alt="" src="//pics.example/x.png">', "line 1: something loaded from another site"),
    ],
)
def test_inline_code_is_noticed(text: str, fault: str) -> None:
    assert inline_code(text) == [fault]


@pytest.mark.parametrize(
    "text",
    [
        '<script type="module" src="{{ asset(\'js/app.js\') }}"></script>',
        '<script type="application/json">{}</script>',
        '<a href="https://example.org/">elsewhere</a>',
        '{# <style> is not allowed here #}<p data-style="x" class="on">',
    ],
)
def test_what_a_strict_policy_allows_is_let_through(text: str) -> None:
    assert inline_code(text) == []


def test_unused_macro_is_noticed() -> None:
    found = unused_macros(
        {"parts.html": "{% macro used() %}{% endmacro %}{% macro idle() %}{% endmacro %}{{ used() }}"}
    )
    assert found == ["parts.html defines idle, which nothing uses"]


def test_unused_import_is_noticed() -> None:
    parts = "{% macro one() %}{% endmacro %}{% macro two() %}{% endmacro %}"
    page = '{% from "parts.html" import one, two as second %}{{ one() }}'
    assert unused_macros({"parts.html": parts, "page.html": page}) == [
        "page.html imports two and does not use it",
        "parts.html defines two, which nothing uses",
    ]


def test_macro_reached_through_its_module_is_used() -> None:
    parts = "{% macro one() %}{% endmacro %}"
    assert unused_macros({"parts.html": parts, "page.html": '{% import "parts.html" as p %}{{ p.one() }}'}) == []
