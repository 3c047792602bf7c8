"""Does every Python file keep the house rules, and would each rule notice one that does not?"""

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from tests.house import python_rules as rules
from tests.house.files import product_files, python_files, relative

pytestmark = pytest.mark.unit

Rule = Callable[[str], list[str]]

# One file by design: producers copy it alone into their own code.
LONG_BY_DESIGN = frozenset({"webapp/reporters/afterrun.py"})


def violations(paths: Iterable[Path], rule: Rule) -> list[str]:
    return [f"{relative(path)}: {fault}" for path in paths for fault in rule(path.read_text(encoding="utf-8"))]


def test_files_are_short() -> None:
    paths = [path for path in python_files() if relative(path) not in LONG_BY_DESIGN]
    assert violations(paths, rules.long_file) == []


def test_functions_are_short() -> None:
    assert violations(python_files(), rules.long_functions) == []


def test_names_say_something() -> None:
    found = [f"{relative(path)}: {fault}" for path in python_files() for fault in rules.banned_name(path)]
    assert found == []


def test_product_explains_itself() -> None:
    assert violations(product_files(), rules.missing_docstrings) == []


def test_every_module_says_what_it_answers() -> None:
    assert violations(python_files(), rules.missing_module_docstring) == []


def test_imports_stand_at_the_top() -> None:
    assert violations(product_files(), rules.hidden_imports) == []


def test_long_file_is_noticed() -> None:
    assert rules.long_file("x = 1\n" * 401) == ["401 lines, at most 400"]
    assert rules.long_file("x = 1\n" * 400) == []


def test_long_function_is_noticed() -> None:
    text = "class A:\n    def slow(self):\n" + "        x = 1\n" * 61
    assert rules.long_functions(text) == ["line 2: slow has 61 lines, at most 60"]
    assert rules.long_functions("async def fine(\n    a,\n    b,\n):\n" + "    x = 1\n" * 60) == []


def test_empty_name_is_noticed() -> None:
    assert rules.banned_name(Path("webapp/web/views.py")) == ["views: a name that says nothing"]
    assert rules.banned_name(Path("webapp/web/runs.py")) == []
    assert rules.banned_name(Path("webapp/store/models/runs.py")) == []


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("x = 1\n", "the module has no docstring"),
        ('"""M."""\ndef show():\n    return 1\n', "line 2: show has no docstring"),
        ('"""M."""\nclass Run:\n    """R."""\n    def end(self): ...\n', "line 4: Run.end has no docstring"),
        ('"""M."""\nclass Run: ...\n', "line 2: Run has no docstring"),
    ],
)
def test_missing_docstring_is_noticed(text: str, fault: str) -> None:
    assert rules.missing_docstrings(text) == [fault]


def test_private_names_need_no_docstring() -> None:
    assert rules.missing_docstrings('"""M."""\ndef _inner(): ...\nclass _Box:\n    def open(self): ...\n') == []


def test_missing_module_docstring_is_noticed() -> None:
    assert rules.missing_module_docstring("def test_it(): ...\n") == ["the module has no docstring"]
    assert rules.missing_module_docstring('"""Is it?"""\ndef test_it(): ...\n') == []


def test_import_inside_a_function_is_noticed() -> None:
    assert rules.hidden_imports("def f():\n    import json\n") == ["line 2: an import inside f"]
    assert rules.hidden_imports("def f():\n    import celery  # optional: heavy\n") == []


def test_package_and_benchmarks_are_looked_at(tmp_path: Path) -> None:
    recorded = ("tests/samples/python/in.py", "webapp/store/migrations/versions/first.py")
    for name in ("webapp/web/runs.py", "tests/test_a.py", "bench/ingest.py", "wsgi.py", *recorded):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    found = [relative(path, tmp_path) for path in python_files(tmp_path)]
    assert found == ["webapp/web/runs.py", "tests/test_a.py", "bench/ingest.py", "wsgi.py"]
