"""Are new and gone kinds of messages told, whatever their times and numbers?"""

import pytest

from webapp.diff.sources import HeldLines
from webapp.diff.templates import Message, compare_messages

pytestmark = pytest.mark.unit


def test_new_and_gone_kinds_are_counted_with_their_first_lines() -> None:
    a = b"10:00:00 start 1\n10:00:01 retry 5 of 9\n10:00:02 end\nbye"
    b = b"11:00:00 start 2\n\n11:00:01 link eth0 down\r\n11:00:02 link eth1 down\n11:00:03 end\nbye\n"
    messages = compare_messages(HeldLines(a), HeldLines(b))
    assert messages.gone == [Message(line=2, count=1)]
    assert messages.new == [Message(line=3, count=2)]
    assert compare_messages(HeldLines(a), HeldLines(a)) == compare_messages(HeldLines(b""), HeldLines(b""))
