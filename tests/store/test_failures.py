"""Is everything that failed found with what was said of it, and can a list be narrowed to chosen rows?"""

import pytest
from flask import Flask

from tests.factories.runs import CaseReport, Device, record_run
from tests.store.log_runs import NOW, add_run
from webapp.query.expressions import conjunction
from webapp.query.fields import View
from webapp.query.parser import parse
from webapp.store.db import reading, writing
from webapp.store.failures import END, Failure, list_failures, list_names
from webapp.store.filtering import only_rows
from webapp.store.log_errors import first_errors
from webapp.store.log_sealing import CHUNK
from webapp.store.logs import append_log
from webapp.store.results import count_case_results, count_device_statuses, page_cases, page_device_results
from webapp.store.runs import get_run

pytestmark = pytest.mark.integration


def run_id_of(uid: str) -> int:
    with reading() as session:
        return get_run(session, uid).id


def facts(failures: list[Failure]) -> list[tuple[str, str, str, str]]:
    return [(each.device, each.name, each.word, each.message) for each in failures]


@pytest.fixture
def failed(any_app: Flask) -> int:
    """Record a run of two attempts in which devices and cases fail, and return its id."""
    uid = record_run(
        any_app,
        devices=[
            Device(name="b", status="failed", message="x" * 3_000 + "y" * 3_000),
            Device(name="a", status="unreachable", message="no route"),
            Device(name="ok"),
            Device(name="healed", status="timeout", message="late"),
            Device(name="healed", attempt=2),
        ],
        cases=[
            CaseReport(name="boots", result="fail", device="board", message="no prompt"),
            CaseReport(name="pings", result="fail"),
            CaseReport(name="links", device="board"),
        ],
    )
    return run_id_of(uid)


def test_failures_of_each_section(failed: int) -> None:
    with reading() as session:
        overall = list_failures(session, run_id=failed, attempt=None)
        first = list_failures(session, run_id=failed, attempt=1)
        second = list_failures(session, run_id=failed, attempt=2)
        names = list_names(session, run_id=failed, attempt=None)
    # The board failed because its case did: that one speaks for it.
    assert facts(overall)[0] == ("a", "", "unreachable", "no route")
    assert facts(overall)[2:] == [("board", "boots", "fail", "no prompt"), ("", "pings", "fail", "")]
    assert [each.is_case for each in overall] == [False, False, True, True]
    assert overall[1].message == "x" * END + "\n" + "y" * END
    assert [each.device for each in first if not each.is_case] == ["a", "b", "healed"]
    assert second == []
    assert sorted(names) == ["a", "b", "board", "healed", "ok"]


def test_lists_narrowed_to_rows(failed: int) -> None:
    with reading() as session:
        found = list_failures(session, run_id=failed, attempt=None)
        devices = only_rows(each.id for each in found if not each.is_case)
        page = page_device_results(session, run_id=failed, where=devices)
        named = conjunction([devices, parse("device:a", view=View.RESULTS, now=NOW)])
        assert [item.device for item in page.items] == ["a", "b"]
        assert [item.device for item in page_device_results(session, run_id=failed, where=named).items] == ["a"]
        assert count_device_statuses(session, run_id=failed, attempt=None, where=devices) == {
            "failed": 1,
            "unreachable": 1,
        }
        cases = only_rows([found[-1].id])
        assert [item.name for item in page_cases(session, run_id=failed, where=cases).items] == ["pings"]
        assert count_case_results(session, run_id=failed, attempt=None, where=cases) == {"fail": 1}
        assert page_device_results(session, run_id=failed, where=only_rows([])).items == []
        # More than a statement can have parameters.
        many = only_rows(range(100_000))
        assert len(page_device_results(session, run_id=failed, where=many).items) == 5


def test_first_errors_of_logs(any_app: Flask) -> None:
    calm = b"INFO calm\n" * (CHUNK // 10 + 1)
    logs = {
        "live": b"hello\nERROR: one\nERROR: two\n",
        "sealed": calm + calm + b"[error] far\n" + calm,
        "unfinished": b"ERROR at the end",
        "calm": calm,
        "giant": b"x" * (5 * CHUNK) + b" ERROR: no level so far in\nERROR: giant\n",
    }
    with writing() as session:
        run_id = add_run(session)
        for stream, data in logs.items():
            append_log(session, run_id=run_id, stream=stream, data=data, now=NOW)
    with reading() as session:
        found = first_errors(session, run_id=run_id, streams=[*logs, "none"])
        assert first_errors(session, run_id=run_id, streams=["calm"]) == {}
    assert found == {
        "live": b"ERROR: one",
        "sealed": b"[error] far",
        "unfinished": b"ERROR at the end",
        "giant": b"ERROR: giant",
    }
