"""What addresses does the application answer, and who may use each?"""

from collections.abc import Callable, Collection
from typing import Any

from flask import Flask

View = Callable[..., Any]
IMPLIED = frozenset({"HEAD", "OPTIONS"})


def guard_of(view: View) -> str | None:
    """Return what a view asks for: a permission, `scope:...` or `public`; None when it declares nothing."""
    marks = vars(view)
    if "permission" in marks:
        return str(marks["permission"] or "public")
    if "scope" in marks:
        return f"scope:{marks['scope']}" if marks["scope"] else "public"
    return None


def list_routes(app: Flask) -> list[str]:
    """Return one line for each rule: address, methods, endpoint, who may."""
    lines = []
    for rule in app.url_map.iter_rules():
        methods = ",".join(sorted((rule.methods or set()) - IMPLIED))
        who = guard_of(app.view_functions[rule.endpoint]) or "UNGUARDED"
        lines.append(f"{rule.rule:<64} {methods:<10} {rule.endpoint:<40} {who}")
    return sorted(lines)


def unguarded_routes(app: Flask, *, public: Collection[str]) -> list[str]:
    """Name the endpoints that ask for nothing, and those that are public without being on the list."""
    found = []
    for endpoint, view in sorted(app.view_functions.items()):
        guard = guard_of(view)
        if guard is None:
            found.append(f"{endpoint} declares no permission")
        elif guard == "public" and endpoint not in public:
            found.append(f"{endpoint} is public and not on the list of public pages")
    unknown = sorted(set(public) - app.view_functions.keys())
    return found + [f"{endpoint} is on the list of public pages and does not exist" for endpoint in unknown]
