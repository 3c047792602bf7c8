"""What callbacks say: every placeholder, LAVA's numbers for every status, and data that is always whole."""

import json
from dataclasses import replace
from urllib.parse import unquote, urlsplit

import pytest

from tests.factories.reports import HOSTILE, REPORTS, UID, canceled, facts, green, incomplete, red, running, with_data
from webapp.domain import placeholders
from webapp.domain.notices import CallbackFormat, ContentType, Dataset
from webapp.domain.outcome import RunStatus
from webapp.notify.callbacks import PLACEHOLDERS, body_of, data_of, data_of_form, fill_address
from webapp.notify.contract import Callback

pytestmark = pytest.mark.unit

KEYS = [
    "id", "status", "status_string", "state", "state_string", "health", "health_string", "submit_time", "start_time",
    "end_time", "submitter_username", "submitter_email", "failure_comment", "priority", "description",
    "actual_device_id", "definition", "metadata", "health_check",
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ID", UID),
        ("STATUS", "2"),
        ("STATUS_STRING", "complete"),
        ("STATE", "5"),
        ("STATE_STRING", "Finished"),
        ("HEALTH", "1"),
        ("HEALTH_STRING", "Complete"),
        ("SUBMITTER", "ada"),
        ("DESCRIPTION", "Nightly%20backup%20of%20the%20core%20routers"),
        ("PRIORITY", "50"),
        ("ACTUAL_DEVICE_ID", "edge-07"),
        ("REQUESTED_DEVICE_TYPE", "edge"),
        ("HEALTH_CHECK", "False"),
        ("SUBMIT_TIME", "2026-11-22T12%3A00%3A00%2B00%3A00"),
        ("START_TIME", "2026-11-22T12%3A00%3A00%2B00%3A00"),
        ("END_TIME", "2026-11-22T12%3A04%3A12%2B00%3A00"),
        ("DURATION", "252.0"),
        ("FAILURE_COMMENT", ""),
        ("RESULTS_LINK", "https%3A%2F%2Fruns.example.org%2Fservices%2Fbackup-core%2Fruns%2F118"),
        ("SERVICE", "backup-core"),
        ("NUMBER", "118"),
        ("LEVEL", "errors"),
    ],
)
def test_placeholder_is_filled_and_encoded(name: str, value: str) -> None:
    assert (
        fill_address(f"https://ci.example/{{{name}}}?x={{ {name}\t}}", with_data())
        == f"https://ci.example/{value}?x={value}"
    )


def test_every_placeholder_is_tested_and_none_fails_on_any_run() -> None:
    assert tuple(PLACEHOLDERS) == placeholders.PLACEHOLDERS
    for report in REPORTS.values():
        for name in PLACEHOLDERS:
            assert fill_address(f"{{{name}}}", report()).isascii()


def test_value_cannot_leave_its_place_in_the_address() -> None:
    report = replace(red(), run=facts(description=f"&admin=1#x/../{HOSTILE}"))
    parts = urlsplit(fill_address("https://ci.example/a?said={DESCRIPTION}&b=1", report))
    assert (parts.path, parts.fragment) == ("/a", "")
    assert unquote(parts.query).endswith("&b=1")
    assert parts.query.count("&") == 1


@pytest.mark.parametrize(
    ("status", "numbers"),
    [
        (RunStatus.QUEUED, (0, "submitted", 0, "Submitted", 0, "Unknown")),
        (RunStatus.RUNNING, (1, "running", 3, "Running", 0, "Unknown")),
        (RunStatus.COMPLETE, (2, "complete", 5, "Finished", 1, "Complete")),
        (RunStatus.INCOMPLETE, (3, "incomplete", 5, "Finished", 2, "Incomplete")),
        (RunStatus.CANCELED, (4, "canceled", 5, "Finished", 3, "Canceled")),
    ],
)
def test_numbers_are_lavas(status: RunStatus, numbers: tuple[object, ...]) -> None:
    said = data_of(replace(green(), run=facts(status=status)), Callback())
    assert tuple(said[name] for name in KEYS[1:7]) == numbers


@pytest.mark.parametrize("report", [green(), running(), canceled(), REPORTS["empty"]()])
def test_every_key_is_there_and_null_when_unset(report: object) -> None:
    said = data_of(report, Callback())  # type: ignore[arg-type]  # one of the reports
    assert list(said) == KEYS
    assert json.loads(body_of(said, ContentType.JSON)[0])["failure_comment"] is None
    assert said["end_time"] is None or said["end_time"].endswith("+00:00")


def test_failure_comment_is_that_of_an_incomplete_run() -> None:
    assert data_of(incomplete(), Callback())["failure_comment"].endswith("ValueError: no inventory")
    assert data_of(canceled(), Callback())["failure_comment"] is None


@pytest.mark.parametrize(
    ("dataset", "more"),
    [
        (Dataset.MINIMAL, set()),
        (Dataset.LOGS, {"log"}),
        (Dataset.RESULTS, {"results"}),
        (Dataset.ALL, {"log", "results"}),
    ],
)
@pytest.mark.parametrize("words", [*CallbackFormat])
def test_dataset_adds_log_and_results(dataset: Dataset, more: set[str], words: CallbackFormat) -> None:
    least = data_of(with_data(), Callback(format=words))
    assert set(data_of(with_data(), Callback(format=words, dataset=dataset))) - set(least) == more


def test_metadata_are_texts_as_lava_has_them() -> None:
    report = replace(red(), run=facts(metadata={"build": 12, "tags": ["a"], "branch": "main"}))
    assert data_of(report, Callback())["metadata"] == [{"build": "12"}, {"tags": '["a"]'}, {"branch": "main"}]


@pytest.mark.parametrize("content_type", [*ContentType])
@pytest.mark.parametrize("words", [*CallbackFormat])
def test_hostile_texts_can_always_be_sent(content_type: ContentType, words: CallbackFormat) -> None:
    body, media_type = body_of(data_of(REPORTS["hostile"](), Callback(format=words)), content_type)
    assert body.encode()
    assert media_type in ("application/json", "application/x-www-form-urlencoded")


@pytest.mark.parametrize("words", list(CallbackFormat))
@pytest.mark.parametrize("name", list(REPORTS))
def test_form_can_be_read_back(name: str, words: CallbackFormat) -> None:
    data = data_of(replace(REPORTS[name](), data=with_data().data), Callback(dataset=Dataset.ALL, format=words))
    form, _ = body_of(data, ContentType.URLENCODED)
    whole, _ = body_of(data, ContentType.JSON)
    assert data_of_form(form) == json.loads(whole)
