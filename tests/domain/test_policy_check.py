"""Is a right notify block understood, LAVA's as it stands, and is everything wrong named at once with its path?"""

from typing import Any

import pytest

from tests.domain.known import CHANGES, FINISHED, KEYS, STATUSES, faults_of, policy_of
from webapp.domain.notice_block import read_notify
from webapp.domain.notices import CallbackFormat, ContentType, Dataset, Verbosity
from webapp.domain.outcome import Level
from webapp.domain.policy import (
    MASK,
    CallbackWish,
    ChangeWord,
    CompareWish,
    Criteria,
    Policy,
    Recipient,
    SavedQuery,
    StatusWord,
    dump_policy,
)
from webapp.domain.policy_check import EVERY_RUN

pytestmark = pytest.mark.unit

DOCUMENTED = """
criteria:
  status: complete
  type: progression
verbosity: verbose
recipients:
- to:
    method: irc
    user: alice
- to:
    method: irc
    handle: "#lab"
    server: irc.example.org
- to:
    method: email
    user: "{LAVA_DEVICE_OWNER}"
- to:
    method: email
    email: carol@example.org
callbacks:
- url: http://ci.example.org/{ID}/{STATUS}
  method: POST
  token: my token
  dataset: all
  content-type: json
- url: http://ci.example.org/{ STATUS_STRING }
compare:
  query:
    username: alice
    name: nightly
  blacklist:
  - 1_smoke
  - flaky-*
"""


def test_documented_block_is_understood_as_it_stands() -> None:
    assert policy_of(read_notify(DOCUMENTED)) == Policy(
        criteria=Criteria(status=(StatusWord.COMPLETE,), types=(ChangeWord.PROGRESSION,)),
        verbosity=Verbosity.VERBOSE,
        recipients=(
            Recipient(method="irc", user="alice"),
            Recipient(method="irc", handle="#lab", server="irc.example.org"),
            Recipient(method="email", user="{LAVA_DEVICE_OWNER}"),
            Recipient(method="email", email="carol@example.org"),
        ),
        callbacks=(
            CallbackWish(
                url="http://ci.example.org/{ID}/{STATUS}",
                method="POST",
                token="my token",
                dataset=Dataset.ALL,
                content_type=ContentType.JSON,
            ),
            CallbackWish(url="http://ci.example.org/{ STATUS_STRING }"),
        ),
        compare=CompareWish(saved=SavedQuery(username="alice", name="nightly"), ignore=("1_smoke", "flaky-*")),
    )


def test_smallest_block_has_the_defaults() -> None:
    policy = policy_of(FINISHED)
    assert policy == Policy(criteria=Criteria(status=(StatusWord.FINISHED,)), verbosity=Verbosity.QUIET)
    assert policy.is_for_submitter


@pytest.mark.parametrize("extra", [{"callbacks": []}, {"recipients": []}, {"callback": {"url": "http://ci.example"}}])
def test_block_that_names_somebody_or_nobody_is_not_for_the_submitter(extra: dict[str, Any]) -> None:
    assert not policy_of(FINISHED | extra).is_for_submitter


def test_single_callback_is_a_list_of_one() -> None:
    policy = policy_of(FINISHED | {"callback": {"url": "http://ci.example/"}})
    assert policy.callbacks == (CallbackWish(url="http://ci.example/"),)
    assert policy.callbacks[0].header == "Authorization"
    assert policy.callbacks[0].method == "GET"


def test_our_own_words_are_understood() -> None:
    block = {
        "criteria": {
            "status": ["running", "incomplete"],
            "type": ["change", "new-failure", "fixed", "still-failing"],
            "level": "warnings",
            "dependency_query": "label:nightly",
        },
        "recipients": [{"to": {"destination": "ops"}}, {"to": {"method": "slack", "channel": "#ops"}}],
        "callbacks": [{"url": "https://ci.example/", "secret": ["new", "old"], "format": "afterrun"}],
        "compare": {"query": "service:backup", "ignore": ["x"], "tolerance": 0.1},
    }
    policy = policy_of(block)
    assert policy.criteria.level is Level.WARNINGS
    assert policy.criteria.dependency_query == "label:nightly"
    assert policy.recipients is not None
    assert policy.recipients[0].destination == "ops"
    assert policy.callbacks is not None
    assert (policy.callbacks[0].secrets, policy.callbacks[0].format) == (("new", "old"), CallbackFormat.AFTERRUN)
    assert policy.compare == CompareWish(query="service:backup", ignore=("x",), tolerance=0.1)


SAVED = SavedQuery(username="alice", name="nightly")


@pytest.mark.parametrize(
    ("query", "saved", "text"),
    [
        ("label:nightly", None, "label:nightly"),
        ({"username": "alice", "name": "nightly"}, SAVED, ""),
        (
            {"entity": "testjob", "conditions": {"testjob__health": "Complete", "submitter": "alice"}},
            None,
            "testjob__health__Complete,submitter__alice",
        ),
        (
            ["testjob__health__exact__Complete", "submitter__alice"],
            None,
            "testjob__health__exact__Complete,submitter__alice",
        ),
        ({"entity": "testjob", "conditions": {}}, None, EVERY_RUN),
        ([], None, EVERY_RUN),
    ],
)
def test_query_of_each_form_is_understood_in_both_places(query: Any, saved: SavedQuery | None, text: str) -> None:
    policy = policy_of({"criteria": {"status": "all", "dependency_query": query}, "compare": {"query": query}})
    assert (policy.criteria.dependency_saved, policy.criteria.dependency_query) == (saved, text)
    assert policy.compare == CompareWish(saved=saved, query=text)
    assert policy_of(dump_policy(policy)) == policy


@pytest.mark.parametrize(
    ("block", "path", "message"),
    [
        (None, "notify", f"expected a mapping with {KEYS}, got nothing"),
        ([], "notify", f"expected a mapping with {KEYS}, got a list"),
        ({}, "notify.criteria", "expected a mapping with status, because it is required"),
        ({"criteria": {}}, "notify.criteria.status", f"expected one of {STATUSES}, because it is required"),
        (
            {"criteria": {"status": "finish"}},
            "notify.criteria.status",
            f"'finish' is not one of {STATUSES}; did you mean 'finished'?",
        ),
        (
            {"criteria": {"status": "Complete"}},
            "notify.criteria.status",
            f"'Complete' is not one of {STATUSES}; did you mean 'complete'?",
        ),
        ({"criteria": {"status": []}}, "notify.criteria.status", f"expected at least one of {STATUSES}"),
        ({"criteria": {"status": ["complete", 7]}}, "notify.criteria.status[1]", f"7 is not one of {STATUSES}"),
        (
            {"criteria": {"status": "all", "type": "regresion"}},
            "notify.criteria.type",
            f"'regresion' is not one of {CHANGES}; did you mean 'regression'?",
        ),
        (
            {"criteria": {"status": "all", "level": "bad"}},
            "notify.criteria.level",
            "'bad' is not one of ok, warnings, errors, failed",
        ),
        (
            {"criteria": {"status": "all", "dependency_query": "("}},
            "notify.criteria.dependency_query",
            "cannot be read",
        ),
        (
            {"criteria": {"status": "all", "dependency_query": {"username": "alice", "name": "gone"}}},
            "notify.criteria.dependency_query",
            "there is no such saved query",
        ),
        (
            {"criteria": {"status": "all", "dependency_query": ["health__Complete", 7]}},
            "notify.criteria.dependency_query[1]",
            "expected a text, got a number: put it in quotes",
        ),
        (
            {"criteria": {"status": "all", "stat": 1}},
            "notify.criteria.stat",
            "expected one of status, type, level, dependency_query; did you mean 'status'?",
        ),
        (FINISHED | {"verbosity": "loud"}, "notify.verbosity", "'loud' is not one of verbose, quiet, status-only"),
        (FINISHED | {"recipent": []}, "notify.recipent", f"expected one of {KEYS}; did you mean 'recipients'?"),
        (FINISHED | {"template": "x"}, "notify.template", f"expected one of {KEYS}"),
        (
            FINISHED | {"compare": {"blacklist": "x"}},
            "notify.compare.blacklist",
            "expected a list of names of suites and cases, got 'x'",
        ),
        (
            FINISHED | {"compare": {"blacklist": [], "ignore": []}},
            "notify.compare.ignore",
            "expected either blacklist or ignore, got both: they mean the same",
        ),
        (
            FINISHED | {"compare": {"tolerance": -1}},
            "notify.compare.tolerance",
            "expected a share such as 0.1 (10 %), got -1",
        ),
        (
            FINISHED | {"compare": {"query": {"username": "alice", "name": "gone"}}},
            "notify.compare.query",
            "there is no such saved query",
        ),
        (
            FINISHED | {"compare": {"query": {"username": "alice"}}},
            "notify.compare.query.name",
            "expected a text, because it is required",
        ),
        (
            FINISHED | {"compare": {"query": {"entity": "testcase", "conditions": {}}}},
            "notify.compare.query.entity",
            "expected testjob, because only runs can be compared, got 'testcase'",
        ),
        (
            FINISHED | {"compare": {"query": {"entity": "testjob", "conditions": []}}},
            "notify.compare.query.conditions",
            "expected a mapping such as {health: Complete}, got a list",
        ),
        (FINISHED | {"compare": {"query": "("}}, "notify.compare.query", "cannot be read"),
    ],
)
def test_fault_is_named_with_its_path(block: object, path: str, message: str) -> None:
    assert faults_of(block) == {path: message}


def test_every_fault_is_reported_at_once() -> None:
    block = {
        "criteria": {"status": "finish", "level": "bad"},
        "verbosity": "loud",
        "recipients": [{"to": {"method": "email"}}, {"to": {"method": "fax", "user": "nosuch"}}],
        "callbacks": [{"url": "http://a/{X}", "method": "PUT"}],
        "compare": {"blacklist": [1]},
        "more": 1,
    }
    assert list(faults_of(block)) == [
        "notify.more",
        "notify.verbosity",
        "notify.criteria.status",
        "notify.criteria.level",
        "notify.recipients[0].to",
        "notify.recipients[1].to.method",
        "notify.recipients[1].to.user",
        "notify.callbacks[0].url",
        "notify.callbacks[0].method",
        "notify.compare.blacklist[0]",
    ]


def test_normalised_block_means_the_same_and_hides_secrets() -> None:
    policy = policy_of(read_notify(DOCUMENTED))
    dumped = dump_policy(policy)
    again = policy_of({**dumped, "callbacks": []})
    assert again.criteria == policy.criteria
    assert again.recipients == policy.recipients
    assert again.compare == policy.compare
    assert dumped["callbacks"][0]["token"] == MASK
    assert "my token" not in str(dumped)


def test_key_that_cannot_be_printed_is_named_all_the_same() -> None:
    assert list(faults_of(FINISHED | {"\x97\ud800": 1})) == [r"notify.\x97\ud800"]
