"""How do kicks travel between processes and machines: Celery over RabbitMQ or Redis.

The broker only carries kicks. What has to be done stands in the database, so that a lost or doubled kick does no harm,
and nobody waits for a broker that is away: kicks are handed over by a thread of their own, which does without it then.
"""

import logging
import queue
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from celery import Celery
from celery.concurrency.base import BasePool, apply_target
from celery.worker import WorkController, state
from kombu import pools
from kombu.asynchronous import set_event_loop

NAME = "afterrun"
TASK = "afterrun.lane"
MAX_WAITING = 10_000
CONNECT_S = 5
AGAIN_S = 10.0
STOP_S = 2.0

log = logging.getLogger(__name__)


class CeleryEngine:
    """Tells the workers of lanes with something to do; in a worker it also listens.

    Args:
        url: the broker's address.
        ca_bundle: a file of certificates that are trusted instead of the usual ones; may be empty.
    """

    def __init__(self, url: str, *, ca_bundle: str = "") -> None:
        self._app = Celery(NAME, broker=url, set_as_current=False, fixups=())
        self._app.conf.update(_options(url, ca_bundle))
        self._waiting: queue.Queue[str | None] = queue.Queue(MAX_WAITING)
        self._sender: threading.Thread | None = None
        self._is_taking = True
        self._beginning = threading.Lock()
        self._stopping = threading.Event()
        self._listener: threading.Thread | None = None
        self._controller: Any = None
        self._instead: Callable[[Sequence[str]], None] | None = None

    def kick(self, lanes: Sequence[str]) -> None:
        """Tell the workers of lanes; returns at once, whatever the broker does."""
        with self._beginning:
            if self._sender is None:
                self._sender = threading.Thread(target=self._send, name="kicks", daemon=True)
                self._sender.start()
        with suppress(queue.Full):
            for lane in lanes:
                self._waiting.put_nowait(lane)

    def start(self, perform: Callable[[str], None], *, workers: int, instead: Callable[[Sequence[str]], None]) -> None:
        """Have a function called for each kick that comes, in so many threads at most; returns at once.

        Args:
            perform: does what a kick asks for.
            workers: how many may be done at the same moment.
            instead: is given the kicks of this process that the broker does not take.
        """

        def work(lane: str) -> None:
            perform(lane)

        self._instead = instead
        self._app.task(work, name=TASK, lazy=False, shared=False)
        self._app.set_default()  # the one whose tasks are looked up in every thread
        self._listener = threading.Thread(target=self._listen, args=(workers,), name="celery", daemon=True)
        self._listener.start()

    def stop(self) -> None:
        """End; what is under way, in either direction, gets two seconds."""
        self._stopping.set()
        if self._listener is not None:
            state.should_stop = 0
            with suppress(AttributeError):  # it may not even have begun
                self._controller.consumer.hub.call_soon(_wake)
            self._listener.join(STOP_S + 1)
        if self._sender is not None:
            with suppress(queue.Full):
                self._waiting.put_nowait(None)
            self._sender.join(STOP_S)
        pools.reset()  # type: ignore[no-untyped-call]
        self._app.close()

    def _send(self) -> None:
        while (lane := self._waiting.get()) is not None:
            try:
                self._app.send_task(TASK, args=[lane])
                self._is_taking = True
            except Exception as error:  # noqa: BLE001  (the broker's and its library's: any of them is a broker away)
                self._pass_on(lane, error)
        if self._is_taking:
            self._take_leave()

    def _take_leave(self) -> None:
        """Close the connection with a word: RabbitMQ may lose the last kicks of one that only breaks off."""
        with suppress(Exception), self._app.pool.acquire() as connection:
            connection.close()

    def _pass_on(self, lane: str, error: Exception) -> None:
        """Do without the broker: the kicks that wait are for this process, or else for the next sweep of a worker."""
        lanes: list[str | None] = [lane]
        with suppress(queue.Empty):
            while lanes[-1] is not None:
                lanes.append(self._waiting.get_nowait())
            self._waiting.put_nowait(None)  # the end was among them
        if self._is_taking:
            log.warning("the broker takes no kicks (%s); workers find what is due by themselves", error)
        self._is_taking = False
        if self._instead is not None:
            self._instead([each for each in dict.fromkeys(lanes) if each is not None])

    def _listen(self, workers: int) -> None:
        """Run Celery's consumer, and a new one when it breaks down."""
        state.should_stop = None
        while not self._stopping.is_set():
            set_event_loop(None)  # Celery would go on with the one of the consumer before, which broke down with it
            self._controller = WorkController(
                app=self._app,
                pool_cls=_Threads,
                concurrency=workers,
                loglevel=logging.WARNING,
                without_gossip=True,
                without_mingle=True,
                without_heartbeat=True,
            )
            self._controller.start()
            if not self._stopping.wait(AGAIN_S):
                log.warning("Celery's consumer broke down and begins anew")


class _Threads(BasePool):  # type: ignore[misc]
    """A thread for each kick; the consumer takes no more of them than there may be threads.

    Unlike those of Celery's own pool they do not keep the process from ending.
    """

    body_can_be_buffer = True
    signal_safe = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._busy: set[threading.Thread] = set()

    def on_apply(
        self,
        target: Callable[..., object],
        args: Sequence[object] = (),
        kwargs: Mapping[str, object] | None = None,
        callback: Callable[..., object] | None = None,
        accept_callback: Callable[..., object] | None = None,
        **_more: object,
    ) -> None:
        def run() -> None:
            try:
                apply_target(target, args, kwargs or {}, callback, accept_callback)
            finally:
                self._busy.discard(thread)

        thread = threading.Thread(target=run, name="kicked", daemon=True)
        self._busy.add(thread)
        thread.start()

    def on_stop(self) -> None:
        deadline = time.monotonic() + STOP_S
        for thread in list(self._busy):
            thread.join(max(0.0, deadline - time.monotonic()))


def _options(url: str, ca_bundle: str) -> dict[str, Any]:
    """Return Celery's settings."""
    scheme = urlsplit(url).scheme
    options: dict[str, Any] = {
        "accept_content": ["json"],
        "task_serializer": "json",
        "task_ignore_result": True,
        "task_default_queue": NAME,
        "task_default_delivery_mode": "transient",
        # A kick that a worker took is another one's when it dies.
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,
        "worker_prefetch_multiplier": 1,
        "worker_hijack_root_logger": False,
        "worker_enable_remote_control": False,
        # Once more at once, over a connection that the broker's last restart did not end; never again.
        "task_publish_retry_policy": {"max_retries": 1, "interval_start": 0, "interval_step": 0},
        "broker_connection_timeout": CONNECT_S,
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
    }
    if scheme.startswith("redis"):
        # Kicks of a dead worker come back by these three alone, and with the last two's defaults after 100 s.
        options["broker_transport_options"] = {
            "visibility_timeout": 300,
            "unacked_restore_interval": 5,
            "unacked_restore_throttle": 1,
            "socket_connect_timeout": CONNECT_S,
            "socket_timeout": 30,
            "socket_keepalive": True,
        }
    if scheme in ("amqps", "rediss"):
        options["broker_use_ssl"] = _tls(url, ca_bundle)
    return options


def _tls(url: str, ca_bundle: str) -> dict[str, Any]:
    """Return what has the broker's certificate and name checked: by itself Celery believes anybody at `rediss://`."""
    parts = urlsplit(url)
    if parts.scheme == "rediss":
        checked: dict[str, Any] = {"ssl_cert_reqs": "required", "ssl_check_hostname": True}
        return checked | ({"ssl_ca_certs": ca_bundle} if ca_bundle else {})
    context = {"check_hostname": True} | ({"cafile": ca_bundle} if ca_bundle else {})
    return {"server_hostname": parts.hostname, "context": context}


def _wake() -> None:
    """Do nothing: whoever waits looks around."""
