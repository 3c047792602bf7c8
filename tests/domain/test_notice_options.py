"""Are a service's notice options understood, eNMS's by their names, and is what can't be told told?"""

from typing import Any

import pytest

from webapp.domain.notice_options import AttachedLog, NoticeOptions, find_unreachable, mask_options, read_notice_options

pytestmark = pytest.mark.unit


def test_nothing_given_is_as_usual() -> None:
    options = read_notice_options({})
    assert options == NoticeOptions()
    assert (options.include_link, options.include_device_results, options.display_only_failed) == (True, False, True)


def test_our_names_are_understood() -> None:
    options = read_notice_options(
        {
            "send_notification": ["email", "ops-room"],
            "header": "Nightly",
            "include_link": False,
            "include_device_results": True,
            "display_only_failed": False,
            "mail_recipients": ["ada@example.org"],
            "attach_log": "whole",
            "push_to_git": "results",
            "notify": {"criteria": {"status": "all"}},
        }
    )
    assert options == NoticeOptions(
        notify={"criteria": {"status": "all"}},
        destinations=("email", "ops-room"),
        header="Nightly",
        include_link=False,
        include_device_results=True,
        display_only_failed=False,
        mail_recipients=("ada@example.org",),
        attach_log=AttachedLog.WHOLE,
        push_to_git=("results",),
    )


def test_names_of_enms_are_understood() -> None:
    options = read_notice_options(
        {
            "send_notification": True,
            "send_notification_method": "mail_feedback_notification",
            "notification_header": "Nightly",
            "include_link_in_summary": False,
            "display_only_failed_nodes": False,
            "mail_recipient": "a@example.org,b@example.org",
            "push_to_git": True,
        }
    )
    assert options.faults == ()
    assert (options.destinations, options.header, options.include_link) == (("email",), "Nightly", False)
    assert options.display_only_failed is False
    assert options.mail_recipients == ("a@example.org", "b@example.org")
    assert options.push_to_git == ("",)


@pytest.mark.parametrize(
    ("options", "path"),
    [
        ({"notify": 7}, "notify"),
        ({"send_notification": True}, "send_notification"),
        ({"send_notification": 7}, "send_notification"),
        ({"send_notification": [7]}, "send_notification[0]"),
        ({"header": 7}, "header"),
        ({"header": "x" * 5000}, "header"),
        ({"include_link": "yes"}, "include_link"),
        ({"mail_recipients": "nobody"}, "mail_recipients[0]"),
        ({"mail_recipients": ["a@b.c", 7]}, "mail_recipients[1]"),
        ({"attach_log": "some"}, "attach_log"),
        ({"push_to_git": 7}, "push_to_git"),
    ],
)
def test_fault_is_named_and_the_rest_is_as_usual(options: dict[str, Any], path: str) -> None:
    read = read_notice_options(options)
    assert [place for place, _ in read.faults] == [path]
    assert (read.include_link, read.attach_log) == (True, AttachedLog.NO)


def test_mail_without_any_recipient_is_refused() -> None:
    options = read_notice_options({"send_notification": ["email", "nowhere"]})
    faults = find_unreachable(options, methods=["email", "irc"], destinations=["ops"], has_mail=False)
    assert faults == [
        ("send_notification[1]", "'nowhere' is not one of email, irc, ops"),
        ("mail_recipients", "expected at least one recipient, because nobody else gets the mail"),
    ]
    assert find_unreachable(options, methods=["email"], destinations=["nowhere"], has_mail=True) == []


def test_shown_options_hide_tokens() -> None:
    callback = {"url": "http://a", "token": "hunter2"}
    for notify in ({"callback": callback}, {"callbacks": [callback]}, "callback:\n  token: hunter2\n"):
        assert "hunter2" not in str(mask_options({"notify": notify, "header": "x"}))
