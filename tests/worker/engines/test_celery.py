"""Do kicks come through real brokers, does nobody wait for one that is away, and is no stranger believed?"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from tests.programs import require_program
from tests.servers.broker import BrokerServer
from tests.servers.certificates import Certificates
from tests.servers.product import free_port
from tests.servers.redis import running_redis
from tests.servers.sockets import silent_server
from webapp.worker.engines.celery import CeleryEngine

pytestmark = pytest.mark.integration

SERVERS = ("redis_server", "rabbitmq_server")


@pytest.fixture(params=SERVERS)
def server(request: pytest.FixtureRequest) -> BrokerServer:
    """Return each of the brokers in turn."""
    found: BrokerServer = request.getfixturevalue(request.param)
    return found


@contextmanager
def kicking(url: str, *, ca_bundle: str = "") -> Iterator[CeleryEngine]:
    """Run what a server runs."""
    engine = CeleryEngine(url, ca_bundle=ca_bundle)
    try:
        yield engine
    finally:
        engine.stop()


@contextmanager
def listening(url: str, perform: Callable[[str], None], *, workers: int = 2, ca_bundle: str = "") -> Iterator[None]:
    """Run what a worker runs; it ends soon, whatever it is at."""
    engine = CeleryEngine(url, ca_bundle=ca_bundle)
    engine.start(perform, workers=workers, instead=lambda _lanes: None)
    try:
        yield
    finally:
        began = time.monotonic()
        engine.stop()
        took = time.monotonic() - began
        wait_for_consumers_to_end()
    assert took < 10


def wait_for_consumers_to_end() -> None:
    """Wait for what has not ended within the engine's two seconds: beside the next one of this process it would go on.

    Celery keeps in a variable of the process that its consumer is to stop, and which application's tasks it runs.
    """
    wait_for(lambda: all(thread.name != "celery" for thread in threading.enumerate()))


def wait_for(check: Callable[[], object], *, timeout_s: float = 60) -> None:
    deadline = time.monotonic() + timeout_s
    while not check():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


def kick_until_heard(engine: CeleryEngine, heard: list[str], word: str) -> None:
    """Kick again and again until a worker hears of it, as sweeps do."""

    def is_heard() -> bool:
        engine.kick([word])
        time.sleep(0.2)
        return word in heard

    wait_for(is_heard)


def test_kicks_come_through_the_broker(server: BrokerServer) -> None:
    heard: list[str] = []
    with kicking(server.url) as engine, listening(server.url, heard.append):
        engine.kick(["run:1", "webhook:ci.example", "mail:\N{SNOWMAN}"])
        wait_for(lambda: len(heard) == 3)
    assert sorted(heard) == ["mail:\N{SNOWMAN}", "run:1", "webhook:ci.example"]


def test_kicks_wait_for_a_worker_to_come(server: BrokerServer, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[str] = []
    with monkeypatch.context() as patient:
        patient.setattr("webapp.worker.engines.celery.STOP_S", 60.0)  # a busy machine may need long to connect
        with kicking(server.url) as engine:
            engine.kick(["early"])
    with listening(server.url, heard.append):
        wait_for(lambda: heard == ["early"])


def test_worker_takes_no_more_kicks_than_it_has_threads(server: BrokerServer) -> None:
    is_over, begun = threading.Event(), threading.Semaphore(0)

    def hold(_lane: str) -> None:
        begun.release()
        is_over.wait(60)

    with kicking(server.url) as engine, listening(server.url, hold, workers=2):
        engine.kick(["a", "b", "c", "d", "e"])
        try:
            assert [begun.acquire(timeout=60) for _ in range(2)] == [True, True]
            assert not begun.acquire(timeout=0.3)
        finally:
            is_over.set()
        assert [begun.acquire(timeout=60) for _ in range(3)] == [True, True, True]


def test_failing_job_does_not_end_the_worker(server: BrokerServer, caplog: pytest.LogCaptureFixture) -> None:
    heard: list[str] = []

    def perform(lane: str) -> None:
        if lane == "bad":
            raise ValueError("boom")
        heard.append(lane)

    with kicking(server.url) as engine, listening(server.url, perform):
        engine.kick(["bad", "good"])
        wait_for(lambda: heard == ["good"])
    assert "boom" in caplog.text


def test_slow_job_does_not_keep_the_worker_from_ending(server: BrokerServer) -> None:
    is_over, begun = threading.Event(), threading.Event()

    def hold(_lane: str) -> None:
        begun.set()
        is_over.wait(60)

    with kicking(server.url) as engine, listening(server.url, hold):
        engine.kick(["slow"])
        assert begun.wait(60)
    assert not is_over.is_set()
    is_over.set()


def test_broker_that_is_away_holds_nobody_up(caplog: pytest.LogCaptureFixture) -> None:
    with kicking(f"redis://127.0.0.1:{free_port()}/0") as engine:
        began = time.monotonic()
        for _ in range(1000):
            engine.kick(["run:1", "run:2"])
        assert time.monotonic() - began < 2
        wait_for(lambda: "the broker takes no kicks" in caplog.text)
        for _ in range(10):
            engine.kick(["run:3"])
    assert caplog.text.count("the broker takes no kicks") == 1


def test_worker_does_itself_what_the_broker_does_not_take() -> None:
    done: list[str] = []
    engine = CeleryEngine(f"redis://127.0.0.1:{free_port()}/0")
    engine.start(done.append, workers=2, instead=done.extend)
    try:
        engine.kick(["run:1", "run:2"])
        wait_for(lambda: len(done) == 2)
    finally:
        engine.stop()
    assert sorted(done) == ["run:1", "run:2"]


@pytest.mark.parametrize("scheme", ["redis", "amqp"])
def test_broker_that_says_nothing_holds_nobody_up(scheme: str) -> None:
    with silent_server() as port, kicking(f"{scheme}://127.0.0.1:{port}/") as engine:
        began = time.monotonic()
        for _ in range(20_000):
            engine.kick(["run:1"])
        assert time.monotonic() - began < 5
        began = time.monotonic()
    assert time.monotonic() - began < 5


def test_kicks_come_again_after_the_broker_was_away(certificates: Certificates) -> None:
    heard: list[str] = []
    running = running_redis(require_program("redis"), certificates)
    with running as server, kicking(server.url) as engine, listening(server.url, heard.append):
        kick_until_heard(engine, heard, "before")
        server.kill()
        engine.kick(["meanwhile"])
        server.restart()
        kick_until_heard(engine, heard, "after")


def test_worker_that_begins_before_its_broker_hears_of_it(certificates: Certificates) -> None:
    heard: list[str] = []
    with running_redis(require_program("redis"), certificates) as server:
        server.kill()
        with kicking(server.url) as engine, listening(server.url, heard.append):
            time.sleep(0.1)
            server.restart()
            kick_until_heard(engine, heard, "late")


def test_consumer_that_breaks_down_begins_anew(
    rabbitmq_server: BrokerServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("webapp.worker.engines.celery.AGAIN_S", 0.01)
    with listening(rabbitmq_server.url.replace("guest:guest", "guest:wrong"), list[str]().append):
        wait_for(lambda: caplog.text.count("broke down and begins anew") >= 2)
    assert "ACCESS_REFUSED" in caplog.text


def test_certificate_of_the_broker_is_checked(server: BrokerServer, certificates: Certificates) -> None:
    heard: list[str] = []
    trusted = str(certificates.authority)
    with listening(server.url, heard.append):
        with kicking(server.tls_url, ca_bundle=trusted) as engine:
            kick_until_heard(engine, heard, "by a bundle")
        with kicking(server.tls_url) as engine:
            engine.kick(["by nobody's"])
        with kicking(server.url) as engine:
            kick_until_heard(engine, heard, "last")
    assert "by nobody's" not in heard
