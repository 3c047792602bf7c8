"""What must hold for the templates: every macro is used, and a strict content security policy can stand."""

import re
from collections.abc import Mapping

from jinja2 import Environment, nodes

Templates = Mapping[str, str]

INLINE = (
    (r"<style\b", "an inline style sheet"),
    (r"<script\b(?![^>]*\bsrc\s*=)(?![^>]*\btype\s*=\s*[\"']application/json[\"'])", "inline script"),
    (r"<[a-z][^>]*\sstyle\s*=", "a style attribute"),
    (r"<[a-z][^>]*\son[a-z]+\s*=", "an event attribute"),
    (r"\bjavascript:", "a javascript: address"),
    # A link to another site is no load; these elements fetch by themselves.
    (
        r"<(?:script|link|img|iframe|video|audio|source|object|embed|use)\b[^>]*\s(?:src|href)\s*=\s*[\"']?(?:https?:)?//",
        "something loaded from another site",
    ),
)


def inline_code(text: str) -> list[str]:
    """Name the lines that a strict policy would refuse, or that load from another site."""
    bare = re.sub(r"{#.*?#}", lambda comment: "\n" * comment[0].count("\n"), text, flags=re.DOTALL)
    return [
        f"line {bare.count(chr(10), 0, match.start()) + 1}: {what}"
        for pattern, what in INLINE
        for match in re.finditer(pattern, bare, re.IGNORECASE)
    ]


def unused_macros(templates: Templates) -> list[str]:
    """Name the macros that no template calls, and the imported names that the importing template does not use."""
    environment = Environment(autoescape=True)
    trees = {name: environment.parse(text) for name, text in templates.items()}
    macros: set[tuple[str, str]] = set()
    used: set[tuple[str, str]] = set()
    found = []
    for name, tree in trees.items():
        macros |= {(name, macro.name) for macro in tree.find_all(nodes.Macro)}
        local = {node.name for node in tree.find_all(nodes.Name) if node.ctx == "load"}
        used |= {(name, word) for word in local}
        for imported in tree.find_all(nodes.FromImport):
            source = imported.template.value if isinstance(imported.template, nodes.Const) else ""
            for pair in imported.names:
                theirs, ours = pair if isinstance(pair, tuple) else (pair, pair)
                if ours in local:
                    used.add((source, theirs))
                else:
                    found.append(f"{name} imports {theirs} and does not use it")
        used |= _used_by_module(tree)
    return found + [f"{name} defines {macro}, which nothing uses" for name, macro in sorted(macros - used)]


def _used_by_module(tree: nodes.Template) -> set[tuple[str, str]]:
    """Return what is reached as `page.macro` after `{% import "x.html" as page %}`."""
    modules = {
        each.target: each.template.value
        for each in tree.find_all(nodes.Import)
        if isinstance(each.template, nodes.Const)
    }
    return {
        (modules[node.node.name], node.attr)
        for node in tree.find_all(nodes.Getattr)
        if isinstance(node.node, nodes.Name) and node.node.name in modules
    }
