"""Do the queries of a notify block select the same runs in each of their forms, and only for who may see them?"""

from datetime import timedelta
from typing import Any

import pytest

from tests.factories.runs import NOW, SERVER, record_run
from tests.factories.sites import Site
from tests.servers.mail import MailPeer
from tests.servers.receiver import Receiver
from webapp.accounts.queries import QueryFields, put_query
from webapp.domain.access import Role
from webapp.domain.messages import RunEnd
from webapp.ingest.stream import accept_messages
from webapp.store.db import writing

pytestmark = pytest.mark.integration


@pytest.fixture(autouse=True)
def _root(site: Site) -> None:
    site.add_user("root", role=Role.ADMIN)


def end_run(uid: str) -> None:
    """End a run that goes on."""
    event = RunEnd(seq=1, ts=NOW + timedelta(minutes=1), status="complete")
    accept_messages([event], uid=uid, stream="end", caller=SERVER, now=NOW + timedelta(minutes=1))


def save_query(site: Site, owner: str, text: str, *, is_shared: bool = False) -> dict[str, str]:
    with writing() as session:
        fields = QueryFields(text=text, is_shared=is_shared)
        put_query(session, owner, "mine", fields, caller=site.caller(owner), now=NOW)
    return {"username": owner, "name": "mine"}


@pytest.mark.parametrize("form", ["saved", "mapping", "list", "text"])
def test_dependency_query_of_each_form_waits_for_the_others(site: Site, receiver: Receiver, form: str) -> None:
    forms: dict[str, Any] = {
        "saved": save_query(site, "ada", "trigger:nightly"),
        "mapping": {"entity": "testjob", "conditions": {"description": "audit", "submitter": "ada"}},
        "list": ["testjob__description__exact__audit", "submitter__ada"],
        "text": "testjob__description__exact__audit,submitter__ada",
    }
    block = {
        "criteria": {"status": "complete", "dependency_query": forms[form]},
        "callback": {"url": f"{receiver.url}/{{NUMBER}}"},
    }
    fields = {"trigger": "nightly", "submitter": "ada", "notify": block}
    caller = site.caller("root")
    first = record_run(site.app, fields=fields, status=None, caller=caller)
    record_run(site.app, fields=fields, caller=caller)
    record_run(site.app, service="other", fields={"submitter": "bob"}, status=None, caller=caller)
    site.work()
    assert receiver.taken == []
    end_run(first)
    site.work()
    assert [taken.path for taken in receiver.taken] == ["/1"]


def test_dependency_query_that_the_submitter_may_not_see_is_told_as_missing(site: Site, receiver: Receiver) -> None:
    query = save_query(site, "bob", "label:group")
    block = {
        "criteria": {"status": "complete", "dependency_query": query},
        "callback": {"url": f"{receiver.url}/{{NUMBER}}"},
    }
    fields = {"submitter": "ada", "notify": block}
    uid = record_run(site.app, fields=fields, caller=site.caller("root"))
    site.work()
    (delivery,) = site.deliveries(uid)
    assert delivery.reason == "nobody is told, because it is faulty: notify: there is no saved query bob/mine"
    assert receiver.taken == []


@pytest.mark.parametrize(("owner", "is_shared"), [("ada", False), ("bob", True), ("bob", False)])
def test_saved_query_chooses_what_is_compared_with_when_the_submitter_may_see_it(
    site: Site, mail_server: MailPeer, owner: str, is_shared: bool
) -> None:
    query = save_query(site, owner, "label:base", is_shared=is_shared)
    for labels, device in (["base"], "r1"), ([], "r2"):
        record_run(site.app, fields={"labels": labels}, devices=[device])
    block = {"criteria": {"status": "finished"}, "verbosity": "verbose", "compare": {"query": query}}
    fields = {"submitter": "ada", "notify": block}
    record_run(site.app, fields=fields, devices=["r1"], caller=site.caller("root"))
    site.work()
    text = str(mail_server.mails[-1].message.get_body(("plain",)).get_content())  # type: ignore[union-attr]
    if owner == "ada" or is_shared:
        assert "the newest complete run before #3: audit #1" in text
    else:
        assert f"there is no saved query {owner}/mine" in text
