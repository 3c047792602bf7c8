"""Does every test say what it needs: is it of the unit, integration or e2e kind?"""

import pytest

KINDS = frozenset({"unit", "integration", "e2e"})


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Refuse to run when a test has no kind, before any is deselected."""
    without = sorted({item.nodeid for item in items if not any(mark.name in KINDS for mark in item.iter_markers())})
    if without:
        raise pytest.UsageError("mark these as unit, integration or e2e: " + ", ".join(without[:10]))
