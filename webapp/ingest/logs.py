"""How do raw bytes of a log come in, beside the log messages of a stream?"""

from datetime import datetime

from webapp.domain.access import Caller
from webapp.domain.outcome import ENDED, RunStatus
from webapp.ingest.doors import check_stream, check_uid, get_run_for_writing, touch
from webapp.ingest.finish import weigh
from webapp.store.db import writing
from webapp.store.logs import AppendedLog, append_log
from webapp.store.recording import save_run


def append_bytes(
    data: bytes, *, uid: str, stream: str, offset: int | None, caller: Caller, now: datetime
) -> AppendedLog:
    """Add bytes to a log of a run, in a transaction of its own.

    Args:
        data: the bytes, up to some MiB; call again for more.
        uid: the run.
        stream: the log's name: `run`, or a device's name.
        offset: where the bytes belong; what is stored already is dropped. None is the end of the log.
        caller: whoever sends.
        now: the moment of arrival.

    Raises:
        InvalidError: the stream has no proper name.
        GapError: bytes between the end of the log and the offset are missing.
        NotFoundError: there is no such run.
        ForbiddenError: the caller's token is for other services.
    """
    check_uid(uid)
    check_stream(stream)
    with writing() as session:
        run = get_run_for_writing(session, uid, caller=caller)
        added = append_log(session, run_id=run.id, stream=stream, data=data, offset=offset, now=now)
        run.log_errors += added.errors
        run.log_warnings += added.warnings
        if run.status is RunStatus.QUEUED:
            run.status = RunStatus.RUNNING
            run.started_at = run.started_at or now
        if run.status in ENDED:
            weigh(run)
        run.last_seen_at = max(run.last_seen_at, now)
        touch(run, now=now)
        save_run(session, run)
    return added
