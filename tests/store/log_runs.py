"""How do tests of logs get a run to write to, and what should a log answer? A plain reference on the whole bytes."""

from datetime import UTC, datetime

from sqlalchemy.orm import Session

from webapp.domain.ansi import PLAIN, strip_escapes, style_after, style_of
from webapp.domain.loglines import LogLine, cut_line, level_of
from webapp.store.models.inventory import ServiceRow
from webapp.store.models.runs import RunRow

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
UID = "0193557a-7c00-7000-8000-000000000001"


def add_run(session: Session, *, uid: str = UID, service: str = "backup") -> int:
    """Add a running run of a service and return its id."""
    row = ServiceRow(slug=service, kind="service", options={}, created_at=NOW)
    session.add(row)
    session.flush()
    run = RunRow(
        uid=uid,
        service_id=row.id,
        number=1,
        status="running",
        created_at=NOW,
        last_seen_at=NOW,
        touched_at=NOW,
        device_counts={},
        case_counts={},
    )
    session.add(run)
    session.flush()
    return run.id


class Reference:
    """What a log that holds these bytes should answer, worked out the slow way."""

    def __init__(self, data: bytes) -> None:
        """Cut the bytes into lines and find the level of each."""
        lines = data.split(b"\n")
        self.data = data
        self.raw_lines = lines if lines[-1] else lines[:-1]
        self.levels = [str(level_of(line)) for line in self.raw_lines]

    def page(self, first: int, count: int) -> tuple[list[LogLine], str]:
        """Return lines and the colours that hold at the first one."""
        lines = self.raw_lines
        start = sum(len(line) + 1 for line in lines[:first])
        sgr = style_after(PLAIN, self.data[:start]).sgr if first < len(lines) else ""
        found = []
        style = style_of(sgr)
        for line in lines[first : first + count]:
            found.append(cut_line(line, 0, len(line), style=style))
            style = style_after(style, line)
        return found, sgr

    def search(self, text: str) -> list[int]:
        """Return the numbers of the lines that hold an ASCII text."""
        wanted = text.lower().encode()
        return [number for number, line in enumerate(self.raw_lines) if wanted in strip_escapes(line).lower()]
