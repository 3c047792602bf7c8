"""Are switches between passing and failing counted, and nothing else?"""

import pytest

from webapp.domain.flaky import Record, record_of

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("words", "record"),
    [
        ("", Record(passed=0, failed=0, switches=0)),
        ("ok changed pass", Record(passed=3, failed=0, switches=0)),
        ("ok failed timeout", Record(passed=1, failed=2, switches=1)),
        ("failed ok unreachable ok", Record(passed=2, failed=2, switches=3)),
        ("ok skipped running canceled unknown ok", Record(passed=2, failed=0, switches=0)),
        ("fail skip pass queued fail", Record(passed=1, failed=2, switches=2)),
    ],
)
def test_record_counts_conclusive_words(words: str, record: Record) -> None:
    assert record_of(words.split()) == record


def test_one_switch_is_no_flakiness() -> None:
    assert not record_of(["ok", "failed", "failed"]).is_flaky
    assert record_of(["ok", "failed", "ok"]).is_flaky
