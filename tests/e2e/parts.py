"""The product's own frame and macros as a test page without an application, and probes of its browser modules."""

from typing import Any

from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup
from playwright.sync_api import Page

from tests.e2e.static_site import STATIC, Answer

FRAME = """{{% extends "base.html" %}}{imports}
{{% block styles %}}{{% for name in sheets %}}
<link rel="stylesheet" href="/static/css/{{{{ name }}}}.css">{{% endfor %}}{{% endblock %}}
{{% block body_attrs %}}{{{{ attributes }}}}{{% endblock %}}{{% block main %}}{main}{{% endblock %}}
{{% block after %}}{after}{{% endblock %}}"""


class Person:
    """Somebody who is signed in."""

    is_authenticated = True
    name = "robin"


def environment() -> Environment:
    """Return the templates with the globals that the application gives them."""
    found = Environment(loader=FileSystemLoader(STATIC.parent / "templates"), autoescape=True)
    found.globals |= {
        "asset": lambda path: f"/static/{path}",
        "csrf_token": lambda: "a token",
        "url_for": lambda endpoint, **_values: f"/{endpoint}",
        "get_flashed_messages": lambda **_options: [],
    }
    return found


def framed(
    main: str, *, imports: str = "", after: str = "", sheets: str = "", attributes: str = "", **values: object
) -> Answer:
    """Return a page with `main` as its template text; `imports` names macros: `file: one, two; file: three`."""
    lines = [line.split(":") for line in imports.split(";") if line.strip()]
    froms = "".join(f'{{% from "components/{file.strip()}.html" import {names} %}}' for file, names in lines)
    template = environment().from_string(FRAME.format(imports=froms, main=main, after=after))
    text = template.render(sheets=sheets.split(), attributes=Markup(attributes), current_user=Person(), **values)
    return Answer(body=text.encode())


def probe(tab: Page, name: str, *arguments: object) -> Any:
    """Call a function of a module in probes/, named as `module.function`, on the page."""
    module, function = name.split(".")
    return tab.evaluate(
        "async ([module, name, given]) => (await import(`/probes/${module}.js`))[name](...given)",
        [module, function, list(arguments)],
    )
