"""Does one of many processes get a job that is to be done once, and again in its turn?"""

import threading
from datetime import datetime, timedelta

import pytest
from flask import Flask

from tests.factories.runs import NOW
from webapp.store.db import reading, writing
from webapp.store.duties import CLOCKS_DIFFER, is_duty_due, take_duty

pytestmark = pytest.mark.integration

HOUR = timedelta(hours=1)


def take(at: datetime, *, kind: str = "retention") -> bool:
    with writing() as session:
        return take_duty(session, kind, every=HOUR, now=at)


def is_due(at: datetime) -> bool:
    with reading() as session:
        return is_duty_due(session, "retention", every=HOUR, now=at)


def test_duty_is_taken_once_a_period(app: Flask) -> None:
    assert is_due(NOW)
    assert [take(NOW), take(NOW), take(NOW + HOUR)] == [True, False, False]
    later = NOW + HOUR + timedelta(seconds=1)
    assert [is_due(NOW + HOUR), is_due(later), take(later), take(later)] == [False, True, True, False]


def test_duties_of_other_kinds_do_not_matter(app: Flask) -> None:
    assert take(NOW)
    assert take(NOW, kind="watchdog")


def test_beginning_noted_by_a_wrong_clock_is_no_beginning(app: Flask) -> None:
    assert take(NOW + CLOCKS_DIFFER)
    assert not take(NOW)
    assert take(NOW - timedelta(seconds=1))


def test_of_many_that_ask_at_once_one_gets_it(app: Flask) -> None:
    taken: list[bool] = []
    together = threading.Barrier(6)

    def ask() -> None:
        with app.app_context():
            together.wait()
            taken.append(take(NOW))

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(taken) == [False] * 5 + [True]
