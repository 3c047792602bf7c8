"""Is a run's end told through each broker and database, at once, and also without the broker?"""

import importlib.util
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from tests.factories.handlers import told
from tests.factories.runs import record_run
from tests.factories.sites import Site, opened_site
from tests.servers.broker import BrokerServer
from tests.servers.product import free_port
from webapp.domain.deliveries import DeliveryState
from webapp.errors import SettingError
from webapp.settings.resolve import Settings
from webapp.store.schema import upgrade
from webapp.worker.broker import EXTENSION, open_broker
from webapp.worker.desk import Desk

CLASS = "tests.factories.handlers.Collector"
# Twice a sweep of every five seconds would be needed: to plan, and to deliver.
SOON_S = 4.0


@pytest.fixture
def key() -> str:
    return str(uuid4())


def config_of(key: str, url: str, database: str = "") -> dict[str, object]:
    return {
        "TASK_ENGINE": "celery",
        "CELERY_BROKER_URL": url,
        "DATABASE_URL": database,
        "NOTIFICATION_HANDLERS": {"mine": {"class": CLASS, "level": "ok", "key": key}},
    }


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest) -> str:
    """Return the address of an empty database of each kind in turn."""
    return "" if request.param == "sqlite" else str(request.getfixturevalue("fresh_postgres_url"))


@pytest.fixture(params=["redis_server", "rabbitmq_server"])
def site(request: pytest.FixtureRequest, tmp_path: Path, database: str, key: str) -> Iterator[Site]:
    """Return a site that is told of by each of the brokers in turn; a worker works for it."""
    server: BrokerServer = request.getfixturevalue(request.param)
    with opened_site(tmp_path / "instance", config_of(key, server.url, database)) as opened:
        upgrade()
        desk = working(opened)
        yield opened
        desk.stop()


def working(site: Site) -> Desk:
    desk = Desk(site.office, site.app.app_context, workers=4, broker=site.app.extensions[EXTENSION])
    desk.start()
    return desk


def wait_for(check: Callable[[], object], *, timeout_s: float = 60) -> None:
    deadline = time.monotonic() + timeout_s
    while not check():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


def runs_told(key: str) -> list[str]:
    return [report.run.uid for report in told(key) if report.run.service == "audit"]


@pytest.mark.integration
def test_end_of_a_run_is_told_through_the_broker_at_once_and_once(site: Site, key: str) -> None:
    times: list[float] = []
    uids: list[str] = []
    for _ in range(3):
        began = time.monotonic()
        uids.append(record_run(site.app, devices=["r1"]))
        wait_for(lambda: len(runs_told(key)) >= len(uids))
        times.append(time.monotonic() - began)
    assert min(times) < SOON_S, f"only sweeps tell of it: {times}"
    wait_for(lambda: all(each.state is DeliveryState.SENT for uid in uids for each in site.deliveries(uid)))
    assert runs_told(key) == uids


@pytest.mark.integration
def test_runs_come_in_and_are_told_without_the_broker_too(tmp_path: Path, key: str) -> None:
    config = config_of(key, f"redis://127.0.0.1:{free_port()}/0")
    with opened_site(tmp_path / "instance", config) as site:
        upgrade()
        desk = working(site)
        try:
            uids = [record_run(site.app) for _ in range(5)]

            desk.perform("outbox")  # one look is enough: what it plans is told by the worker itself
            wait_for(lambda: set(runs_told(key)) == set(uids))
        finally:
            desk.stop()
    assert sorted(runs_told(key)) == sorted(uids)


def open_with(**environment: str) -> object:
    return open_broker(Settings(environment=environment, file={}, vault=None))


@pytest.mark.unit
def test_no_broker_is_asked_for_by_default() -> None:
    assert open_with() is None
    assert open_with(CELERY_BROKER_URL="redis://127.0.0.1/0") is None


@pytest.mark.unit
@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("", "needs the address of RabbitMQ or Redis in CELERY_BROKER_URL"),
        ("127.0.0.1:6379", "begins with one of amqp://, amqps://, redis://, rediss://"),
        ("sqs://key:hunter2@", "begins with one of amqp://"),
        ("redis:///0", "an address with a host"),
        ("amqp://user:hunter2/@localhost", "is no address like redis://:password@host:6379/0"),
        ("redis://[::1/0", "is no address like"),
    ],
)
def test_address_that_cannot_be_used_stops_the_start(url: str, fault: str) -> None:
    with pytest.raises(SettingError) as caught:
        open_with(TASK_ENGINE="celery", CELERY_BROKER_URL=url)
    assert fault in str(caught.value)
    assert "hunter2" not in str(caught.value)


@pytest.mark.unit
@pytest.mark.parametrize(("missing", "url"), [("celery", "amqp://localhost//"), ("redis", "redis://localhost/0")])
def test_missing_package_stops_the_start_with_the_line_that_installs_it(
    missing: str, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = importlib.util.find_spec

    def find(name: str, package: str | None = None) -> object:
        return None if name == missing else there(name, package)

    monkeypatch.setattr(importlib.util, "find_spec", find)
    with pytest.raises(SettingError, match=rf"needs {missing}: pip install 'afterrun\[celery\]'"):
        open_with(TASK_ENGINE="celery", CELERY_BROKER_URL=url)
