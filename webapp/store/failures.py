"""What failed in one run, and what was said about each: compact rows for finding the causes."""

from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, case, func, or_, select
from sqlalchemy.orm import Session

from webapp.domain.outcome import DEVICE_FAILURE, CaseResult
from webapp.store.models.inventory import DeviceRow, TestCaseRow
from webapp.store.models.results import CaseResultRow, DeviceResultRow
from webapp.store.results import of_section

# So many characters are read of each end of a long message.
END = 2_000


class Failure(NamedTuple):
    """A failing device, or a failing case: that has a name, and maybe a device.

    `id` is that of the device result or of the case result; `word` is the device's status or the case's result.
    """

    id: int
    device: str
    suite: str
    name: str
    word: str
    message: str

    @property
    def is_case(self) -> bool:
        """Say whether a case failed; its name is never empty."""
        return bool(self.name)


def list_failures(session: Session, *, run_id: int, attempt: int | None) -> list[Failure]:
    """Return the failing devices of a section by name, then its failing cases as they were reported.

    A device that failed because its cases did, and of which nothing else was said, is left to them.
    """
    result = DeviceResultRow
    speaks = or_(result.is_given, result.case_counts.is_(None), result.message != "")
    devices = session.execute(
        select(result.id, DeviceRow.name, result.status, _ends(result.message))
        .join(DeviceRow, DeviceRow.id == result.device_id)
        .where(of_section(result, run_id, attempt), result.status.in_(sorted(DEVICE_FAILURE)), speaks)
        .order_by(DeviceRow.name)
    )
    found = [Failure(number, device, "", "", word, message) for number, device, word, message in devices]
    outcome = CaseResultRow
    cases = session.execute(
        select(outcome.id, DeviceRow.name, TestCaseRow.suite, TestCaseRow.name, outcome.result, _ends(outcome.message))
        .join(TestCaseRow, TestCaseRow.id == outcome.test_case_id)
        .outerjoin(DeviceRow, DeviceRow.id == outcome.device_id)
        .where(of_section(outcome, run_id, attempt), outcome.result == CaseResult.FAIL)
        .order_by(outcome.id)
    )
    found += [Failure(number, device or "", *texts) for number, device, *texts in cases]
    return found


def list_names(session: Session, *, run_id: int, attempt: int | None) -> list[str]:
    """Return the names of all devices of a section."""
    names = select(DeviceRow.name).join(DeviceResultRow, DeviceResultRow.device_id == DeviceRow.id)
    return list(session.scalars(names.where(of_section(DeviceResultRow, run_id, attempt))))


def _ends(message: Any) -> ColumnElement[str]:
    """Read a message, of a long one the beginning and the end."""
    size = func.length(message)
    cut = func.substr(message, 1, END) + "\n" + func.substr(message, size - END + 1)
    return case((size > 2 * END, cut), else_=message)
