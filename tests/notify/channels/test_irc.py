"""What a real ngircd makes of us, what is said on IRC, and the sign-ins that ngircd does not know."""

import base64
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from tests.factories.envelopes import HASTY, LOCAL, envelope
from tests.factories.reports import green, hostile, large, red, running
from tests.programs import needs_program, require_program
from tests.servers.certificates import Certificates
from tests.servers.irc import PASSWORD, IrcServer, Listener, running_ngircd, running_script
from webapp.domain.notices import Verbosity
from webapp.errors import InvalidError
from webapp.notify.channels import irc
from webapp.notify.contract import Answer, ChannelError, Payload, Target
from webapp.notify.render import MessageTemplates
from webapp.notify.report import Options, Report
from webapp.plugins.fields import read_config

pytestmark = pytest.mark.integration

real_server = needs_program("ngircd")


def rendered(report: Report, verbosity: Verbosity = Verbosity.QUIET) -> Payload:
    return irc.render(report, verbosity=verbosity, target=Target(to="#ops"), templates=MessageTemplates())


def config(port: int, **more: object) -> irc.Config:
    return read_config(irc.Config, {"server": "127.0.0.1", "port": port, "use_tls": False, **more})


def say(settings: irc.Config, to: str = "#ops", server: str = "127.0.0.1", **more: object) -> Answer:
    target = Target(to=to, server=server)
    return irc.send(rendered(red()), settings, envelope=envelope(target, **more))


def refused(settings: irc.Config, to: str = "#ops", server: str = "127.0.0.1", **more: object) -> ChannelError:
    with pytest.raises(ChannelError) as caught:
        say(settings, to, server, **more)
    return caught.value


@pytest.fixture
def ada(irc_server: IrcServer) -> Iterator[Listener]:
    """Somebody in #ops."""
    listener = Listener(irc_server.port, "ada", channel="#ops")
    yield listener
    listener.close()


@real_server
def test_line_arrives_in_the_channel(irc_server: IrcServer, ada: Listener) -> None:
    answer = say(config(irc_server.port))
    heard = ada.wait_for("PRIVMSG")
    assert heard.startswith(":afterrun!")
    assert heard.endswith(f"PRIVMSG #ops :{rendered(red()).summary}")
    assert "PONG" in answer.text
    assert "bye" in ada.wait_for(" QUIT ")


@real_server
def test_line_arrives_over_tls(irc_server: IrcServer, ada: Listener, certificates: Certificates) -> None:
    trusting = replace(LOCAL, ca_bundle=str(certificates.authority))
    say(config(irc_server.tls_port, use_tls=True), policy=trusting)
    assert "edge-07" in ada.wait_for("PRIVMSG")


@real_server
def test_person_is_told_directly_and_by_notice(irc_server: IrcServer, ada: Listener) -> None:
    say(config(irc_server.port, use_notice=True), "ada")
    assert " NOTICE ada :[FAILED]" in ada.wait_for("NOTICE ada")


@real_server
def test_taken_nick_is_no_hindrance(irc_server: IrcServer, ada: Listener) -> None:
    taken = [Listener(irc_server.port, nick) for nick in ("afterrun", "afterrun_")]
    say(config(irc_server.port))
    assert ada.wait_for("PRIVMSG").startswith(":afterrun2!")
    for listener in taken:
        listener.close()


@real_server
@pytest.mark.parametrize(
    ("to", "code", "permanent"),
    [("#keyed", "475", True), ("#invited", "473", True), ("nobody", "401", False)],
)
def test_what_the_server_refuses(irc_server: IrcServer, to: str, code: str, *, permanent: bool) -> None:
    error = refused(config(irc_server.port), to)
    assert (error.code, error.permanent) == (code, permanent)
    assert f" {code} " in error.answer


@real_server
def test_key_opens_the_channel_and_is_not_shown(irc_server: IrcServer) -> None:
    answer = say(config(irc_server.port, channel_key="sesame"), "#keyed")
    assert "JOIN #keyed" in answer.request
    assert "sesame" not in answer.request


@real_server
def test_server_password(certificates: Certificates) -> None:
    with running_ngircd(require_program("ngircd"), certificates, is_closed=True) as closed:
        assert refused(config(closed.port, password="wrong")).reason.startswith("the server ")
        assert PASSWORD not in say(config(closed.port, password=PASSWORD)).request


@real_server
def test_certificate_nobody_trusts_is_refused(certificates: Certificates) -> None:
    with running_ngircd(require_program("ngircd"), certificates, is_bad=True) as bad:
        error = refused(config(bad.tls_port, use_tls=True))
        assert not error.permanent
        assert error.reason.startswith("the certificate of 127.0.0.1 is not trusted: ")
        assert say(config(bad.tls_port, use_tls=True, verify_certificate=False)).text


@real_server
def test_sasl_that_is_not_offered_is_for_good(irc_server: IrcServer) -> None:
    error = refused(config(irc_server.port, sasl_username="bot", sasl_password="geheim geheim"))
    assert (error.permanent, "does not offer SASL" in error.reason) == (True, True)


@real_server
def test_nick_that_is_none_is_for_good(irc_server: IrcServer) -> None:
    error = refused(config(irc_server.port, nick="1bad"))
    assert (error.code, error.permanent) == ("432", True)


@real_server
def test_hostile_texts_say_one_line(irc_server: IrcServer, ada: Listener) -> None:
    target = Target(to="#ops", server="127.0.0.1")
    payload = replace(rendered(red()), parts={"text/plain": "one\r\nJOIN #keyed sesame\r\n\0two"})
    irc.send(payload, config(irc_server.port), envelope=envelope(target))
    assert ada.wait_for("PRIVMSG").endswith(":one JOIN #keyed sesame two")


def sasl(accepts: str) -> Callable[[str], list[str]]:
    """Return the script of a server that wants one account by SASL."""

    def answer(line: str) -> list[str]:
        word, _, rest = line.partition(" ")
        if word == "CAP":
            return [":irc.test CAP * ACK :sasl"] if rest.startswith("REQ") else [":irc.test 001 afterrun :Welcome"]
        if word == "AUTHENTICATE":
            if rest == "PLAIN":
                return ["AUTHENTICATE +"]
            is_right = base64.b64decode(rest).decode() == accepts
            return [":irc.test 903 * :Welcome back" if is_right else ":irc.test 904 * :SASL authentication failed"]
        return {"JOIN": [":irc.test 366 afterrun #ops :End"], "PING": ["PONG :afterrun"]}.get(word, [])

    return answer


def test_sasl_signs_in_before_the_welcome() -> None:
    with running_script(sasl("bot\0bot\0geheim geheim")) as server:
        answer = say(config(server.port, sasl_username="bot", sasl_password="geheim geheim"))
    assert [line.partition(" ")[0] for line in server.heard] == [
        "CAP", "NICK", "USER", "AUTHENTICATE", "AUTHENTICATE", "CAP", "JOIN", "PRIVMSG", "PING", "QUIT",
    ]  # fmt: skip
    assert "geheim" not in answer.request
    assert "AUTHENTICATE ****" in answer.request


def test_wrong_sasl_password_is_for_good() -> None:
    with running_script(sasl("bot\0bot\0other")) as server:
        error = refused(config(server.port, sasl_username="bot", sasl_password="geheim geheim"))
    assert (error.code, error.permanent) == ("904", True)


def nickserv(line: str) -> list[str]:
    word = line.partition(" ")[0]
    if line.startswith("PRIVMSG NickServ"):
        return [":NickServ!services@irc.test NOTICE afterrun :You are now identified"]
    return {
        "USER": ["PING :before", ":irc.test 001 afterrun :Welcome"],
        "JOIN": ["@time=2026 :irc.test 366 afterrun #ops :End"],
        "PING": ["PONG :afterrun"],
    }.get(word, [])


def test_nickserv_is_told_before_the_channel_is_joined() -> None:
    with running_script(nickserv) as server:
        answer = say(config(server.port, nickserv_password="geheim geheim"))
    assert "PRIVMSG NickServ :IDENTIFY geheim geheim" in server.heard
    assert server.heard.index("PRIVMSG NickServ :IDENTIFY geheim geheim") < server.heard.index("JOIN #ops")
    assert "PONG :before" in server.heard
    assert "geheim" not in answer.request


def test_other_servers_hear_no_password() -> None:
    with running_script(nickserv) as server:
        own = config(1, password="geheim geheim", nickserv_password="geheim geheim", channel_key="geheim")
        say(own, server=f"127.0.0.1:{server.port}")
    assert not [line for line in server.heard if "geheim" in line]


def test_other_servers_must_be_public() -> None:
    error = refused(config(6697), server="127.0.0.2:6667", policy=replace(LOCAL, allow_private=()))
    assert (error.permanent, "may not be spoken to" in error.reason) == (True, True)


def test_server_that_goes_on_for_ever_is_cut() -> None:
    def chatter(_line: str) -> list[str]:
        time.sleep(0.3)
        return [":irc.test NOTICE * :still here"]

    with running_script(chatter) as server:
        error = refused(config(server.port), policy=HASTY)
    assert (error.permanent, error.reason) == (False, "127.0.0.1 did not answer in time")


@pytest.mark.parametrize("to", ["", "#a b", "x\r\nQUIT", "a\0b"])
def test_target_that_is_none_is_refused_before_connecting(to: str) -> None:
    assert refused(config(1), to).permanent


@pytest.mark.parametrize("verbosity", [*Verbosity])
def test_line_is_the_same_at_every_verbosity(verbosity: Verbosity) -> None:
    assert rendered(red(), verbosity) == rendered(red())


def test_running_run_is_said_to_run() -> None:
    assert rendered(running()).summary.startswith("[RUNNING] backup-core #118 is running https://")


@pytest.mark.parametrize("report", [green(), red(), hostile(), large()])
def test_line_fits_and_keeps_its_address(report: Report) -> None:
    verdict = "\N{SNOWMAN}" * 400
    for each in (report, replace(report, run=replace(report.run, verdict=verdict, service="s" * 120))):
        line = rendered(each).parts["text/plain"]
        assert len(line.encode()) <= 400
        assert line.isprintable()
        assert line.endswith(f" {report.run.url}")
    assert rendered(replace(green(), run=replace(green().run, verdict=verdict))).cut


def test_no_address_when_none_is_wanted() -> None:
    assert "https://" not in rendered(replace(red(), options=Options(include_link=False))).summary


def test_many_messages_at_once_are_asked_to_come_back() -> None:
    waits = [irc.take_turn("busy.test:6697", at=0.0) for _ in range(int(irc.AT_ONCE + irc.MOST_PAUSE_S))]
    assert waits[: irc.AT_ONCE + 1] == [0, 0, 0, 0, 1]
    with pytest.raises(ChannelError, match="many messages") as caught:
        irc.take_turn("busy.test:6697", at=0.0)
    assert not caught.value.permanent
    assert caught.value.retry_after_s
    assert irc.take_turn("other.test:6697", at=0.0) == 0


def test_targets_of_a_configuration() -> None:
    settings = read_config(irc.Config, {"server": "irc.example.org", "channel": "#ops, ada"})
    assert [target.to for target in irc.find_targets(settings)] == ["#ops", "ada"]
    with pytest.raises(InvalidError, match="channel"):
        irc.find_targets(read_config(irc.Config, {"server": "irc.example.org"}))
    with pytest.raises(InvalidError, match="server"):
        irc.find_targets(irc.Config())
