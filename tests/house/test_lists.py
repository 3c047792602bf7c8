"""Does every list cost the same number of queries with one row and with three?"""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.factories.people import make_caller, make_query
from tests.factories.runs import NOW, CaseReport, Device, record_run
from tests.queries import counted_queries
from webapp.domain.access import Role
from webapp.query.expressions import And
from webapp.store.db import db, writing
from webapp.store.repositories import RepositoryFields, add_repository, list_repositories
from webapp.store.runs import get_run, page_runs
from webapp.worker.comparisons import compare_wanted_runs

pytestmark = pytest.mark.integration

# endpoint -> (its address, a text that only the third row brings)
LISTS = {
    "api_attachments.index_attachments": ("/api/v1/runs/{uid}/attachments", ""),
    "api_causes.list_causes": ("/api/v1/runs/{uid}/causes", ""),
    "api_compare.compare_two_runs": ("/api/v1/compare?a={before}&b={uid}", "edge-3"),
    "api_compare.compare_two_runs_as_csv": ("/api/v1/compare.csv?a={before}&b={uid}", "edge-3"),
    "api_deliveries.list_deliveries": ("/api/v1/deliveries", ""),
    "api_destinations.index_destinations": ("/api/v1/destinations", ""),
    "api_devices.list_devices": ("/api/v1/devices", "edge-3"),
    "api_devices.list_device_versions": ("/api/v1/devices/edge-1/versions?service=audit", "{uid}"),
    "api_devices.show_device_history": ("/api/v1/devices/edge-1/history", "{uid}"),
    "api_logs.list_run_logs": ("/api/v1/runs/{uid}/logs", "edge-3"),
    "api_queries.list_saved_queries": ("/api/v1/queries", "service:audit-3"),
    "api_results.list_cases": ("/api/v1/runs/{uid}/cases", "case-3"),
    "api_results.list_results": ("/api/v1/runs/{uid}/results", "edge-3"),
    "api_runs.list_runs": ("/api/v1/runs", "{uid}"),
    "api_runs.show_run": ("/api/v1/runs/{uid}", ""),
    "api_services.list_services": ("/api/v1/services", "audit-3"),
    "api_trends.show_trends": ("/api/v1/services/audit/trends?by=cases", "edge-3"),
    "api_variants.list_variants": ("/api/v1/runs/{uid}/variants", "edge-3"),
    "api_subscriptions.index_secrets": ("/api/v1/secrets", ""),
    "api_subscriptions.index_subscriptions": ("/api/v1/subscriptions", ""),
    "compare.index": ("/compare?a={before}&b={uid}", "edge-3"),
    "deliveries.index": ("/admin/deliveries", ""),
    "destinations.index": ("/admin/destinations", ""),
    "devices.index": ("/devices", "edge-3"),
    "devices.show": ("/devices/edge-1", "{uid}"),
    "people.index": ("/admin/people", ""),
    "queries.index": ("/queries", "service:audit-3"),
    "repositories.index": ("/admin/git", "repository-3"),
    "run.show": ("/runs/{uid}", "edge-3"),
    "runs.index": ("/runs", "{uid}"),
    "services.index": ("/services", "audit-3"),
    "services.show": ("/services/audit", "{uid}"),
    "services.trends": ("/services/audit/trends", "edge-3"),
    "services.trends_case": ("/services/audit/trends/case?suite=suite&name=case-1&device=edge-1", "{uid}"),
}
# These show one thing, or a part of it, or send a file or a stream.
OTHERS = frozenset(
    {
        "account.first_password",
        "account.login",
        "account.notices",
        "account.profile",
        "api_attachments.show_attachment",
        "api_changes.show_changes_of_run",
        "api_compare_texts.compare_two_texts",
        "api_compare_texts.patch_two_texts",
        "api_deliveries.show_delivery",
        "api_devices.show_device",
        "api_logs.read_run_log",
        "api_notices.list_rules",
        "api_notices.show_job_data",
        "api_queries.show_query",
        "api_results.show_case_output",
        "api_results.show_device_outcome",
        "api_results.show_device_result",
        "api_results.show_results_document",
        "api_runs.stream_run",
        "api_services.show_service",
        "api_spec.index",
        "api_spec.openapi",
        "assets.show",
        "compare.line",
        "compare.patch",
        "compare.rows",
        "compare.state",
        "deliveries.events",
        "delivery.message",
        "delivery.show",
        "destinations.new",
        "destinations.preview",
        "destinations.show",
        "finding.show",
        "health.show",
        "logs.lines",
        "logs.meta",
        "logs.raw",
        "logs.search",
        "logs.show",
        "logs.step",
        "queries.new",
        "queries.show",
        "noise_rules.index",
        "noise_rules.new",
        "noise_rules.show",
        "reporters.show",
        "repositories.new",
        "repositories.show",
        "run.events",
        "runs.events",
        "runs.root",
        "sent.index",
        "sent.line",
        "sent.patch",
        "sent.rows",
        "sent.state",
        "service_git.show",
        "services.notices",
        "services.run",
        "settings.index",
        "settings.preview",
        "settings.show",
    }
)


def record(app: Flask, *, rows: int) -> str:
    """Record a run with so many devices, cases and logs, in the service of all and in one of its own; save a query."""
    names = [f"edge-{n}" for n in range(1, rows + 1)]
    for service in (f"audit-{rows}", "audit"):
        uid = record_run(
            app,
            service=service,
            devices=[Device(name=name, status="failed", message="no route", result={"n": rows}) for name in names],
            cases=[CaseReport(name=f"case-{n}", result="fail", device=name) for n, name in enumerate(names, 1)],
            logs={name: ["connecting", "ERROR no route"] for name in names},
            fields={"labels": [f"label-{rows}"]},
        )
    make_query(make_caller("admin", Role.ADMIN), uid, f"service:audit-{rows}", is_shared=True)
    compare_wanted_runs()
    add_repositories(rows)
    return uid


def add_repositories(rows: int) -> None:
    """See that there are so many repositories."""
    with writing() as session:
        for number in range(len(list_repositories(session)) + 1, rows + 1):
            name = f"repository-{number}"
            add_repository(session, RepositoryFields(name=name, url=f"https://git.example.org/{name}.git"), now=NOW)


def count(client: FlaskClient, address: str) -> tuple[int, str]:
    """Return how many queries an address costs when nothing is new to the process, and what it answers."""
    client.get(address, buffered=True)
    with counted_queries() as queries:
        answer = client.get(address, buffered=True)
    assert answer.status_code == 200, answer.text[:500]
    return queries.count, answer.text


@pytest.mark.parametrize("endpoint", LISTS)
def test_list_costs_the_same_for_more_rows(
    endpoint: str, app: Flask, admin: FlaskClient, make_account: Callable[[Role], object]
) -> None:
    address, third = LISTS[endpoint]
    runs = {"before": record(app, rows=1), "uid": record(app, rows=1)}
    one, before = count(admin, address.format(**runs))
    record(app, rows=2)
    runs = {"before": record(app, rows=3), "uid": record(app, rows=3)}
    make_account(Role.OPERATOR)
    make_account(Role.VIEWER)
    three, after = count(admin, address.format(**runs))
    text = third.format(**runs)
    assert text in after
    assert not text or text not in before
    assert three == one


def test_every_page_is_a_list_or_not(app: Flask) -> None:
    read = {rule.endpoint for rule in app.url_map.iter_rules() if "GET" in (rule.methods or set())}
    assert read - LISTS.keys() - OTHERS == set(), "add the endpoint to LISTS, or to OTHERS if it lists nothing"
    assert (LISTS.keys() | OTHERS) - read == set(), "these endpoints are gone"
    assert LISTS.keys() & OTHERS == set()


def test_query_for_each_row_is_noticed(app: Flask, admin: FlaskClient) -> None:
    def greedy() -> str:
        session = db.session()
        uids = [run.uid for run in page_runs(session, where=And(parts=())).items]
        return " ".join(get_run(session, uid).uid for uid in uids)

    app.add_url_rule("/greedy", "greedy", greedy)
    record(app, rows=1)
    one, _text = count(admin, "/greedy")
    record(app, rows=2)
    three, _text = count(admin, "/greedy")
    assert three > one
