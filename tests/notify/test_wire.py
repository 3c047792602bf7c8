"""What the wire makes of every sort of receiver; all of them on loopback, which the tests' policy allows."""

import socket
import threading
import time
from dataclasses import replace
from datetime import timedelta
from email.utils import format_datetime

import pytest

from tests.servers.certificates import Certificates
from tests.servers.product import free_port
from tests.servers.receiver import Receiver, Reply, running_receiver
from webapp.clock import now
from webapp.errors import SettingError
from webapp.notify.contract import ChannelError, WirePolicy
from webapp.notify.wire import Request, check_url, send

pytestmark = pytest.mark.integration

LOCAL = WirePolicy(allow_private=("127.0.0.0/8", "::1/128"))
HASTY = replace(LOCAL, connect_s=1.0, total_s=0.4)


def get(url: str, policy: WirePolicy = LOCAL, **more: object) -> Request:
    return Request(method="GET", url=url, **more)  # type: ignore[arg-type]  # what is given is named by the fields


def refused(request: Request, policy: WirePolicy = LOCAL) -> ChannelError:
    with pytest.raises(ChannelError) as caught:
        send(request, policy)
    return caught.value


def test_body_and_headers_arrive_as_given(receiver: Receiver) -> None:
    headers = {"Authorization": "secret", "Content-Type": "application/json"}
    answer = send(Request(method="POST", url=f"{receiver.url}/a?b=%20c", headers=headers, body=b"{}"), LOCAL)
    assert (answer.code, answer.text, answer.request) == ("200", "ok", f"POST {receiver.url}/a?b=%20c")
    taken = receiver.taken[0]
    assert (taken.method, taken.path, taken.body) == ("POST", "/a?b=%20c", b"{}")
    assert taken.headers["authorization"] == "secret"
    assert taken.headers["content-type"] == "application/json"
    assert taken.headers["host"] == receiver.url.removeprefix("http://")
    assert taken.headers["user-agent"].startswith("Afterrun/")


def test_empty_answer_succeeds(receiver: Receiver) -> None:
    receiver.replies["/none"] = Reply(status=204)
    assert send(get(f"{receiver.url}/none"), LOCAL).code == "204"


@pytest.mark.parametrize(
    ("status", "permanent"), [(400, True), (404, True), (408, False), (425, False), (429, False), (500, False)]
)
def test_status_says_whether_trying_again_helps(receiver: Receiver, status: int, *, permanent: bool) -> None:
    receiver.replies["/x"] = Reply(status=status, body=b"no \0thanks\n")
    error = refused(get(f"{receiver.url}/x"))
    assert (error.permanent, error.gone, error.code) == (permanent, False, str(status))
    assert error.reason == f"127.0.0.1 answered {status}: no \N{REPLACEMENT CHARACTER}thanks"
    assert error.answer == "no \0thanks\n"


def test_gone_is_told_apart(receiver: Receiver) -> None:
    receiver.replies["/x"] = Reply(status=410, body=b"")
    error = refused(get(f"{receiver.url}/x"))
    assert (error.permanent, error.gone, error.reason) == (True, True, "127.0.0.1 answered 410")


@pytest.mark.parametrize(
    ("given", "low", "high"),
    [
        ("7", 7, 7),
        ("999999999999", 86_400, 86_400),
    ],
)
def test_retry_after_is_kept(receiver: Receiver, given: str, low: float, high: float) -> None:
    receiver.replies["/x"] = Reply(status=429, headers=(("Retry-After", given),))
    wait = refused(get(f"{receiver.url}/x")).retry_after_s
    assert wait is not None
    assert low <= wait <= high


@pytest.mark.parametrize(("ahead_s", "low", "high"), [(90, 60, 90), (-90, 0, 0)])
def test_retry_after_may_be_a_date(receiver: Receiver, ahead_s: int, low: float, high: float) -> None:
    given = format_datetime(now() + timedelta(seconds=ahead_s), usegmt=True)
    receiver.replies["/x"] = Reply(status=503, headers=(("Retry-After", given),))
    wait = refused(get(f"{receiver.url}/x")).retry_after_s
    assert wait is not None
    assert low <= wait <= high


def test_nonsense_in_retry_after_is_no_wait(receiver: Receiver) -> None:
    receiver.replies["/x"] = Reply(status=503, headers=(("Retry-After", "soon"),))
    assert refused(get(f"{receiver.url}/x")).retry_after_s is None


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirect_is_a_failure_that_names_its_target(receiver: Receiver, status: int) -> None:
    receiver.replies["/x"] = Reply(status=status, headers=(("Location", f"{receiver.url}/secret"),))
    error = refused(Request(method="POST", url=f"{receiver.url}/x", body=b"x"))
    assert error.permanent
    assert f"a redirect to {receiver.url}/secret" in error.reason
    assert [taken.path for taken in receiver.taken] == ["/x"]


@pytest.mark.parametrize("path", ["/drip", "/slowhead", "/never"])
def test_slow_receiver_is_cut_when_time_is_over(receiver: Receiver, path: str) -> None:
    started = time.monotonic()
    error = refused(get(f"{receiver.url}{path}"), HASTY)
    assert not error.permanent
    assert error.reason == "127.0.0.1 did not finish its answer within 0.4 s"
    assert time.monotonic() - started < 5


def test_slow_tls_is_cut_when_time_is_over() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        error = refused(get(f"https://127.0.0.1:{silent.getsockname()[1]}/"), HASTY)
    assert not error.permanent


@pytest.mark.parametrize(("path", "said"), [("/garbage", "not HTTP"), ("/close", "without a whole answer")])
def test_broken_receiver_is_tried_again(receiver: Receiver, path: str, said: str) -> None:
    error = refused(get(f"{receiver.url}{path}"))
    assert not error.permanent
    assert said in error.reason


def test_long_answer_is_read_to_the_limit(receiver: Receiver) -> None:
    assert len(send(get(f"{receiver.url}/large"), LOCAL).text) == 64 * 1024


def test_undecodable_answer_is_kept(receiver: Receiver) -> None:
    receiver.replies["/x"] = Reply(body=b"\xffok")
    assert send(get(f"{receiver.url}/x"), LOCAL).text == "\N{REPLACEMENT CHARACTER}ok"


def test_repeated_secret_is_masked(receiver: Receiver) -> None:
    receiver.replies["/x"] = Reply(status=403, body=b"wrong token hunter2")
    error = refused(get(f"{receiver.url}/x", secrets=("hunter2",)))
    assert "hunter2" not in error.answer + error.reason


def test_closed_port_is_tried_again() -> None:
    error = refused(get(f"http://127.0.0.1:{free_port()}/"))
    assert not error.permanent
    assert "cannot connect" in error.reason


@pytest.mark.parametrize(
    "url",
    [
        "http://{host}/",
        "http://127.1:{port}/",
        "http://2130706433:{port}/",
        "http://0x7f000001:{port}/",
        "http://localhost:{port}/",
        "http://[::ffff:127.0.0.1]:{port}/",
    ],
)
def test_loopback_by_any_name_is_refused_without_connecting(receiver: Receiver, url: str) -> None:
    host = receiver.url.removeprefix("http://")
    address = url.format(host=host, port=host.rpartition(":")[2])
    error = refused(get(address), WirePolicy())
    assert error.permanent
    assert "may not be spoken to" in error.reason
    assert receiver.taken == []


@pytest.mark.parametrize(
    "url",
    [
        "http://user:pw@127.0.0.1/",
        "http://user@127.0.0.1/",
        "http://127.0.0.1:1\\@example.com/",
        "http://127.0.0.1/a b",
        "http://127.0.0.1/\n",
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
        "http:///x",
        "127.0.0.1",
        "127.0.0.1:-1",
        "",
        "http://a..b/",
        "http://*.example.com/",
        f"http://{'a' * 300}/",
        "http://127.0.0.1:99999/",
        "http://\ud800.example/",
        "http://⑫7.0.0.1/",
        "http://[::1/",
    ],
)
def test_address_that_is_none_is_refused_for_good(url: str) -> None:
    assert refused(get(url)).permanent


def test_refusal_of_an_address_does_not_repeat_it() -> None:
    for url in ("http://127.0.0.1:99999/T0K3N", "http:///T0K3N", "127.0.0.1:-1/T0K3N", "http://u:T0K3N@[::1]/"):
        assert "T0K3N" not in refused(get(url)).reason


@pytest.mark.parametrize("value", ["a\r\nb: c", "\N{SNOWMAN}", " a"])
def test_header_that_cannot_be_sent_is_refused_for_good(receiver: Receiver, value: str) -> None:
    error = refused(get(receiver.url, headers={"Authorization": value}))
    assert error.permanent
    assert value not in error.reason
    assert receiver.taken == []


def test_only_listed_hosts_get_callbacks(receiver: Receiver) -> None:
    listed = replace(LOCAL, allowed_hosts=("*.example.com",))
    error = refused(get(receiver.url, is_callback=True), listed)
    assert (error.permanent, error.reason) == (True, "the host 127.0.0.1 is not in CALLBACK_ALLOWED_HOSTS")
    assert send(get(receiver.url), listed).code == "200"
    assert send(get(receiver.url, is_callback=True), replace(LOCAL, allowed_hosts=("127.*",))).code == "200"


def test_address_is_checked_before_anything_is_sent() -> None:
    listed = WirePolicy(allowed_hosts=("*.münchen.example",))
    assert check_url("https://CI.München.example/x", listed, is_callback=True) == "ci.xn--mnchen-3ya.example"
    with pytest.raises(ChannelError, match=r"other\.example is not in CALLBACK_ALLOWED_HOSTS"):
        check_url("https://other.example/x", listed, is_callback=True)


def test_environment_changes_nothing(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    netrc = tmp_path_factory.mktemp("home") / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password geheim\n")
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert send(get(receiver.url), LOCAL).code == "200"
    assert "authorization" not in receiver.taken[0].headers


def test_name_is_looked_up_once_and_the_judged_address_used(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, asked = socket.getaddrinfo, []

    def rebinding(host: str, *args: object, **more: object) -> object:
        if host != "rebind.test":
            return real(host, *args, **more)  # type: ignore[arg-type]  # handed on as it came
        asked.append(host)
        return real("127.0.0.1" if len(asked) == 1 else "10.9.9.9", *args, **more)  # type: ignore[arg-type]  # same

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    port = receiver.url.rpartition(":")[2]
    assert send(get(f"http://rebind.test:{port}/"), LOCAL).code == "200"
    assert asked == ["rebind.test"]
    assert receiver.taken[0].headers["host"] == f"rebind.test:{port}"


def test_one_bad_address_of_several_refuses_all(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    real = socket.getaddrinfo

    def several(_host: str, port: int, **more: object) -> object:
        return [*real("127.0.0.1", port, **more), *real("10.9.9.9", port, **more)]  # type: ignore[arg-type]  # same

    monkeypatch.setattr(socket, "getaddrinfo", several)
    assert "10.9.9.9" in refused(get(receiver.url)).reason
    assert receiver.taken == []


def test_slow_resolver_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()

    def slow(*_args: object, **_more: object) -> list[object]:
        over.wait(10)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    error = refused(get("http://slow.test/"), replace(LOCAL, connect_s=0.1))
    over.set()
    assert (error.permanent, error.reason) == (False, "the name slow.test was not found in time")


def test_trusted_certificate_is_accepted(certificates: Certificates) -> None:
    with running_receiver(certificates.server_context()) as secure:
        assert send(get(secure.url), replace(LOCAL, ca_bundle=str(certificates.authority))).code == "200"


def test_strangers_certificate_is_refused_unless_verification_is_off(certificates: Certificates) -> None:
    with running_receiver(certificates.server_context(is_stranger=True)) as secure:
        error = refused(get(secure.url), replace(LOCAL, ca_bundle=str(certificates.authority)))
        assert not error.permanent
        assert error.reason.startswith("the certificate of localhost is not trusted: ")
        assert secure.taken == []
        assert send(get(secure.url, is_verified=False), LOCAL).code == "200"


def test_certificate_for_another_name_is_refused(certificates: Certificates, monkeypatch: pytest.MonkeyPatch) -> None:
    real = socket.getaddrinfo

    def elsewhere(_host: str, port: int, *args: object, **more: object) -> object:
        return real("127.0.0.1", port, *args, **more)  # type: ignore[arg-type]  # handed on as it came

    monkeypatch.setattr(socket, "getaddrinfo", elsewhere)
    with running_receiver(certificates.server_context()) as secure:
        address = secure.url.replace("localhost", "other.test")
        error = refused(get(address), replace(LOCAL, ca_bundle=str(certificates.authority)))
    assert "not trusted" in error.reason
    assert "other.test" in error.reason


def test_plain_http_where_tls_is_expected_is_told(receiver: Receiver) -> None:
    assert refused(get(receiver.url.replace("http:", "https:"))).reason.startswith("no TLS with 127.0.0.1")


def test_bundle_that_is_none_is_a_setting_at_fault(receiver: Receiver) -> None:
    with pytest.raises(SettingError, match="CALLBACK_CA_BUNDLE"):
        send(get(receiver.url.replace("http:", "https:")), replace(LOCAL, ca_bundle="/nowhere.pem"))
