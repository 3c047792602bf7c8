"""How one process answers HTTP: waitress in a loop that ends when it is told to."""

import socket
import threading
from typing import TYPE_CHECKING

from waitress import create_server, wasyncore

from webapp.errors import SettingError

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

TURN_S = 0.2
CHANNEL_TIMEOUT_S = 120
MAX_BODY = 1 << 40


class Server:
    """Waitress on one address, until it is stopped from any thread.

    Args:
        app: what answers.
        host: the address to listen on.
        port: the port; 0 takes any free one.
        threads: how many requests are answered at the same moment.
    """

    def __init__(self, app: "WSGIApplication", *, host: str, port: int, threads: int) -> None:
        self._map: dict[int, object] = {}
        self._stopping = threading.Event()
        try:
            self._server = create_server(
                app,
                map=self._map,
                host=host,
                port=port,
                threads=threads,
                channel_timeout=CHANNEL_TIMEOUT_S,
                connection_limit=threads * 16,
                max_request_body_size=MAX_BODY,
                ident=None,
                clear_untrusted_proxy_headers=False,
            )
        except (OSError, socket.gaierror) as error:
            raise SettingError(_explain(error, host, port)) from error
        listening = getattr(self._server, "effective_listen", None) or [
            (self._server.effective_host, self._server.effective_port)
        ]
        self.port = int(listening[0][1])

    def run(self) -> None:
        """Answer until `stop` is called."""
        while not self._stopping.is_set():
            wasyncore.loop(timeout=TURN_S, use_poll=True, map=self._map, count=1)
        self._server.task_dispatcher.shutdown(timeout=1)
        wasyncore.close_all(self._map, ignore_all=True)

    def stop(self) -> None:
        """Make `run` return soon; safe from signal handlers and other threads."""
        self._stopping.set()


def _explain(error: OSError, host: str, port: int) -> str:
    reason = error.strerror or str(error)
    return f"cannot listen on {host} port {port}: {reason}. Another program may use it: set AFTERRUN_PORT or --port."
