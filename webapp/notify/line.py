"""How does one exchange reach a host: resolved once, every address judged, connected in time, cut when time is over."""

import contextlib
import queue
import socket
import threading
import time
from typing import Self

from webapp.notify.addresses import Guard
from webapp.notify.contract import ChannelError

_Info = tuple[socket.AddressFamily, str]


class Line:
    """The connections of one exchange, all cut together when its time is over.

    Args:
        guard: which addresses may be spoken to.
        connect_s: seconds for a name and a connection to it.
        total_s: seconds for everything.

    `with Line(...) as line:` starts the clock. What was connected may be wrapped in TLS by others meanwhile, which
    takes the socket away from here: each is kept a second time, and shutting that down wakes whoever reads.
    """

    def __init__(self, guard: Guard, *, connect_s: float, total_s: float) -> None:
        self._guard = guard
        self._connect_s = connect_s
        self._total_s = total_s
        self._ends_at = 0.0
        self._kept: list[socket.socket] = []
        self._lock = threading.Lock()
        self._timer = threading.Timer(total_s, self._cut)
        self._timer.daemon = True
        self.is_cut = False

    @property
    def is_over(self) -> bool:
        """Say whether the time is over, although the clock may still be about to cut."""
        return time.monotonic() >= self._ends_at

    def __enter__(self) -> Self:
        """Start the clock."""
        self._ends_at = time.monotonic() + self._total_s
        self._timer.start()
        return self

    def __exit__(self, *_raised: object) -> None:
        """Stop the clock."""
        self._timer.cancel()
        with self._lock:
            for kept in self._kept:
                kept.close()
            self._kept.clear()

    def open(self, host: str, port: int) -> socket.socket:
        """Return a connection to a host, whose every address was judged first.

        Raises:
            ChannelError: permanent, when an address may not be spoken to; else temporary.
        """
        connect_until = min(time.monotonic() + self._connect_s, self._ends_at)
        found = _look_up(host, port, connect_until)
        for _family, address in found:
            refusal = self._guard.refusal(address)
            if refusal:
                raise ChannelError(f"{host} is {address}, which may not be spoken to: {refusal}", permanent=True)
        fault = "no time was left"
        for _family, address in found:
            left = connect_until - time.monotonic()
            if left <= 0:
                break
            try:
                opened = socket.create_connection((address, port), timeout=left)
            except OSError as error:
                fault = "it did not answer in time" if isinstance(error, TimeoutError) else str(error.strerror or error)
            else:
                return self._keep(opened)
        raise ChannelError(f"cannot connect to {host}, port {port}: {fault}")

    def _keep(self, opened: socket.socket) -> socket.socket:
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self._lock:
            self._kept.append(opened.dup())
        if self.is_cut:
            self._cut()
        return opened

    def _cut(self) -> None:
        self.is_cut = True
        with self._lock:
            for kept in self._kept:
                with contextlib.suppress(OSError):
                    kept.shutdown(socket.SHUT_RDWR)


def _look_up(host: str, port: int, until: float) -> list[_Info]:
    """Resolve a name in a thread that may be left behind: the system's resolver knows no limit of time."""
    answers: queue.SimpleQueue[list[_Info] | Exception] = queue.SimpleQueue()

    def ask() -> None:
        try:
            infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            answers.put([(family, str(address[0])) for family, _type, _protocol, _name, address in infos])
        except (OSError, UnicodeError) as error:
            answers.put(error)

    threading.Thread(target=ask, daemon=True, name="look up").start()
    try:
        answer = answers.get(timeout=max(until - time.monotonic(), 0.001))
    except queue.Empty:
        raise ChannelError(f"the name {host} was not found in time") from None
    if isinstance(answer, UnicodeError):
        raise ChannelError("the address names a host that cannot exist", permanent=True) from answer
    if isinstance(answer, Exception):
        said = getattr(answer, "strerror", None) or answer
        raise ChannelError(f"the name {host} was not found: {said}") from answer
    return answer
