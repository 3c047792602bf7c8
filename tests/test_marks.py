"""Is a test without a kind refused?"""

import pytest

pytest_plugins = ["pytester"]
pytestmark = pytest.mark.unit

OPTIONS = ("-p", "tests.marks", "-p", "no:cacheprovider", "-p", "no:playwright")


def test_unmarked_test_is_refused(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_something(): ...")
    result = pytester.runpytest_inprocess(*OPTIONS)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*mark these as unit, integration or e2e: *::test_something"])


@pytest.mark.parametrize("kind", ["unit", "integration", "e2e"])
def test_marked_test_runs(kind: str, pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\nmarkers =\n    unit: u\n    integration: i\n    e2e: e")
    pytester.makepyfile(f"import pytest\n\n@pytest.mark.{kind}\ndef test_something(): ...")
    pytester.runpytest_inprocess(*OPTIONS).assert_outcomes(passed=1)
