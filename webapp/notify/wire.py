"""How does HTTP go out: to judged addresses, within limits, never redirected, with every failure in words."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import LocationParseError

from webapp import __version__
from webapp.clock import now
from webapp.notify.addresses import read_guard
from webapp.notify.contract import Answer, ChannelError, WirePolicy
from webapp.notify.line import Line
from webapp.notify.masks import mask
from webapp.notify.trust import blind, say_untrusted, trusting

SCHEMES = ("http", "https")
MAX_RETRY_AFTER_S = 24 * 3600.0
GONE = 410
TEMPORARY = frozenset({408, 425, 429})
BAD_HEADER = "a header cannot be sent: expected one line of printable Latin-1 characters"
# In our words: the library's repeat the address, which may hold a secret.
UNREADABLE = "the address cannot be read as that of a host"
OWN_HEADERS = {
    "User-Agent": f"Afterrun/{__version__}",
    "Accept": "*/*",
    "Accept-Encoding": "identity",
    "Connection": "close",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is sent.

    Args:
        method: `GET` or `POST`.
        url: an absolute address; without a user name and password.
        headers: more headers than the wire's own.
        body: the bytes of a POST.
        is_callback: the host must match CALLBACK_ALLOWED_HOSTS too.
        is_verified: whether the host's certificate is checked.
        secrets: what is masked in the answer, should the other side repeat it.
        shown: the address as people may see it; empty shows all of it.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    body: bytes | None = None
    is_callback: bool = False
    is_verified: bool = True
    secrets: tuple[str, ...] = ()
    shown: str = ""


def check_url(url: str, policy: WirePolicy, *, is_callback: bool) -> str:
    """Return the host that an address would reach, in its IDNA form.

    Raises:
        ChannelError: permanent; the address can't be used, or its host isn't allowed.
        SettingError: the policy can't be read.
    """
    return _check(_prepare(Request(method="GET", url=url)), policy, is_callback=is_callback)


def send(request: Request, policy: WirePolicy) -> Answer:
    """Send a request and return the answer, when that is a 2xx.

    Raises:
        ChannelError: anything else; it says whether trying again may help, and when.
        SettingError: the policy can't be read.
    """
    shown = f"{request.method} {request.shown or request.url}"
    try:
        status, headers, body = _speak(request, policy)
    except ChannelError as error:
        error.request = shown
        raise
    text = mask(body.decode("utf-8", "replace"), request.secrets)
    if 200 <= status <= 299:
        return Answer(code=str(status), text=text, request=shown)
    refusal = _refusal(urlsplit(request.url).hostname or "", status, headers, text)
    refusal.request = shown
    raise refusal


def _speak(request: Request, policy: WirePolicy) -> tuple[int, Mapping[str, str], bytes]:
    """Send a request and return the status, headers and beginning of whatever is answered."""
    prepared = _prepare(request)
    host = _check(prepared, policy, is_callback=request.is_callback)
    guard = read_guard(hosts=policy.allowed_hosts, networks=policy.allow_private)
    late = ChannelError(f"{host} did not finish its answer within {policy.total_s:g} s")
    with Line(guard, connect_s=policy.connect_s, total_s=policy.total_s) as line, requests.Session() as session:
        adapter = _Adapter(line, trusting(policy.ca_bundle) if request.is_verified else blind())
        try:
            answered = _exchange(session, adapter, prepared, policy)
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            raise (late if line.is_over else _failure(host, error)) from error
        if line.is_cut:
            raise late
        return answered


def _check(prepared: requests.PreparedRequest, policy: WirePolicy, *, is_callback: bool) -> str:
    host = _host_of(prepared.url or "")
    if is_callback and not read_guard(hosts=policy.allowed_hosts, networks=()).allows_host(host):
        raise ChannelError(f"the host {host} is not in CALLBACK_ALLOWED_HOSTS", permanent=True)
    return host


class _Adapter(HTTPAdapter):
    """Connects by a line; certificates are judged by the given context, against the name and not the address."""

    def __init__(self, line: Line, context: ssl.SSLContext) -> None:
        self._line = line
        self._context = context
        super().__init__(max_retries=0)

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **pool_kwargs: Any) -> None:  # noqa: FBT001, FBT002
        """Make the pools whose connections come from the line."""
        super().init_poolmanager(connections, maxsize, block, **pool_kwargs)
        line = self._line

        def connect(connection: HTTPConnection) -> Any:
            return line.open(connection.host.strip("[]"), int(connection.port or connection.default_port))

        plain = type("Plain", (HTTPConnection,), {"_new_conn": connect})
        secure = type("Secure", (HTTPSConnection,), {"_new_conn": connect})
        # The pool's own check only adds a warning, which the switched off verification has been agreed to with.
        quiet = {"ConnectionCls": secure, "_validate_conn": _connect}
        self.poolmanager.pool_classes_by_scheme = {
            "http": type("PlainPool", (HTTPConnectionPool,), {"ConnectionCls": plain}),
            "https": type("SecurePool", (HTTPSConnectionPool,), quiet),
        }

    def build_connection_pool_key_attributes(self, request: Any, verify: Any, cert: Any = None) -> Any:
        """Use the context made once: reading the certificates anew for every request costs more than the request."""
        host, pool = super().build_connection_pool_key_attributes(request, verify, cert)
        if host["scheme"] == "https":
            pool["ssl_context"] = self._context
            pool["cert_reqs"] = "CERT_NONE" if self._context.verify_mode is ssl.CERT_NONE else "CERT_REQUIRED"
        return host, pool

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """Leave the context as it is."""


def _connect(_pool: HTTPSConnectionPool, connection: HTTPSConnection) -> None:
    if connection.is_closed:
        connection.connect()


def _prepare(request: Request) -> requests.PreparedRequest:
    if any(char.isspace() or not char.isprintable() or char == "\\" for char in request.url):
        raise ChannelError("the address holds blanks, backslashes or control characters", permanent=True)
    try:
        return requests.Request(
            request.method, request.url, headers={**OWN_HEADERS, **request.headers}, data=request.body
        ).prepare()
    except requests.exceptions.InvalidHeader as error:
        raise ChannelError(BAD_HEADER, permanent=True) from error
    except (requests.RequestException, LocationParseError, ValueError) as error:
        raise ChannelError(UNREADABLE, permanent=True) from error


def _host_of(url: str) -> str:
    """Return the host that the client will speak to, or refuse the address."""
    try:
        parts, used = urllib3.util.parse_url(url), urlsplit(url)
    except (LocationParseError, ValueError) as error:
        raise ChannelError(UNREADABLE, permanent=True) from error
    if used.scheme not in SCHEMES:
        raise ChannelError("expected an address that begins with http:// or https://", permanent=True)
    if parts.auth or used.username is not None or used.password is not None:
        raise ChannelError("a user name or password in an address is not sent: use a token", permanent=True)
    host = (parts.host or "").strip("[]").lower()
    if not host or host != used.hostname:
        raise ChannelError("the address names no host that can be told", permanent=True)
    return host


def _exchange(
    session: requests.Session, adapter: _Adapter, prepared: requests.PreparedRequest, policy: WirePolicy
) -> tuple[int, Mapping[str, str], bytes]:
    """Send and read; nothing is read after the limit."""
    session.trust_env = False
    for scheme in SCHEMES:
        session.mount(f"{scheme}://", adapter)
    timeout = (policy.connect_s, policy.total_s)
    with session.send(prepared, stream=True, allow_redirects=False, timeout=timeout) as response:
        body = bytearray()
        while len(body) < policy.keep:
            piece = response.raw.read1(policy.keep - len(body), decode_content=False)
            if not piece:
                break
            body += piece
        return response.status_code, response.headers, bytes(body)


def _failure(host: str, error: Exception) -> ChannelError:
    """Say what broke, from the innermost cause: the outer ones repeat the address, which may hold a secret."""
    inner = _innermost(error)
    if isinstance(inner, ssl.SSLCertVerificationError):
        return ChannelError(say_untrusted(host, inner))
    if isinstance(inner, ssl.SSLError):
        return ChannelError(f"no TLS with {host}: {inner.reason or 'broken off'}")
    if isinstance(inner, TimeoutError):
        return ChannelError(f"{host} did not answer in time")
    if isinstance(inner, ConnectionError):
        return ChannelError(f"{host} closed the connection without a whole answer")
    if isinstance(inner, UnicodeError):
        return ChannelError(BAD_HEADER, permanent=True)
    if isinstance(inner, HTTPException | urllib3.exceptions.HTTPError):
        return ChannelError(f"{host} answered what is not HTTP ({type(inner).__name__})")
    return ChannelError(f"{host}: {type(inner).__name__}")


def _innermost(error: BaseException) -> BaseException:
    seen = error
    for _ in range(10):
        reason = getattr(seen, "reason", None)
        first = seen.args[0] if seen.args else None
        last = seen.args[-1] if seen.args else None
        following = [each for each in (reason, first, last, seen.__cause__) if isinstance(each, BaseException)]
        if not following:
            break
        seen = following[0]
    return seen


def _refusal(host: str, status: int, headers: Mapping[str, str], text: str) -> ChannelError:
    """Say what a status other than 2xx means for another try."""
    said = f"{host} answered {status}"
    if 300 <= status <= 399:
        target = _shorten(headers.get("Location", "nowhere"))
        return ChannelError(
            f"{said}, a redirect to {target}, which is not followed", permanent=True, code=str(status), answer=text
        )
    first = _shorten(text)
    return ChannelError(
        f"{said}: {first}" if first else said,
        permanent=400 <= status <= 499 and status not in TEMPORARY,
        retry_after_s=_retry_after(headers.get("Retry-After", "")),
        gone=status == GONE,
        code=str(status),
        answer=text,
    )


def _retry_after(text: str) -> float | None:
    """Return the seconds that a Retry-After header asks for, as a number or as a date."""
    given = text.strip()
    if given.isascii() and given.isdigit():
        return min(float(given[:9]), MAX_RETRY_AFTER_S)
    try:
        moment = parsedate_to_datetime(given)
        return min(max((moment - now()).total_seconds(), 0.0), MAX_RETRY_AFTER_S)
    except (ValueError, TypeError):
        return None


def _shorten(said: object) -> str:
    """Return one printable line of at most 200 characters."""
    line = " ".join(str(said).split())[:200]
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in line)
