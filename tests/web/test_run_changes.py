"""Do the run's page and the lists say what changed, against which run and why, and is a run pinned from its page?"""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.factories.runs import CaseReport, Device, record_run
from webapp.domain.compare_options import read_compare_options
from webapp.store.db import reading, writing
from webapp.store.recording_services import get_options
from webapp.store.retention import remove_runs
from webapp.store.runs import get_run
from webapp.worker.comparisons import compare_wanted_runs

pytestmark = pytest.mark.integration

NASTY = "<script>alert(1)</script>"


@pytest.fixture
def pair(app: Flask) -> tuple[str, str]:
    """Record two runs, of which the second broke one device and one case and fixed another device."""
    first = record_run(
        app,
        devices=["breaks", Device(name="heals", status="lost"), Device(name="differs", result=1)],
        cases=[CaseReport(name="x")],
    )
    second = record_run(
        app,
        devices=[Device(name="breaks", status="failed", message=NASTY), "heals", Device(name="differs", result=2)],
        cases=[CaseReport(name="x", result="fail"), CaseReport(name="new")],
    )
    return first, second


def section(client: FlaskClient, uid: str) -> str:
    """Return the section "What changed" of a run's page."""
    text: str = client.get(f"/runs/{uid}").text
    assert NASTY not in text
    return text.split('id="run-changes"')[1].split('id="details"', maxsplit=1)[0]


def test_changes_are_told_with_the_baseline_and_why(viewer: FlaskClient, pair: tuple[str, str]) -> None:
    compare_wanted_runs()
    text = section(viewer, pair[1])
    assert "the run before #2 that ended and was not canceled" in text
    assert f'href="/runs/{pair[0]}"' in text
    for tab, kind in (("devices", "newly_failing"), ("devices", "fixed"), ("cases", "new_passing")):
        assert f'href="/compare?a={pair[0]}&amp;b={pair[1]}&amp;tab={tab}&amp;change={kind}"' in text
    listed = text.split("<tbody>")[1]
    assert [name for name in ("breaks", ">x<", "heals", "differs", "new<") if name in listed] == [
        *("breaks", ">x<", "heals", "differs")
    ]
    assert listed.index("breaks") < listed.index(">x<") < listed.index("heals") < listed.index("differs")
    assert "tab=result&amp;device=differs" in listed
    head = viewer.get(f"/runs/{pair[1]}").text.split('class="verdict"')[1].split("</p>")[0]
    assert "2 newly failing" in head
    assert "1 fixed" in head
    assert "since #1" in head


def test_run_that_was_not_compared_yet_says_so_and_listens(viewer: FlaskClient, pair: tuple[str, str]) -> None:
    text = viewer.get(f"/runs/{pair[1]}").text
    assert "The run is being compared" in text
    assert f'data-events="/runs/{pair[1]}/events"' in text
    compare_wanted_runs()
    assert "data-events" not in viewer.get(f"/runs/{pair[1]}").text


def test_run_without_a_baseline(app: Flask, viewer: FlaskClient, pair: tuple[str, str]) -> None:
    compare_wanted_runs()
    assert "This is the first run of audit that can be compared" in section(viewer, pair[0])
    assert 'href=""' not in section(viewer, pair[0])
    with reading() as session:
        first_id = get_run(session, pair[0]).id
    with writing() as session:
        remove_runs(session, [first_id])
    text = section(viewer, pair[1])
    assert "a run that was removed since then" in text
    assert 'href=""' not in text
    assert "since a run that was removed" in viewer.get(f"/runs/{pair[1]}").text
    empty = record_run(app, service="empty")
    compare_wanted_runs()
    assert "neither devices nor cases" in section(viewer, empty)


def test_running_and_canceled_runs_have_no_changes(app: Flask, viewer: FlaskClient) -> None:
    for status in (None, "canceled"):
        uid = record_run(app, devices=["a"], status=status)
        assert "What changed" not in viewer.get(f"/runs/{uid}").text


def test_lists_tell_changes_and_filter_by_them(viewer: FlaskClient, pair: tuple[str, str]) -> None:
    compare_wanted_runs()
    for address in ("/runs", "/services/audit"):
        text = viewer.get(address).text
        assert f'<a class="c-bad" href="/compare?a={pair[0]}&amp;b={pair[1]}&amp;tab=devices' in text
        assert "2 newly failing" in text
        assert "1 fixed" in text
    found = viewer.get("/runs?q=change:regression").text
    assert f'id="run-{pair[1]}"' in found
    assert f'id="run-{pair[0]}"' not in found


def test_many_changes_are_cut_and_counted(app: Flask, viewer: FlaskClient) -> None:
    names = [f"edge-{number:02}" for number in range(20)]
    record_run(app, devices=names)
    last = record_run(app, devices=[Device(name=name, status="failed") for name in names])
    compare_wanted_runs()
    text = section(viewer, last)
    assert text.count("Newly failing</td>") == 12
    assert "8 more" in text


def test_run_is_pinned_and_let_go(
    app: Flask, operator: FlaskClient, viewer: FlaskClient, pair: tuple[str, str]
) -> None:
    third = record_run(app, devices=["breaks"])
    assert "Pin as baseline" not in viewer.get(f"/runs/{pair[0]}").text
    assert viewer.post(f"/runs/{pair[0]}/pin").status_code == 403
    assert "Pin as baseline" in operator.get(f"/runs/{pair[0]}").text
    assert operator.post(f"/runs/{pair[0]}/pin").headers["Location"] == f"/runs/{pair[0]}"
    text = operator.get(f"/runs/{pair[0]}").text
    assert "Unpin" in text
    assert "Pinned. The newest runs" in text
    compare_wanted_runs()
    assert "the run pinned as the baseline of audit" in section(viewer, third)
    assert "The pinned run" in viewer.get(f"/compare?a=pinned&b={third}").text
    assert f"a={pair[0]}" in section(viewer, third)
    operator.post(f"/runs/{pair[0]}/unpin")
    with reading() as session:
        assert read_compare_options(get_options(session, get_run(session, third).service_id)).pinned is None
    assert "The run was not pinned" in operator.post(f"/runs/{pair[0]}/unpin", follow_redirects=True).text
    running = record_run(app, status=None)
    assert operator.post(f"/runs/{running}/pin").status_code == 409
