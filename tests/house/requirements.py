"""Is every library that the product imports pinned, with its licence?"""

import ast
import re
import sys
from collections.abc import Iterable, Mapping

PINNED = re.compile(r"(?P<name>[\w.-]+)(?:\[\w+\])?==\S+\s+# (?P<licence>\S.*)")


def badly_pinned(text: str) -> list[str]:
    """Name the lines of a requirements file that give no exact version or no licence."""
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith(("#", "-r "))]
    return [line for line in lines if not PINNED.fullmatch(line)]


def pinned(text: str) -> set[str]:
    """Return the distributions of a requirements file, in lower case."""
    return {match["name"].lower() for line in text.splitlines() if (match := PINNED.fullmatch(line))}


def imported(text: str) -> set[str]:
    """Return the top packages that a module imports beyond the standard library, our own, and what only types need."""
    found: set[str] = set()
    module = ast.parse(text)
    for_types = {
        id(inner)
        for node in ast.walk(module)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    for node in ast.walk(module):
        if id(node) in for_types:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            found.add(node.module.partition(".")[0])
    return found - sys.stdlib_module_names - {"webapp"}


def unpinned(packages: Iterable[str], requirements: set[str], owners: Mapping[str, list[str]]) -> list[str]:
    """Name the imported packages that no pinned distribution brings.

    Args:
        packages: what is imported.
        requirements: the pinned distributions, in lower case.
        owners: the distributions that bring each package, as `importlib.metadata.packages_distributions` says.
    """
    return sorted(
        package
        for package in packages
        if not requirements.intersection(owner.lower() for owner in owners.get(package, []))
    )
