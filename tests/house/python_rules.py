"""What must hold for every Python file: its size, its name, its docstrings. Each rule returns what violates it."""

import ast
from collections.abc import Iterator
from pathlib import Path

MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 60

# Names that say nothing, so that everything ends up in them.
BANNED_NAMES = frozenset({"base", "common", "core", "helpers", "manager", "misc", "models", "utils", "views"})

Function = ast.FunctionDef | ast.AsyncFunctionDef
Documented = ast.Module | ast.ClassDef | Function


def long_file(text: str, limit: int = MAX_FILE_LINES) -> list[str]:
    """Say whether a file has too many lines."""
    lines = text.count("\n")
    return [f"{lines} lines, at most {limit}"] if lines > limit else []


def long_functions(text: str, limit: int = MAX_FUNCTION_LINES) -> list[str]:
    """Name the functions with too many lines, counted from the docstring to the last statement."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, Function):
            lines = (node.end_lineno or node.lineno) - node.body[0].lineno + 1
            if lines > limit:
                found.append(f"line {node.lineno}: {node.name} has {lines} lines, at most {limit}")
    return found


def banned_name(path: Path) -> list[str]:
    """Say whether a file, or a package, has a name that says nothing."""
    return [f"{path.stem}: a name that says nothing"] if path.suffix == ".py" and path.stem in BANNED_NAMES else []


def missing_docstrings(text: str) -> list[str]:
    """Name the module, the public classes and the public functions that have no docstring."""
    module = ast.parse(text)
    found = [] if ast.get_docstring(module) else ["the module has no docstring"]
    for name, node in _public(module, ""):
        if not ast.get_docstring(node) and not _is_overload(node):
            found.append(f"line {node.lineno}: {name} has no docstring")
    return found


def missing_module_docstring(text: str) -> list[str]:
    """Say whether the module has no docstring; a test's functions speak by their names."""
    return [] if ast.get_docstring(ast.parse(text)) else ["the module has no docstring"]


def hidden_imports(text: str) -> list[str]:
    """Name the imports inside functions; a heavy optional library says so by `# optional` on the line."""
    lines = text.splitlines()
    found = []
    for function in ast.walk(ast.parse(text)):
        if isinstance(function, Function):
            found += [
                f"line {node.lineno}: an import inside {function.name}"
                for node in ast.walk(function)
                if isinstance(node, ast.Import | ast.ImportFrom) and "# optional" not in lines[node.lineno - 1]
            ]
    return found


def _public(parent: ast.Module | ast.ClassDef, prefix: str) -> Iterator[tuple[str, ast.ClassDef | Function]]:
    for node in parent.body:
        if isinstance(node, ast.ClassDef | Function) and not node.name.startswith("_"):
            yield prefix + node.name, node
            if isinstance(node, ast.ClassDef):
                yield from _public(node, f"{prefix}{node.name}.")


def _is_overload(node: ast.ClassDef | Function) -> bool:
    return any(isinstance(mark, ast.Name) and mark.id == "overload" for mark in node.decorator_list)
