"""What do the results of a run count up to: devices and cases while they change, and the sums that follow exactly.

A ledger holds every attempt of the devices and cases that a batch touches. What they counted for is taken off the sums
when they are loaded and what they count for afterwards is added when they are written, so the sums of the run and of
its attempts always equal a recount.
"""

from collections.abc import Collection, Iterable
from datetime import datetime

from webapp.domain.outcome import DEVICE_SUCCESS, AttemptReason, CaseResult, DeviceStatus, device_status_of_cases
from webapp.store.db import Session
from webapp.store.recording import AttemptRecord, RunRecord, load_attempts, save_attempts
from webapp.store.recording_results import (
    CaseKey,
    CaseRecord,
    DeviceRecord,
    add_case_results,
    find_open_devices,
    load_case_results,
    load_device_results,
    mark_devices,
    retire_case_results,
    save_device_results,
)

Sums = dict[str, int]


class Ledger:
    """The touched devices and cases of one run; `write` stores them and the sums."""

    def __init__(self, session: Session, run: RunRecord) -> None:
        """Open an empty ledger on a locked run."""
        self._session = session
        self._run = run
        self._attempts = load_attempts(session, run.id)
        self._devices: dict[int, dict[int, DeviceRecord]] = {}
        self._cases: dict[CaseKey, dict[int, list[CaseRecord]]] = {}
        self._touched_devices: set[int] = set()
        self._new_reports: list[CaseRecord] = []

    def load(self, *, device_ids: Collection[int] = (), case_keys: Collection[CaseKey] = ()) -> None:
        """Bring in devices and cases, those that the run doesn't have yet included."""
        new_devices = set(device_ids) - self._devices.keys()
        new_cases = set(case_keys) - self._cases.keys()
        self._devices |= {device_id: {} for device_id in new_devices}
        self._cases |= {key: {} for key in new_cases}
        if self._run.device_counts:
            for record in load_device_results(self._session, self._run.id, new_devices):
                self._devices[record.device_id][record.attempt] = record
        if self._run.case_counts:
            for report in load_case_results(self._session, self._run.id, new_cases):
                self._cases[report.test_case_id, report.device_id].setdefault(report.attempt, []).append(report)
        self._count_devices(new_devices, -1)
        self._count_cases(new_cases, -1)

    def load_open(self, *, attempt: int | None = None) -> list[DeviceRecord]:
        """Bring in and return the results that are not decided yet; only what is written counts."""
        self.load(device_ids=find_open_devices(self._session, self._run.id, attempt=attempt))
        open_status = (DeviceStatus.QUEUED, DeviceStatus.RUNNING)
        records = [record for device in self._devices.values() for record in device.values()]
        return [each for each in records if each.status in open_status and attempt in (None, each.attempt)]

    def attempt(self, number: int, *, ts: datetime | None = None, reason: AttemptReason | None = None) -> AttemptRecord:
        """Return an attempt; it is made when it is not there yet, and starts at `ts` unless it has started."""
        record = self._attempts.get(number)
        if record is None:
            usual = AttemptReason.INITIAL if number == 1 else AttemptReason.RETRY
            record = self._attempts[number] = AttemptRecord(number=number, reason=reason or usual)
            self._run.attempts = max(self._run.attempts, number)
        if reason is not None:
            record.reason = reason
        if record.started_at is None:
            record.started_at = ts
        return record

    def attempts(self) -> Iterable[AttemptRecord]:
        """Return every attempt of the run."""
        return self._attempts.values()

    def has_device(self, device_id: int) -> bool:
        """Say whether a loaded device has a result in any attempt."""
        return bool(self._devices[device_id])

    def find_device(self, device_id: int, attempt: int) -> DeviceRecord | None:
        """Return the result of a loaded device in an attempt, or None."""
        return self._devices[device_id].get(attempt)

    def device(self, device_id: int, attempt: int, *, status: DeviceStatus) -> DeviceRecord:
        """Return the result of a loaded device in an attempt for changing; it begins with `status`."""
        self._touched_devices.add(device_id)
        attempts = self._devices[device_id]
        record = attempts.get(attempt)
        if record is None:
            record = attempts[attempt] = DeviceRecord(device_id=device_id, attempt=attempt, status=status)
        record.is_changed = True
        return record

    def add_case(self, report: CaseRecord) -> None:
        """Add a report of a loaded case; the device it is of must be loaded too."""
        reports = self._cases[report.test_case_id, report.device_id].setdefault(report.attempt, [])
        before = reports[-1].result if reports else None
        reports.append(report)
        self._new_reports.append(report)
        if report.device_id is None:
            return
        device = self.device(report.device_id, report.attempt, status=DeviceStatus.QUEUED)
        counts = dict(device.case_counts or {})
        if before is not None:
            _add(counts, before, -1)
        _add(counts, report.result, 1)
        device.case_counts = counts
        if not device.is_given and device.status is not DeviceStatus.RUNNING:
            device.status = status_of_cases(device)

    def write(self) -> None:
        """Store what changed and bring the sums up to date; the ledger is used up by it."""
        self._mark_overall()
        self._count_devices(self._devices, 1)
        self._count_cases(self._cases, 1)
        changed = [each for device in self._devices.values() for each in device.values() if each.is_changed]
        save_device_results(self._session, self._run.id, changed)
        overall = {key: self._devices[key][max(self._devices[key])].status for key in self._touched_devices}
        mark_devices(self._session, self._run.id, overall)
        self._write_cases()
        save_attempts(self._session, self._run.id, self._attempts.values())

    def _mark_overall(self) -> None:
        for device_id in self._touched_devices:
            device = self._devices[device_id]
            last = max(device)
            for number, record in device.items():
                if record.is_overall != (number == last):
                    record.is_overall = number == last
                    record.is_changed = True

    def _write_cases(self) -> None:
        retired: list[int] = []
        for attempts in self._cases.values():
            if not attempts:
                continue
            overall = attempts[max(attempts)][-1]
            for report in (each for reports in attempts.values() for each in reports):
                if report.id is not None and report.is_overall and report is not overall:
                    retired.append(report.id)
                report.is_overall = report is overall
        retire_case_results(self._session, retired)
        add_case_results(self._session, self._run.id, self._new_reports)

    def _count_devices(self, device_ids: Iterable[int], sign: int) -> None:
        for device_id in device_ids:
            device = self._devices[device_id]
            if not device:
                continue
            for number, record in device.items():
                _add(self.attempt(number).device_counts, record.status, sign)
            last = max(device)
            status = device[last].status
            _add(self._run.device_counts, status, sign)
            if last > 1 and status in DEVICE_SUCCESS:
                self._run.flaky_devices += sign

    def _count_cases(self, keys: Iterable[CaseKey], sign: int) -> None:
        for key in keys:
            attempts = self._cases[key]
            if not attempts:
                continue
            for number, reports in attempts.items():
                _add(self.attempt(number).case_counts, reports[-1].result, sign)
            _add(self._run.case_counts, attempts[max(attempts)][-1].result, sign)


def status_of_cases(device: DeviceRecord) -> DeviceStatus:
    """Return what a device's cases in an attempt say of it."""
    return device_status_of_cases(CaseResult(word) for word in device.case_counts or {})


def _add(sums: Sums, word: DeviceStatus | CaseResult, amount: int) -> None:
    key = word.value
    total = sums.get(key, 0) + amount
    if total:
        sums[key] = total
    else:
        sums.pop(key, None)
