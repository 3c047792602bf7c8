"""What goes with a message: the log or its end, the first error, and the data of a callback."""

from webapp.domain.ansi import strip_escapes
from webapp.domain.loglines import LineLevel
from webapp.domain.notice_options import AttachedLog
from webapp.domain.notices import Dataset
from webapp.domain.redaction import redact
from webapp.notify.report import CallbackData, LogPart
from webapp.notify.suites import export_suites
from webapp.notify.wants import Wants
from webapp.store.db import Session
from webapp.store.inventory import get_device
from webapp.store.log_search import find_level
from webapp.store.logs import find_log, page_lines, read_log
from webapp.store.runs import Run, RunDetail
from webapp.store.suites import list_owned_devices

STREAM = "run"
# More than this of a log is neither attached to a message nor carried by a callback; its end is.
TAIL = 16 * 1024
WHOLE = 1024 * 1024
CALLBACK_LOG = 8 * 1024 * 1024


def log_part(session: Session, run: Run, wanted: AttachedLog, *, url: str) -> LogPart | None:
    """Return as much of the run's log as a service attaches; None when it attaches nothing, or there is no log."""
    if wanted is AttachedLog.NO:
        return None
    text, size, is_whole = _read_end(session, run, TAIL if wanted is AttachedLog.TAIL else WHOLE)
    return LogPart(text=text, total_bytes=size, url=f"{url}/logs/{STREAM}", is_whole=is_whole) if size else None


def first_error(session: Session, run: Run) -> str:
    """Return the first line of the run's log that is an error; empty when it has none."""
    log = find_log(session, run_id=run.id, stream=STREAM)
    if log is None:
        return ""
    number = find_level(session, log, level=LineLevel.ERROR, first=0, is_backward=False)
    if number is None:
        return ""
    lines = page_lines(session, log, first=number, count=1).lines
    return strip_escapes(lines[0].head).decode(errors="replace").strip() if lines else ""


def callback_data(session: Session, run: Run, detail: RunDetail, wants: Wants, *, url: str) -> CallbackData | None:
    """Return what only callbacks carry; None for every other recipient."""
    if wants.dataset is None:
        return None
    devices = list_owned_devices(session, run.id)
    one = devices[0] if len(devices) == 1 else None
    log = None
    if wants.dataset in (Dataset.LOGS, Dataset.ALL):
        text, size, is_whole = _read_end(session, run, CALLBACK_LOG)
        log = text if is_whole else f"[the first {size - CALLBACK_LOG:,} bytes are left out: {url}]\n{text}"
    has_results = wants.dataset in (Dataset.RESULTS, Dataset.ALL)
    return CallbackData(
        definition=redact(detail.definition, secrets=_literal_secrets(detail)),
        log=log,
        results=export_suites(session, run, url=url) if has_results else None,
        device=None if one is None else one.device,
        device_group=None if one is None else get_device(session, one.device).group or None,
        is_health_check=bool(detail.metadata.get("health_check")) or "health-check" in run.labels,
    )


def _literal_secrets(detail: RunDetail) -> list[str]:
    """Return the tokens and secrets that stand in the run's notify block: a definition may repeat them."""
    notify = detail.notify or {}
    given = notify.get("callbacks", ())
    callbacks = [notify.get("callback"), *(given if isinstance(given, list | tuple) else ())]
    found: list[str] = []
    for each in callbacks:
        if isinstance(each, dict):
            values = [each.get("token"), *_listed(each.get("secret"))]
            found += [value for value in values if isinstance(value, str)]
    return found


def _listed(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _read_end(session: Session, run: Run, most: int) -> tuple[str, int, bool]:
    """Return the end of the run's log as text, the size of all of it, and whether that is all."""
    log = find_log(session, run_id=run.id, stream=STREAM)
    if log is None or not log.size:
        return "", 0, True
    data = strip_escapes(b"".join(read_log(session, log, start=max(0, log.size - most))))
    return data.decode(errors="replace"), log.size, log.size <= most
