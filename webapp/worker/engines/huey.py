"""How do jobs run inside the serving process: Huey with a queue file of its own.

The queue only kicks: what has to be done stands in the database, or is due by the schedule, so that a lost or doubled
kick does no harm.
"""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
from huey import SqliteHuey
from huey.consumer import Consumer, Scheduler
from huey.registry import Message
from huey.serializer import Serializer

SWEEP_S = 5
MAX_DELAY_S = 0.5
STOP_S = 2
MOMENTS = ("eta", "expires_resolved")


class JsonSerializer(Serializer):  # type: ignore[misc]
    """Keeps tasks as JSON: a queue file can hold words and numbers, and nothing that runs when it is read."""

    def _serialize(self, data: object) -> bytes:
        return msgspec.json.encode(list(data) if isinstance(data, Message) else {"value": data})

    def _deserialize(self, data: bytes) -> Any:
        read = msgspec.json.decode(bytes(data))
        if isinstance(read, dict):
            return read["value"]
        fields = dict(zip(Message._fields, read, strict=True))
        fields["args"] = tuple(fields["args"] or ())
        for name in MOMENTS:
            if fields[name] is not None:
                fields[name] = datetime.fromisoformat(fields[name])
        return Message(**fields)


class _Scheduler(Scheduler):  # type: ignore[misc]
    """Looks for periodic tasks every few seconds instead of every minute."""

    periodic_task_seconds = SWEEP_S


class _Consumer(Consumer):  # type: ignore[misc]
    """Runs beside an HTTP server, which owns the signals."""

    scheduler_class = _Scheduler

    def _set_signal_handlers(self) -> None:
        """Leave the signals alone."""


class HueyEngine:
    """Runs jobs in threads of this process.

    Args:
        perform: does one job, given its kind.
        sweep: called every five seconds; it kicks what is due.
        queue: the queue's file.
        workers: how many threads.
    """

    def __init__(self, perform: Callable[[str], None], sweep: Callable[[], None], *, queue: Path, workers: int) -> None:
        self._huey = SqliteHuey(
            "afterrun", filename=str(queue), fsync=False, results=False, serializer=JsonSerializer(), utc=True
        )
        self._task = self._huey.task(name="perform")(perform)
        self._sweep = self._huey.periodic_task(lambda _moment: True, name="sweep")(sweep)
        self._consumer = _Consumer(
            self._huey,
            workers=workers,
            initial_delay=0.05,
            max_delay=MAX_DELAY_S,
            backoff=1.15,
            shutdown_timeout=STOP_S,
        )

    def kick(self, kind: str) -> None:
        """Have a job done soon."""
        self._task(kind)

    def start(self) -> None:
        """Begin; returns at once."""
        self._consumer.start()

    def stop(self) -> None:
        """End; jobs under way get two seconds."""
        self._consumer.stop(graceful=True)
