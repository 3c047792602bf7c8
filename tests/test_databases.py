"""Does the pass on PostgreSQL run what has a database, and nothing else?"""

import pytest

pytest_plugins = ["pytester"]
pytestmark = pytest.mark.unit

OPTIONS = ("-p", "tests.databases", "-p", "no:cacheprovider", "-p", "no:playwright", "--collect-only", "-q")
SUITE = """
import pytest

@pytest.fixture
def own_database(): pass

@pytest.fixture
def app(own_database): pass

def test_with_a_database(app): pass

def test_without(): pass
"""


BOTH = ["with_a_database", "without"]


@pytest.mark.parametrize(("database", "tests"), [("postgres", BOTH[:1]), ("", BOTH)])
def test_pass_on_postgres_leaves_out_what_has_no_database(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, database: str, tests: list[str]
) -> None:
    monkeypatch.setenv("TEST_DATABASE", database)
    pytester.makepyfile(test_some=SUITE)
    result = pytester.runpytest_inprocess(*OPTIONS)
    assert [line.split("::test_")[1] for line in result.outlines if "::" in line] == tests
