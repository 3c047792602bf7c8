"""Do the trends of a service show its figures, what fails most and where, and one case run by run?"""

import re
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.factories.runs import NOW, STEP, CaseReport, Device, record_run
from webapp.web.trend_figures import line_of

pytestmark = pytest.mark.integration

NASTY = "<b>a/b 100%?&#"


def record_flapping(app: Flask, runs: int = 6) -> list[str]:
    """Record runs in which `edge-1` fails every other time, a case with it, and `edge-2` is unreachable in the last."""
    uids = []
    for place in range(runs):
        is_bad, is_last = place % 2 == 1, place == runs - 1
        devices = [
            Device(name="edge-1", status="failed" if is_bad else "ok", duration_s=2.0),
            Device(name="edge-2", status="unreachable" if is_last else "ok"),
        ]
        case = CaseReport(
            name=NASTY, suite="net", device="edge-1", result="fail" if is_bad else "pass", duration_s=place
        )
        uids.append(record_run(app, devices=devices, cases=[case], now=NOW + STEP * 60 * place))
    return uids


def rows_of(text: str, card: str) -> list[str]:
    """Return the rows of a table of cells."""
    part = text.split(f'id="{card}"')[1].split("</section>", maxsplit=1)[0]
    return re.findall(r'<tr><th scope="row">.*?</tr>', part, re.DOTALL)


def titles_of(row: str) -> list[str]:
    return re.findall("<title>([^<]*)</title>", row)


def test_devices_are_shown_run_by_run_worst_first(app: Flask, viewer: FlaskClient) -> None:
    uids = record_flapping(app)
    text = viewer.get("/services/audit/trends").text
    first, second = rows_of(text, "worst")
    assert 'href="/devices/edge-1?service=audit"' in first
    assert titles_of(first) == ["#1: OK", "#2: Failed", "#3: OK", "#4: Failed", "#5: OK", "#6: Failed"]
    assert [f'href="/runs/{uid}?device=edge-1"' in first for uid in uids] == [True] * 6
    assert titles_of(second)[-1] == "#6: Unreachable"
    assert "1 to 2 of 2 devices that failed" in text


def test_an_administrator_is_told_the_same_count(app: Flask, admin: FlaskClient) -> None:
    record_flapping(app)
    assert "1 to 2 of 2 devices that failed" in admin.get("/services/audit/trends").text


def test_each_kind_of_cell_has_its_own_shape(app: Flask, viewer: FlaskClient) -> None:
    record_flapping(app)
    record_run(app, devices=[Device(name="edge-1", status="skipped")])
    first, second = rows_of(viewer.get("/services/audit/trends").text, "worst")
    assert re.findall("#cell-([a-z]+)", first) == ["ok", "bad", "ok", "bad", "ok", "bad", "mute"]
    assert re.findall("#cell-([a-z]+)", second)[-2:] == ["warn", "none"]


def test_flaky_devices_are_those_that_come_back(app: Flask, viewer: FlaskClient) -> None:
    record_flapping(app)
    text = viewer.get("/services/audit/trends").text
    (row,) = rows_of(text, "flaky")
    assert "edge-1" in row
    assert '<td class="r">5</td>' in row


def test_figures_say_how_the_newer_half_differs(app: Flask, viewer: FlaskClient) -> None:
    for place in range(4):
        statuses = {"a": "ok", "b": "unreachable" if place > 1 else "ok"}
        record_run(app, attempts=[statuses, {"b": statuses["b"]}] if place > 1 else [statuses])
    text = viewer.get("/services/audit/trends").text
    figures = dict(
        re.findall(r'<h2>([^<]*)</h2>\s*<p class="figure-value"><b>[^<]*</b> <span class="c-[a-z]+">([^<]*)<', text)
    )
    assert figures["Pass rate"] == "\u221250.0 pt"
    assert figures["Unreachable per run"] == "+1"
    assert figures["Retries per run"] == "+1"
    assert '<b>75.0 %</b> <span class="c-bad">' in text
    assert "from #3, less the older half" in text


def test_cases_have_their_own_rows_and_pages(app: Flask, viewer: FlaskClient) -> None:
    uids = record_flapping(app)
    (row, *_) = rows_of(viewer.get("/services/audit/trends?by=cases").text, "worst")
    assert titles_of(row)[:2] == ["#1: Pass", "#2: Fail"]
    link = unescape(row.split('<a class="name" href="')[1].split('"')[0])
    text = viewer.get(link).text
    assert '<h2><span class="dim">net</span> &lt;b&gt;a/b 100%?&amp;#</h2>' in text
    assert text.count("<tr data-row>") == 6
    cell = unescape(text.split('data-open href="')[1].split('"')[0])
    assert cell.startswith(f"/runs/{uids[-1]}?cases=")
    assert viewer.get(cell).text.split('id="run-cases"')[1].count("<tr>") == 2  # the head, and this case


def test_services_of_cases_alone_show_cases(app: Flask, viewer: FlaskClient) -> None:
    record_run(app, cases=[CaseReport(name="boot", result="fail")])
    text = viewer.get("/services/audit/trends").text
    assert "Cases by run" in text
    assert "What to look at" not in text


def test_run_leads_to_the_page_of_a_case(app: Flask, viewer: FlaskClient) -> None:
    uid = record_run(app, cases=[CaseReport(name=NASTY, suite="", device="edge-1")])
    part = viewer.get(f"/runs/{uid}").text.split('id="run-cases"')[1]
    link = unescape(part.split('<a class="name mono long" href="')[1].split('"')[0])
    assert viewer.get(link).status_code == 200
    assert "Not reported in these runs" in viewer.get(f"{link}&q=level:failed").text


def test_filter_and_number_of_runs_are_in_the_address(app: Flask, viewer: FlaskClient) -> None:
    record_flapping(app, runs=32)
    text = viewer.get("/services/audit/trends?runs=30&q=-number:32").text
    assert titles_of(rows_of(text, "worst")[0])[0] == "#2: Failed"
    assert "/services/audit/trends?runs=120&amp;q=-number:32" in text
    assert '<input type="hidden" name="runs" value="30">' in text
    assert "No run matches" in viewer.get("/services/audit/trends?q=level:failed").text


def test_worst_are_paged(app: Flask, viewer: FlaskClient) -> None:
    record_run(app, devices=[Device(name=f"edge-{n:02}", status="failed") for n in range(35)])
    first = viewer.get("/services/audit/trends").text
    assert len(rows_of(first, "worst")) == 30
    link = unescape(first.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0])
    second = viewer.get(link).text
    assert len(rows_of(second, "worst")) == 5
    assert "31 to 35 of 35 devices that failed" in second
    assert 'rel="prev"' in second
    assert "There are no more of them" in viewer.get("/services/audit/trends?skip=90").text


@pytest.mark.parametrize("query", ["runs=7", "runs=x", "runs=-60", "runs=%C2%B2", "skip=1e9", "by=x"])
def test_wrong_addresses_are_refused(app: Flask, viewer: FlaskClient, query: str) -> None:
    record_flapping(app)
    assert viewer.get(f"/services/audit/trends?{query}").status_code == 422


@pytest.mark.parametrize("page", ["trends?", "trends/case?suite=suite&name=boot&"])
def test_faulty_filter_is_shown_with_a_caret(app: Flask, viewer: FlaskClient, page: str) -> None:
    record_run(app, cases=[CaseReport(name="boot")])
    answer = viewer.get(f"/services/audit/{page}q=statis:x")
    assert answer.status_code == 400
    assert "^" in answer.text


def test_services_without_runs_say_so(app: Flask, viewer: FlaskClient) -> None:
    record_run(app, service="other")
    assert viewer.get("/services/none/trends").status_code == 404
    assert viewer.get("/services/none/trends/case?suite=a&name=b").status_code == 404
    assert viewer.get("/services/other/trends/case?suite=a&name=b").status_code == 404
    assert "No device failed" in viewer.get("/services/other/trends").text


def test_too_many_failures_shorten_the_table(app: Flask, viewer: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    record_flapping(app)
    monkeypatch.setattr("webapp.store.trends.MAX_FAILURES", 2)
    text = viewer.get("/services/audit/trends").text
    assert "too many failures to look at 6 runs at once: what follows is of the newest 2" in text
    assert titles_of(rows_of(text, "worst")[0]) == ["#5: OK", "#6: Failed"]


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ([], ""),
        ([1.0], ""),
        ([1.0, None], ""),
        ([0.0, None, 2.0], "0.00,41.0 100.00,3.0"),
        ([5.0, 5.0], "0.00,22.0 100.00,22.0"),
    ],
)
def test_line_goes_through_the_values(values: list[float | None], line: str) -> None:
    assert line_of(values) == line
