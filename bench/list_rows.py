"""Where do a million runs come from that can be listed: rows written straight into the tables, always alike.

What a run is like depends on how many newer ones there are, so that the newest runs of every size are alike. Five runs,
evenly spread over the whole, have the rare value of every kind.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import NAMESPACE_OID as NAMESPACE
from uuid import uuid5

NOW = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
SECOND = 1_000_000
GAP_S = 300
SERVICES = 40
PEOPLE = 20
DEVICES = 300
RARE = 5
DEVICES_OF_A_RUN = 3
RUNS_WITH_DEVICES = 50_000
FIRST_PERSON = 100
RUN_COLUMNS = (
    "id", "uid", "service_id", "number", "external_key", "parent_run_id", "parent_step", "submitter_id", "trigger",
    "host", "status", "level", "message", "priority", "created_at", "started_at", "ended_at", "last_seen_at",
    "touched_at", "duration_s", "attempts", "device_counts", "case_counts", "flaky_devices", "log_warnings",
    "log_errors", "late_events",
)  # fmt: skip
RESULT_COLUMNS = (
    "run_id", "device_id", "attempt", "is_overall", "status", "is_given", "raw_status", "message", "started_at",
    "ended_at", "duration_s", "blob_id",
)  # fmt: skip
COMPARISON_COLUMNS = (
    "run_id", "baseline_id", "word", "reason", "is_partial", "made_at", "rules_key", "changes",
)  # fmt: skip
PRAGMAS = ("journal_mode=OFF", "synchronous=OFF", "cache_size=-262144", "foreign_keys=OFF", "temp_store=MEMORY")


def uid_of(number: int) -> str:
    """Return the uid of the run with this id; like those of reporters it grows with time."""
    digits = f"{number:012x}"
    return f"{digits[:8]}-{digits[8:]}-7{str(uuid5(NAMESPACE, digits))[15:]}"


def micros(when: datetime) -> int:
    """Return a moment as it is stored."""
    return int(when.timestamp()) * SECOND


def rare_ids(count: int) -> list[int]:
    """Return which of so many runs have the rare values."""
    return [count * part // (RARE + 1) for part in range(1, RARE + 1)]


def fill(database: Path, count: int) -> None:
    """Fill an empty database with so many runs."""
    rare = frozenset(rare_ids(count))
    with _opened(database, PRAGMAS) as connection, _without_indexes(connection):
        _add_names(connection)
        _insert(connection, "run", RUN_COLUMNS, (_run(number, count, rare) for number in range(1, count + 1)))
        labels = ((number, label) for number in range(1, count + 1) for label in _labels(number, count, rare))
        _insert(connection, "run_label", ("run_id", "label"), labels)
        _insert(connection, "device_result", RESULT_COLUMNS, _results(count, rare))
        compared = [number for number in range(1, count + 1) if _is_compared(number, count, rare)]
        _insert(connection, "run_comparison", COMPARISON_COLUMNS, (_comparison(number) for number in compared))
        changes = (change for number in compared for change in _changes(number, count, rare))
        _insert(connection, "run_change", ("run_id", "kind", "devices", "cases"), changes)


def add_fleet(database: Path, service: str, *, devices: int, failures: int, blob: bytes = b"", size: int = 0) -> str:
    """Add a run with many devices, of which some failed, and return its uid.

    Args:
        database: where.
        service: the name of a new service.
        devices: how many devices take part.
        failures: how many of them fail, evenly spread.
        blob: the compressed JSON result of the first device, if it has one.
        size: how many bytes the result has.
    """
    with _opened(database) as connection:
        service_id, run_id, device_id, blob_id = (_next_id(connection, t) for t in ("service", "run", "device", "blob"))
        _insert(connection, "service", SERVICE_COLUMNS, [_service(service_id, service, "service")])
        row = dict(zip(RUN_COLUMNS, _run(run_id, run_id, frozenset()), strict=True))
        row |= {"service_id": service_id, "number": 1, "external_key": None, "parent_run_id": None}
        row |= {"device_counts": f'{{"failed":{failures},"ok":{devices - failures}}}', "status": "complete"}
        _insert(connection, "run", RUN_COLUMNS, [tuple(row.values())])
        _insert(connection, "attempt", ATTEMPT_COLUMNS, [(run_id, 1, "initial", *([row["device_counts"]] * 2))])
        if blob:
            _insert(
                connection, "blob", ("id", "digest", "size", "codec", "data"), [(blob_id, b"1" * 32, size, 1, blob)]
            )
        names = ((device_id + n, f"{service}-{n:05d}", f"group-{n % 7}") for n in range(devices))
        _insert(connection, "device", DEVICE_COLUMNS, (_device(*name) for name in names))
        every = devices // failures
        results = (
            _result(run_id, device_id + n, "ok" if n % every else "failed", blob_id if blob and not n else None)
            for n in range(devices)
        )
        _insert(connection, "device_result", RESULT_COLUMNS, results)
    return uid_of(run_id)


SERVICE_COLUMNS = ("id", "slug", "kind", "description", "options", "heartbeat_s", "last_number", "created_at")
PERSON_COLUMNS = ("id", "name", "email", "role", "is_active", "irc_handle", "irc_server", "session_epoch", "created_at")
DEVICE_COLUMNS = ("id", "name", "group_name", "platform", "attributes", "created_at")
ATTEMPT_COLUMNS = ("run_id", "number", "reason", "device_counts", "case_counts")


def _add_names(connection: sqlite3.Connection) -> None:
    services = [_service(number + 1, f"svc-{number:02d}", "service") for number in range(SERVICES)]
    services.append(_service(SERVICES + 1, "rare", "workflow"))
    _insert(connection, "service", SERVICE_COLUMNS, services)
    names = [*(f"person-{number:02d}" for number in range(PEOPLE)), "rare"]
    people = [(FIRST_PERSON + n, name, "", "viewer", 1, "", "", 0, micros(NOW)) for n, name in enumerate(names)]
    _insert(connection, "user", PERSON_COLUMNS, people)
    devices = [_device(number + 1, f"edge-{number:03d}", f"group-{number % 7}") for number in range(DEVICES)]
    _insert(connection, "device", DEVICE_COLUMNS, [*devices, _device(DEVICES + 1, "rare", "")])


def _service(number: int, slug: str, kind: str) -> tuple[object, ...]:
    return number, slug, kind, "", "{}", 60, 1, micros(NOW)


def _device(number: int, name: str, group: str) -> tuple[object, ...]:
    return number, name, group, "ios", "{}", micros(NOW)


def _run(number: int, count: int, rare: frozenset[int]) -> tuple[object, ...]:
    newer = count - number
    is_rare = number in rare
    started = micros(NOW) - newer * GAP_S * SECOND
    is_running, is_canceled = newer < 2 or number - 1 in rare, newer % 50 == 7
    status = "running" if is_running else "canceled" if is_canceled else "complete"
    duration = None if is_running else 90_000.0 if is_rare else 10.0 + newer % 280
    ended = None if duration is None else started + int(duration) * SECOND
    level = "failed" if is_rare else "errors" if newer % 25 == 3 else "warnings" if newer % 7 == 3 else "ok"
    return (
        number, uid_of(number), SERVICES + 1 if is_rare else newer % SERVICES + 1, number // SERVICES + 1,
        f"rare:{number}" if is_rare else f"job:{number}" if newer % 10 == 0 else None,
        number - 1 if is_rare or (newer % 30 == 0 and number > 1) else None, "",
        FIRST_PERSON + (PEOPLE if is_rare else newer % PEOPLE), "rare" if is_rare else ("schedule", "hook")[newer % 2],
        "host", status, None if status != "complete" else level,
        "a needle in the hay" if is_rare else f"done, {newer % 90} changes", 50, started, started, ended, started,
        started, duration, 9 if is_rare else 1 + (newer % 20 == 0), '{"ok":3}', "{}",
        int(is_rare or newer % 200 == 0), 0, 0, 0,
    )  # fmt: skip


def _labels(number: int, count: int, rare: frozenset[int]) -> Iterator[str]:
    if number in rare:
        yield "rare"
    if (count - number) % 10 == 0:
        yield "nightly"


def _results(count: int, rare: frozenset[int]) -> Iterator[tuple[object, ...]]:
    for number in range(1, count + 1):
        newer = count - number
        if number in rare:
            yield _result(number, DEVICES + 1, "lost", None)
        elif newer < RUNS_WITH_DEVICES:
            for place in range(DEVICES_OF_A_RUN):
                status = "unreachable" if newer % 40 == 1 and not place else "ok"
                yield _result(number, (newer * DEVICES_OF_A_RUN + place) % DEVICES + 1, status, None)


def _is_compared(number: int, count: int, rare: frozenset[int]) -> bool:
    return number > 1 and (count - number < RUNS_WITH_DEVICES or number in rare)


def _comparison(number: int) -> tuple[object, ...]:
    return number, number - 1, "previous", "the run before it", 0, micros(NOW), b"", b""


def _changes(number: int, count: int, rare: frozenset[int]) -> Iterator[tuple[object, ...]]:
    yield number, "same", DEVICES_OF_A_RUN, 0
    if (count - number) % 25 == 3:
        yield number, "newly_failing", 2, 0
    if number in rare:
        yield number, "missing", 1, 0


def _result(run_id: int, device_id: int, status: str, blob_id: int | None) -> tuple[object, ...]:
    return run_id, device_id, 1, 1, status, 1, "", "", micros(NOW), micros(NOW), 1.5, blob_id


def _insert(
    connection: sqlite3.Connection,
    table: str,
    columns: Sequence[str],
    rows: Iterator[tuple[object, ...]] | Sequence[tuple[object, ...]],
) -> None:
    places = ", ".join("?" * len(columns))
    connection.executemany(f'INSERT INTO "{table}" ({", ".join(columns)}) VALUES ({places})', rows)  # noqa: S608


def _next_id(connection: sqlite3.Connection, table: str) -> int:
    found: int = connection.execute(f"SELECT coalesce(max(id), 0) + 1 FROM {table}").fetchone()[0]  # noqa: S608
    return found


@contextmanager
def _opened(database: Path, pragmas: Sequence[str] = ()) -> Iterator[sqlite3.Connection]:
    """Yield a connection in a transaction; the pragmas are undone at the end, the database is ready for the server."""
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")
        connection.execute("BEGIN")
        yield connection
        connection.execute("COMMIT")
        connection.execute("PRAGMA journal_mode=WAL")


@contextmanager
def _without_indexes(connection: sqlite3.Connection) -> Iterator[None]:
    """Drop the indexes while rows are added, and build them at the end: several times as fast."""
    found = connection.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
    ).fetchall()
    for name, _sql in found:
        connection.execute(f'DROP INDEX "{name}"')
    yield
    for _name, sql in found:
        connection.execute(sql)
