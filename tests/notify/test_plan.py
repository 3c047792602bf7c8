"""Who hears of a run: the submitter, recipients, callbacks, owners of devices; each once, and never silence?"""

import json
from datetime import timedelta
from typing import Any

import pytest
import yaml

from tests.factories.runs import NOW, SERVER, CaseReport, Device, record_run
from tests.factories.sites import Site
from tests.servers.mail import MailPeer
from tests.servers.receiver import Receiver, Reply
from webapp.domain.access import Role
from webapp.domain.deliveries import DeliveryState
from webapp.domain.messages import RunEnd
from webapp.domain.outcome import ServiceKind
from webapp.ingest.logs import append_bytes
from webapp.ingest.services import ServiceFields, put_service
from webapp.ingest.stream import accept_messages
from webapp.notify.tokens import find_token
from webapp.store import accounts
from webapp.store.db import reading, writing
from webapp.store.deliveries import find_payload
from webapp.store.kept_secrets import add_secret
from webapp.store.models.inventory import DeviceRow
from webapp.store.runs import get_run

pytestmark = pytest.mark.integration

FINISHED = {"criteria": {"status": "finished"}}
MAIL_BOB = FINISHED | {"recipients": [{"to": {"method": "email", "user": "bob"}}]}


def tell(site: Site, notify: Any = None, *, submitter: str = "ada", **run: Any) -> str:
    """Record a run with a notify block, work off what is due, and return the run's uid."""
    fields = {"notify": notify, **run.pop("fields", {})} if notify is not None else run.pop("fields", {})
    uid = record_run(site.app, fields={**fields, "submitter": submitter}, caller=site.caller("root"), **run)
    site.work()
    return uid


@pytest.fixture(autouse=True)
def _root(site: Site) -> None:
    site.add_user("root", role=Role.ADMIN)


def recipients(mail_server: MailPeer) -> list[str]:
    return sorted(address for mail in mail_server.mails for address in mail.recipients)


def states(site: Site, uid: str) -> list[tuple[str, str, str]]:
    return [(each.channel, each.to, str(each.state)) for each in site.deliveries(uid)]


def to(**keys: str) -> dict[str, Any]:
    return {"to": keys}


def test_block_without_anybody_tells_the_submitter_by_mail(site: Site, mail_server: MailPeer) -> None:
    uid = tell(site, FINISHED, devices=[Device(name="r1", status="failed", message="no route")])
    (mail,) = mail_server.mails
    assert mail.recipients == ["ada@example.org"]
    assert mail.message["Subject"] == "[FAILED] audit #1: 1 of 1 device"
    assert states(site, uid) == [("email", "ada@example.org", "sent")]


@pytest.mark.parametrize("extra", [{"recipients": []}, {"callbacks": []}])
def test_empty_lists_tell_nobody(site: Site, mail_server: MailPeer, extra: dict[str, Any]) -> None:
    uid = tell(site, FINISHED | extra)
    assert site.deliveries(uid) == []
    assert mail_server.mails == []


def test_callback_alone_does_not_tell_the_submitter(site: Site, mail_server: MailPeer, receiver: Receiver) -> None:
    tell(site, FINISHED | {"callback": {"url": f"{receiver.url}/done/{{ID}}/{{STATUS}}"}})
    assert mail_server.mails == []
    (taken,) = receiver.taken
    assert taken.method == "GET"
    assert taken.path.endswith("/2")


def test_list_of_recipients_tells_exactly_those(site: Site, mail_server: MailPeer) -> None:
    block = FINISHED | {"recipients": [to(method="email", user="bob"), to(method="email", email="carol@example.org")]}
    tell(site, block)
    assert recipients(mail_server) == ["bob@example.org", "carol@example.org"]


def test_explicit_key_wins_over_the_profile(site: Site, mail_server: MailPeer) -> None:
    tell(site, FINISHED | {"recipients": [to(method="email", user="bob", email="bob@home.example")]})
    assert recipients(mail_server) == ["bob@home.example"]


def test_same_address_by_three_routes_is_one_message(site: Site, mail_server: MailPeer) -> None:
    block = FINISHED | {
        "recipients": [
            to(method="email", user="bob"),
            to(method="email", email="BOB@example.org"),
            to(method="email", user="bob", email="bob@example.org"),
        ]
    }
    uid = tell(site, block)
    assert recipients(mail_server) == ["bob@example.org"]
    assert len(site.deliveries(uid)) == 1


@pytest.mark.parametrize(
    ("recipient", "reason"),
    [
        (to(method="email", user="eve"), "eve has no mail address in the profile"),
        (to(method="irc", user="eve"), "eve has no IRC handle in the profile"),
        (to(method="irc", handle="somebody"), "no IRC server is given, in the profile or set"),
        (to(method="email", user="{DEVICE_OWNER}"), "nobody owns r1"),
    ],
)
def test_who_cannot_be_reached_is_a_skipped_delivery_with_the_reason(
    site: Site, recipient: dict[str, Any], reason: str
) -> None:
    uid = tell(site, FINISHED | {"recipients": [recipient]}, devices=["r1"])
    (delivery,) = site.deliveries(uid)
    assert (delivery.state, delivery.reason) == (DeliveryState.SKIPPED, reason)


def test_run_without_devices_has_no_owners_to_tell(site: Site) -> None:
    uid = tell(site, FINISHED | {"recipients": [to(method="email", user="{LAVA_DEVICE_OWNER}")]})
    assert [each.reason for each in site.deliveries(uid)] == ["the run used no device that somebody could own"]


def test_account_that_is_gone_loses_its_own_message_alone(site: Site, mail_server: MailPeer) -> None:
    block = FINISHED | {"recipients": [to(method="email", user="ghost"), to(method="email", user="bob")]}
    uid = tell(site, block)
    assert recipients(mail_server) == ["bob@example.org"]
    assert [each.reason for each in site.deliveries(uid)] == ["there is no account 'ghost' any more", ""]


def test_each_owner_hears_of_their_own_devices(site: Site, mail_server: MailPeer) -> None:
    devices = [Device(name=name, status="failed") for name in ("r1", "r2", "r3")]
    record_run(site.app, devices=devices)
    with writing() as session:
        for name, owner in (("r1", "ada"), ("r2", "bob"), ("r3", "bob")):
            user = accounts.find_user_by_name(session, owner)
            assert user is not None
            session.query(DeviceRow).filter_by(name=name).update({"owner_id": user.id})
    tell(site, FINISHED | {"recipients": [to(method="email", user="{DEVICE_OWNER}")]}, devices=devices)
    texts = {mail.recipients[0]: mail.message.get_body(("plain",)) for mail in mail_server.mails}
    assert set(texts) == {"ada@example.org", "bob@example.org"}
    ada, bob = (str(texts[f"{name}@example.org"].get_content()) for name in ("ada", "bob"))  # type: ignore[union-attr]
    assert "r1" in ada
    assert "r2" not in ada
    assert "r2" in bob
    assert "r3" in bob
    assert "r1" not in bob


def test_all_tells_at_both_events_each_with_its_own_data(site: Site, receiver: Receiver) -> None:
    callback = {"url": f"{receiver.url}/{{STATUS_STRING}}", "method": "POST", "content-type": "json"}
    uid = tell(site, {"criteria": {"status": "all"}, "callback": callback}, devices=["r1"])
    assert [taken.path for taken in receiver.taken] == ["/running", "/complete"]
    first, second = (json.loads(taken.body) for taken in receiver.taken)
    assert (first["status"], first["state_string"], first["end_time"]) == (1, "Running", None)
    assert (second["status"], second["state_string"], second["health"]) == (2, "Finished", 1)
    assert second["end_time"] is not None
    assert [each.event for each in site.deliveries(uid)] == ["running", "ended"]


def test_run_block_replaces_the_services(site: Site, mail_server: MailPeer) -> None:
    services = FINISHED | {"recipients": [to(method="email", user="bob")]}
    with writing() as session:
        put_service(session, "audit", ServiceFields(options={"notify": services}), now=NOW)
    tell(site)
    assert recipients(mail_server) == ["bob@example.org"]
    mail_server.mails.clear()
    tell(site, FINISHED)
    assert recipients(mail_server) == ["ada@example.org"]


def test_service_options_tell_destinations_and_mail_recipients(site: Site, mail_server: MailPeer) -> None:
    options = {
        "send_notification": ["email"],
        "mail_recipients": "x@example.org, y@example.org",
        "header": "Core routers",
        "display_only_failed": False,
    }
    with writing() as session:
        put_service(session, "audit", ServiceFields(options=options), now=NOW)
    tell(site, devices=["r1", Device(name="r2", status="failed")])
    assert recipients(mail_server) == ["x@example.org", "y@example.org"]
    text = str(mail_server.mails[0].message.get_body(("plain",)).get_content())  # type: ignore[union-attr]
    assert "Core routers" in text
    assert "r1" in text


def test_devices_that_passed_are_nowhere_unless_asked_for(site: Site, mail_server: MailPeer) -> None:
    tell(site, FINISHED, devices=["passed-one", Device(name="r2", status="failed")])
    assert b"passed-one" not in mail_server.mails[0].raw


def test_nothing_configured_tells_nobody(site: Site, mail_server: MailPeer) -> None:
    uid = tell(site, devices=["r1"])
    assert (site.deliveries(uid), mail_server.mails) == ([], [])


def test_faulty_block_is_told_as_skipped_and_the_end_stands(site: Site) -> None:
    uid = tell(site, {"criteria": {"status": "finish"}})
    (delivery,) = site.deliveries(uid)
    assert delivery.state is DeliveryState.SKIPPED
    assert "notify.criteria.status: 'finish' is not one of" in delivery.reason
    assert delivery.to == "the run's notify block"


def test_regression_fires_when_a_device_fails_that_passed_before(site: Site, mail_server: MailPeer) -> None:
    block = {"criteria": {"status": "finished", "type": "regression"}}
    failed = Device(name="r1", status="failed")
    for devices in (["r1"], [failed], [failed], ["r1"]):
        tell(site, block, devices=devices)
    assert [mail.message["Subject"] for mail in mail_server.mails] == ["[FAILED] audit #2: 1 of 1 device (1 new)"]


def test_skipped_result_in_between_neither_makes_nor_hides_a_regression(site: Site, mail_server: MailPeer) -> None:
    block = {"criteria": {"status": "finished", "type": "regression"}}
    for status in ("ok", "skipped", "failed"):
        tell(site, block, devices=[Device(name="r1", status=status)])
    assert len(mail_server.mails) == 1
    for status in ("skipped", "failed"):
        tell(site, block, devices=[Device(name="r1", status=status)])
    assert len(mail_server.mails) == 1


def test_canceled_run_in_between_is_not_compared_with(site: Site, mail_server: MailPeer) -> None:
    block = {"criteria": {"status": "finished", "type": "regression"}}
    tell(site, block, devices=["r1"])
    tell(site, block, devices=[Device(name="r1", status="failed")], status="canceled")
    tell(site, block, devices=[Device(name="r1", status="failed")])
    assert [mail.message["Subject"] for mail in mail_server.mails] == ["[FAILED] audit #3: 1 of 1 device (1 new)"]


def test_progression_fires_for_a_case_that_passes_again(site: Site, mail_server: MailPeer) -> None:
    block = {"criteria": {"status": "finished", "type": "progression"}}
    for result in ("pass", "fail", "pass"):
        tell(site, block, cases=[CaseReport(name="boot", result=result)])
    assert [mail.message["Subject"].split(":")[0] for mail in mail_server.mails] == ["[FIXED] audit #3"]


def test_first_run_is_said_and_no_regression(site: Site, mail_server: MailPeer) -> None:
    tell(site, FINISHED | {"compare": {"blacklist": []}}, devices=[Device(name="r1", status="failed")])
    text = str(mail_server.mails[0].message.get_body(("plain",)).get_content())  # type: ignore[union-attr]
    assert "first run" in text
    assert "no earlier complete run" in text


def test_failing_device_says_since_when(site: Site, mail_server: MailPeer) -> None:
    failed = Device(name="r1", status="failed")
    for devices in (["r1"], [failed], [failed]):
        tell(site, FINISHED, devices=devices)
    text = str(mail_server.mails[-1].message.get_body(("plain",)).get_content())  # type: ignore[union-attr]
    assert "failing since #2" in text


def test_dependency_query_tells_once_when_the_last_run_of_the_group_has_ended(site: Site, receiver: Receiver) -> None:
    block = {
        "criteria": {"status": "complete", "dependency_query": "label:group"},
        "callback": {"url": f"{receiver.url}/{{NUMBER}}"},
    }
    fields = {"labels": ["group"], "notify": block}
    first = record_run(site.app, fields=fields, status=None)
    second = record_run(site.app, fields=fields)
    site.work()
    assert receiver.taken == []
    assert site.deliveries(second) == []
    end_run(first)
    site.work()
    assert [taken.path for taken in receiver.taken] == ["/1"]


def test_two_runs_that_end_at_the_same_moment_tell_exactly_once(site: Site, receiver: Receiver) -> None:
    block = {
        "criteria": {"status": "complete", "dependency_query": "label:group"},
        "callback": {"url": f"{receiver.url}/{{NUMBER}}"},
    }
    for _ in range(2):
        record_run(site.app, fields={"labels": ["group"], "notify": block})
    site.work()
    assert len(receiver.taken) == 1


def test_token_is_looked_up_sent_raw_and_never_kept(site: Site, receiver: Receiver) -> None:
    with writing() as session:
        ada = accounts.find_user_by_name(session, "ada")
        assert ada is not None
        for user_id, description, text in ((ada.id, "ci", "ada's own"), (None, "ci", "the server's"), (None, "x", "X")):
            sealed = site.office.settings.seal(text)
            add_secret(session, user_id=user_id, description=description, sealed=sealed, now=NOW)
    urls = [{"url": f"{receiver.url}/{n}", "token": token} for n, token in enumerate(("ci", "x", "a literal"))]
    uid = tell(site, FINISHED | {"callbacks": [*urls, {"url": f"{receiver.url}/3", "token": "ci", "header": "X-T"}]})
    sent = {taken.path: taken.headers for taken in receiver.taken}
    assert [sent[f"/{n}"]["authorization"] for n in range(3)] == ["ada's own", "X", "a literal"]
    assert sent["/3"]["x-t"] == "ada's own"
    for delivery in site.deliveries(uid):
        with reading() as session:
            kept = f"{delivery.wants}{delivery.target}{find_payload(session, delivery.id)}"
        assert not any(secret in kept for secret in ("ada's own", "a literal", "the server's"))


def test_token_of_somebody_else_is_not_seen(site: Site) -> None:
    with writing() as session:
        bob = accounts.find_user_by_name(session, "bob")
        assert bob is not None
        add_secret(session, user_id=bob.id, description="ci", sealed=site.office.settings.seal("bob's"), now=NOW)
    uid = tell(site)
    with reading() as session:
        assert find_token(session, site.office, get_run(session, uid), "ci") == "ci"


def test_definition_goes_out_without_its_secrets(site: Site, receiver: Receiver) -> None:
    definition = "job_name: nightly\nsecrets:\n  API_KEY: abc123\ntoken: def456\nurl: https://u:pw@h/\n"
    callback = {"url": f"{receiver.url}/", "method": "POST", "token": "literal-token", "dataset": "all"}
    fields = {"definition": f"{definition}call: literal-token\n"}
    tell(site, FINISHED | {"callback": callback}, fields=fields, logs={"run": ["line 1"]})
    body = receiver.taken[0].body.decode()
    assert "nightly" in body
    assert not any(secret in body for secret in ("abc123", "def456", "pw%40", "literal-token"))
    assert "line+1" in body


def test_results_have_every_key_of_lavas_in_the_order_of_the_cases(site: Site, receiver: Receiver) -> None:
    callback = {"url": f"{receiver.url}/", "method": "POST", "dataset": "results", "content-type": "json"}
    cases = [
        CaseReport(name="job", suite="lava"),
        CaseReport(name="boot", suite="0_smoke"),
        CaseReport(name="bw", suite="0_smoke", result="fail", measurement=0.0, units="MB/s"),
    ]
    tell(site, FINISHED | {"callback": callback}, cases=cases)
    results = {suite: yaml.safe_load(text) for suite, text in json.loads(receiver.taken[0].body)["results"].items()}
    assert [(suite, [case["name"] for case in found]) for suite, found in sorted(results.items())] == [
        ("0_smoke", ["boot", "bw"]),
        ("lava", ["job"]),
    ]
    keys = "name job suite result measurement unit level url id logged log_start_line log_end_line metadata"
    boot, bw = results["0_smoke"]
    assert set(keys.split()) <= set(boot)
    assert (boot["result"], boot["measurement"], bw["measurement"], bw["unit"]) == (
        "pass",
        "None",
        "0.0000000000",
        "MB/s",
    )
    assert bw["metadata"] == {"definition": "0_smoke", "case": "bw", "result": "fail"}


def test_log_of_bytes_that_are_no_utf8_does_not_stop_a_delivery(site: Site, receiver: Receiver) -> None:
    callback = {"url": f"{receiver.url}/", "method": "POST", "dataset": "logs", "content-type": "json"}
    uid = tell(site, FINISHED | {"callback": callback}, status=None)
    append_bytes(b"a \xff\xfe b\n", uid=uid, stream="run", offset=None, caller=SERVER, now=NOW)
    end_run(uid)
    site.work()
    assert json.loads(receiver.taken[0].body)["log"] == "a \N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER} b\n"


def test_redirect_and_refusal_are_recorded_with_the_answer(site: Site, receiver: Receiver) -> None:
    receiver.replies["/moved"] = Reply(status=302, headers=(("Location", "http://elsewhere.example/"),))
    receiver.replies["/gone"] = Reply(status=410, body=b"no more")
    uid = tell(site, FINISHED | {"callbacks": [{"url": f"{receiver.url}/moved"}, {"url": f"{receiver.url}/gone"}]})
    moved, gone, warned = site.deliveries(uid)
    assert (warned.to, warned.state) == ("ada@example.org", DeliveryState.SENT)
    assert (moved.state, gone.state) == (DeliveryState.FAILED, DeliveryState.FAILED)
    assert "elsewhere.example" in moved.reason
    again = tell(site, FINISHED | {"callbacks": [{"url": f"{receiver.url}/gone"}]})
    assert [each.state for each in site.deliveries(again)] == [DeliveryState.SKIPPED]


def test_workflow_names_the_failing_devices_of_each_step(site: Site, mail_server: MailPeer) -> None:
    with writing() as session:
        put_service(session, "flow", ServiceFields(kind=ServiceKind.WORKFLOW), now=NOW)
    parent = record_run(site.app, service="flow", fields={"notify": MAIL_BOB}, status=None)
    failed = [Device(name="r9", status="failed", message="step failed")]
    record_run(site.app, service="audit", devices=failed, fields={"parent_run": parent, "parent_step": "check"})
    end_run(parent)
    site.work()
    text = str(mail_server.mails[0].message.get_body(("plain",)).get_content())  # type: ignore[union-attr]
    assert "r9" in text
    assert "check" in text


def end_run(uid: str) -> None:
    """End a run that goes on."""
    event = RunEnd(seq=1, ts=NOW + timedelta(minutes=1), status="complete")
    accept_messages([event], uid=uid, stream="end", caller=SERVER, now=NOW + timedelta(minutes=1))
