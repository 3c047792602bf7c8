"""How do jobs run inside the serving process: Huey with a queue file of its own, whose workers wake at each kick.

The queue only kicks: what has to be done stands in the database, or is due by the schedule, so that a lost or doubled
kick does no harm.
"""

import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
from huey import Huey
from huey.consumer import Consumer, Scheduler
from huey.registry import Message
from huey.serializer import Serializer
from huey.storage import SqliteStorage

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


class _WakingStorage(SqliteStorage):  # type: ignore[misc]
    """A queue file whose readers wait for the next task instead of looking for it again and again."""

    blocking = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._added = threading.Semaphore(0)

    def enqueue(self, data: bytes, priority: int | None = None) -> None:
        super().enqueue(data, priority)
        self._added.release()

    def dequeue(self) -> bytes | None:
        self._added.acquire(timeout=MAX_DELAY_S)
        found: bytes | None = super().dequeue()
        return found


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
        perform: does one job, given its kind and what it is about.
        sweep: called every five seconds; it kicks what is due.
        queue: the queue's file.
        workers: how many threads.
    """

    def __init__(
        self, perform: Callable[[str, str], None], sweep: Callable[[], None], *, queue: Path, workers: int
    ) -> None:
        self._huey = Huey(
            "afterrun",
            storage_class=_WakingStorage,
            filename=str(queue),
            fsync=False,
            results=False,
            serializer=JsonSerializer(),
            utc=True,
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

    def kick(self, kind: str, subject: str = "") -> None:
        """Have a job done soon, in a thread that may be waking up right now."""
        self._task(kind, subject)

    def start(self) -> None:
        """Begin; returns at once."""
        self._consumer.start()

    def stop(self) -> None:
        """End; jobs under way get two seconds."""
        self._consumer.stop(graceful=True)
