"""What real mail servers are handed in: encrypted and signed in, text and HTML beside each other, or nothing at all."""

from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

from tests.factories.envelopes import LOCAL, envelope
from tests.factories.reports import HOSTILE, device, green, hostile, large, recovered, red, with_log
from tests.servers.certificates import Certificates
from tests.servers.mail import PASSWORD, USER, MailPeer, running_mail_server
from webapp.domain.notices import Verbosity
from webapp.domain.outcome import DeviceStatus
from webapp.errors import InvalidError
from webapp.notify.channels import mail
from webapp.notify.contract import Answer, ChannelError, Envelope, Payload, Target
from webapp.notify.render import MessageTemplates
from webapp.notify.report import Options, Report
from webapp.plugins.fields import read_config

pytestmark = pytest.mark.integration

ADA = Target(to="ada@example.org", name="ada", user_id=1)


def rendered(report: Report, target: Target = ADA, *, instance: Path | None = None) -> Payload:
    return mail.render(report, verbosity=Verbosity.QUIET, target=target, templates=MessageTemplates(instance))


def config(port: int, **more: object) -> mail.Config:
    own = {"server": "127.0.0.1", "port": port, "from_email": "Runs <runs@example.org>"}
    return read_config(mail.Config, {**own, **more})


def signed_in(port: int, password: str = PASSWORD) -> mail.Config:
    return config(port, username=USER, password=password)


def trusted(certificates: Certificates, target: Target = ADA, **more: object) -> Envelope:
    return envelope(target, policy=replace(LOCAL, ca_bundle=str(certificates.authority)), **more)


def refused(payload: Payload, settings: mail.Config, given: Envelope) -> ChannelError:
    with pytest.raises(ChannelError) as caught:
        mail.send(payload, settings, envelope=given)
    return caught.value


@pytest.fixture
def sent(app: Flask, mail_server: MailPeer, certificates: Certificates) -> Answer:
    """Send the mail of a red run."""
    return mail.send(rendered(red()), signed_in(mail_server.port), envelope=trusted(certificates))


def test_mail_is_encrypted_and_has_text_and_html(sent: Answer, mail_server: MailPeer) -> None:
    [taken] = mail_server.mails
    assert (sent.code, sent.text) == ("250", "2.0.0 taken as 1234")
    assert (taken.is_encrypted, taken.recipients, taken.sender) == (True, ["ada@example.org"], "runs@example.org")
    letter = taken.message
    assert letter.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in letter.iter_parts()] == ["text/plain", "text/html"]
    assert letter["Subject"] == "[FAILED] backup-core #118: 3 of 45 devices (2 new)"
    assert letter["From"] == "Runs <runs@example.org>"
    assert letter["To"] == "ada@example.org"
    for part in letter.iter_parts():
        assert "edge-07" in part.get_content()
        assert "failing since #112" in part.get_content()


def test_headers_keep_robots_away_and_lead_to_less_mail(sent: Answer, mail_server: MailPeer) -> None:
    letter = mail_server.mails[0].message
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter["List-Unsubscribe"] == "<https://runs.example.org/profile/notifications>"
    for part in letter.iter_parts():
        assert "https://runs.example.org/profile/notifications" in part.get_content()
    assert letter["Message-ID"] == sent.ref == "<msg_0123456789@example.org>"
    assert letter["In-Reply-To"] is None


def test_later_mails_join_the_thread_and_tries_are_recognised(
    app: Flask, mail_server: MailPeer, certificates: Certificates, sent: Answer
) -> None:
    later = trusted(certificates, thread_ref=sent.ref, message_id="msg_2", attempt=2)
    answers = [mail.send(rendered(recovered()), signed_in(mail_server.port), envelope=later) for _ in range(2)]
    assert answers[0].ref == answers[1].ref == "<msg_2@example.org>"
    for taken in mail_server.mails[1:]:
        assert taken.message["In-Reply-To"] == taken.message["References"] == sent.ref
        assert taken.message["Message-ID"] == "<msg_2@example.org>"


def test_address_alone_has_nothing_to_unsubscribe(
    app: Flask, mail_server: MailPeer, certificates: Certificates
) -> None:
    bare = Target(to="list@example.org")
    mail.send(rendered(green(), bare), signed_in(mail_server.port), envelope=trusted(certificates, bare))
    letter = mail_server.mails[0].message
    assert letter["List-Unsubscribe"] is None
    assert "profile" not in str(letter)


def test_hostile_texts_break_no_header_and_only_html_is_escaped(
    app: Flask, mail_server: MailPeer, certificates: Certificates
) -> None:
    report = replace(hostile(), failing=(), failing_total=0, failing_cases=(), failing_cases_total=0)
    payload = rendered(report)
    mail.send(payload, signed_in(mail_server.port), envelope=trusted(certificates))
    letter = mail_server.mails[0].message
    assert letter["Bcc"] is None
    assert mail_server.mails[0].recipients == ["ada@example.org"]
    assert 'O\'Neil & "co" <script>alert(1)</script>' in payload.parts["text/plain"]
    assert "&lt;script&gt;" in payload.parts["text/html"]
    assert "<script" not in payload.parts["text/html"]
    assert HOSTILE.split("\r", maxsplit=1)[0] in str(letter["Subject"])


@pytest.mark.parametrize(
    ("to", "permanent", "code"), [("refused@x.example", True, "550"), ("later@x.example", False, "451")]
)
def test_refused_recipient(
    app: Flask, mail_server: MailPeer, certificates: Certificates, to: str, code: str, *, permanent: bool
) -> None:
    error = refused(rendered(red()), signed_in(mail_server.port), trusted(certificates, Target(to=to)))
    assert (error.permanent, error.code) == (permanent, code)
    assert f"RCPT TO:<{to}>" in error.request
    assert mail_server.mails == []


def test_wrong_password_is_for_good(app: Flask, mail_server: MailPeer, certificates: Certificates) -> None:
    error = refused(rendered(red()), signed_in(mail_server.port, password="wrong"), trusted(certificates))
    assert (error.permanent, error.code) == (True, "535")
    assert "refused the sign-in" in error.reason


def test_certificate_nobody_trusts_is_refused(app: Flask, certificates: Certificates) -> None:
    with running_mail_server(certificates.server_context(is_stranger=True)) as server:
        error = refused(rendered(red()), signed_in(server.port), trusted(certificates))
        assert server.mails == []
    assert not error.permanent
    assert error.reason.startswith("the certificate of 127.0.0.1 is not trusted: ")


def test_nothing_is_sent_in_the_clear_when_encryption_is_wanted(app: Flask) -> None:
    with running_mail_server() as server:
        error = refused(rendered(red()), config(server.port), envelope(ADA))
        assert server.mails == []
    assert error.permanent
    assert "STARTTLS" in error.reason


def test_encryption_can_be_switched_off(app: Flask) -> None:
    with running_mail_server() as server:
        assert mail.send(rendered(red()), config(server.port, use_tls=False), envelope=envelope(ADA)).code == "250"
        assert not server.mails[0].is_encrypted


def test_tls_from_the_first_byte(app: Flask, certificates: Certificates) -> None:
    with running_mail_server(certificates.server_context(), is_tls_first=True) as server:
        settings = config(server.port, use_ssl=True)
        assert mail.send(rendered(red()), settings, envelope=trusted(certificates)).code == "250"


def test_log_and_results_are_attached(app: Flask, mail_server: MailPeer, certificates: Certificates) -> None:
    failing = (
        device("edge-07", DeviceStatus.FAILED, result='{\n  "rtt": "\N{SNOWMAN}"\n}'),
        device("edge-08", DeviceStatus.FAILED),
    )
    report = replace(with_log(), failing=failing, options=Options(include_device_results=True))
    payload = rendered(report)
    mail.send(payload, signed_in(mail_server.port), envelope=trusted(certificates))
    letter = mail_server.mails[0].message
    assert letter.get_content_type() == "multipart/mixed"
    files = {part.get_filename(): part.get_payload(decode=True) for part in letter.iter_attachments()}
    assert files == {
        "backup-core-118.log": b"ERROR edge-07\n",
        "backup-core-118.json": '{\n"edge-07": {\n  "rtt": "\N{SNOWMAN}"\n}\n}\n'.encode(),
    }


def test_devices_that_passed_are_nowhere_unless_wanted() -> None:
    passed = (device("edge-01", result='"fine"'),)
    only_failed = replace(red(), passed=passed, options=Options(include_device_results=True))
    assert "edge-01" not in str(rendered(only_failed))
    everyone = replace(only_failed, options=Options(include_device_results=True, display_only_failed=False))
    assert "edge-01" in rendered(everyone).parts["text/plain"]
    assert '"edge-01": "fine"' in rendered(everyone).attachments[0].text


def test_large_run_is_cut_and_says_how_much() -> None:
    payload = rendered(large())
    assert len(payload.parts["text/plain"]) <= mail.ROOM
    assert len(payload.parts["text/html"]) < 102_000  # where readers of mail cut
    assert "more of 10,000 failing devices" in payload.cut
    assert "more: https://runs.example.org/services/backup-core/runs/118" in payload.parts["text/plain"]
    assert "1 failing test case" in payload.parts["text/plain"]


def test_no_link_when_none_is_wanted() -> None:
    payload = rendered(replace(red(), options=Options(include_link=False)), Target(to="a@example.org"))
    assert "runs.example.org" not in payload.parts["text/plain"] + payload.parts["text/html"]


def test_header_stands_in_the_message() -> None:
    payload = rendered(replace(red(), options=Options(header="On call: Grace\nBridge 4711")))
    for text in payload.parts.values():
        assert "On call: Grace" in text
        assert "Bridge 4711" in text


def test_template_of_the_instance_is_used(tmp_path: Path) -> None:
    folder = tmp_path / "templates" / "notify"
    folder.mkdir(parents=True)
    (folder / "email.txt").write_text("Look: {{ report.run.verdict }}")
    payload = rendered(red(), instance=tmp_path)
    assert payload.parts["text/plain"] == "Look: 3 of 45 devices failed, 1 error in the log"
    assert payload.fault == ""


@pytest.mark.parametrize("to", ["", "ada", "ada@example.org\nBcc: eve@example.org", "a@b, c@d", "<a@b>"])
def test_what_is_no_address_is_refused_before_connecting(app: Flask, to: str) -> None:
    error = refused(rendered(red()), config(1), envelope(Target(to=to)))
    assert (error.permanent, "no address" in error.reason) == (True, True)


def test_recipients_of_the_configuration() -> None:
    settings = read_config(
        mail.Config, {"from_email": "runs@example.org", "recipients": "a@example.org, b@example.org"}
    )
    assert [target.to for target in mail.find_targets(settings)] == ["a@example.org", "b@example.org"]


def test_configuration_that_reaches_nobody_names_every_fault() -> None:
    with pytest.raises(InvalidError) as caught:
        mail.find_targets(read_config(mail.Config, {"recipients": "nobody"}))
    assert [place for place, _ in caught.value.faults] == ["recipients", "from_email"]
    with pytest.raises(InvalidError, match="at least one address"):
        mail.find_targets(read_config(mail.Config, {"from_email": "runs@example.org"}))
