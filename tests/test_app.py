"""Is every answer hardened, explained and logged, and is the application set up as its instance says?"""

import json
import logging
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.conftest import TEST_CONFIG
from webapp.app import create_app
from webapp.errors import BusyError, NotFoundError, QueryError, SettingError
from webapp.store.address import database_address
from webapp.store.db import db
from webapp.web.guard import public
from webapp.web.journal import HumanFormatter, JsonFormatter, configure_logging

pytestmark = pytest.mark.integration


def _fail_with(app: Flask, error: Exception) -> FlaskClient:
    """Return a client of an application whose page /fail raises."""

    @public
    def fail() -> str:
        raise error

    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.add_url_rule("/fail", "fail", fail, methods=["GET"])
    app.add_url_rule("/api/fail", "api_fail", fail, methods=["GET"])
    return app.test_client()


def test_every_answer_is_hardened(client: FlaskClient) -> None:
    for path in ("/sign-in", "/nowhere", "/static/x/css/base.css", "/healthz"):
        headers = client.get(path).headers
        assert headers["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self'; style-src 'self'")
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
        assert len(headers["X-Request-ID"]) == 12


def test_static_files_never_change_under_their_address(app: Flask, client: FlaskClient) -> None:
    with app.test_request_context():
        address = app.jinja_env.globals["asset"]("css/base.css")  # type: ignore[operator]
        with pytest.raises(LookupError, match=r"css/none\.css"):
            app.jinja_env.globals["asset"]("css/none.css")  # type: ignore[operator]
    answer = client.get(address)
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.content_type == "text/css; charset=utf-8"
    other = client.get("/static/0123456789abcdef/css/base.css")
    assert (other.status_code, other.headers["Cache-Control"]) == (200, "no-cache")
    assert client.get("/static/x/../../pyproject.toml").status_code == 404
    assert client.get("/static/x/%2e%2e/%2e%2e/pyproject.toml").status_code == 404


def test_unknown_page_is_a_page_and_unknown_call_is_json(client: FlaskClient) -> None:
    assert "404" in client.get("/nowhere").get_data(as_text=True)
    answer = client.get("/api/v1/nowhere")
    assert (answer.status_code, list(answer.get_json())) == (404, ["errors"])


def test_form_beyond_the_limit_is_refused(client: FlaskClient) -> None:
    assert client.post("/sign-in", data={"name": "x" * 2_000_000}).status_code == 413


def test_fault_of_a_filter_is_shown_under_the_word(app: Flask) -> None:
    error = QueryError("<b>unknown</b> field", position=0, length=5, text="<foo>:x")
    answer = _fail_with(app, error).get("/fail")
    page = answer.get_data(as_text=True)
    assert answer.status_code == 400
    assert "&lt;foo&gt;:x\n^^^^^" in page
    assert "<b>unknown" not in page


def test_busy_server_says_when_to_ask_again(app: Flask) -> None:
    answer = _fail_with(app, BusyError("too many")).get("/fail")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")


def test_our_own_faults_have_their_status(app: Flask) -> None:
    answer = _fail_with(app, NotFoundError("there is no run x")).get("/fail")
    assert answer.status_code == 404
    assert "there is no run x" in answer.get_data(as_text=True)


def test_setting_that_cannot_be_used_is_logged(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    assert _fail_with(app, SettingError("MAIL_PORT is wrong")).get("/fail").status_code == 500
    assert "MAIL_PORT is wrong" in caplog.text


@pytest.mark.parametrize("path", ["/fail", "/api/fail"])
def test_crash_shows_a_number_and_never_a_stack(app: Flask, path: str) -> None:
    answer = _fail_with(app, ZeroDivisionError("the secret reason")).get(path)
    text = answer.get_data(as_text=True)
    assert answer.status_code == 500
    assert answer.headers["X-Request-ID"] in text
    assert "secret reason" not in text
    assert "Traceback" not in text
    assert answer.is_json == (path == "/api/fail")


def test_wrong_method_says_which_are_right(client: FlaskClient) -> None:
    answer = client.get("/sign-out")
    assert answer.status_code == 405
    assert set(answer.headers["Allow"].split(", ")) == {"POST", "OPTIONS"}


def test_partial_requests_are_not_sent_to_the_sign_in_page(client: FlaskClient) -> None:
    assert client.get("/profile", headers={"X-Partial": "1"}).status_code == 401
    assert client.get("/profile", headers={"Accept": "text/event-stream"}).status_code == 401


def test_health_says_what_is_missing(client: FlaskClient) -> None:
    answer = client.get("/healthz")
    assert answer.status_code == 503
    assert answer.get_json() == {"status": "failing", "database": "ok", "worker": "silent", "version": "0.1.0"}


def test_health_survives_a_database_without_tables(tmp_path: Path) -> None:
    app = create_app(tmp_path, config=TEST_CONFIG)
    answer = app.test_client().get("/healthz")
    assert (answer.status_code, answer.get_json()["database"]) == (503, "OperationalError")


def test_reporter_is_handed_out_to_anybody(client: FlaskClient) -> None:
    answer = client.get("/reporters/afterrun.py")
    assert answer.mimetype == "text/x-python"
    assert answer.data.startswith(b"#!")


def test_proxy_is_believed_only_when_it_is_named(app: Flask, tmp_path: Path) -> None:
    headers = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "runs.example", "X-Forwarded-For": "192.0.2.1"}
    seen = []
    for proxies in (0, 1):
        other = create_app(tmp_path / str(proxies), config={**TEST_CONFIG, "AFTERRUN_TRUSTED_PROXIES": proxies})
        answer = other.test_client().post("/theme", data={"theme": "dark"}, headers=headers)
        seen.append("Secure" in answer.headers["Set-Cookie"])
    assert seen == [False, True]


def test_config_file_gives_settings_and_flask_options(tmp_path: Path) -> None:
    (tmp_path / "config.py").write_text("MAIL_PORT = 26\nJSON_SORT_KEYS = False\n")
    app = create_app(tmp_path, config={"TESTING": True})
    assert app.config["JSON_SORT_KEYS"] is False
    assert app.extensions["afterrun.settings"].at_start("MAIL_PORT").value == 26


def test_broken_config_file_is_explained(tmp_path: Path) -> None:
    (tmp_path / "config.py").write_text("MAIL_PORT = \n")
    with pytest.raises(SettingError, match=r"config\.py cannot be read: SyntaxError"):
        create_app(tmp_path, config={"TESTING": True})


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ("", "sqlite:////data/afterrun.db"),
        ("sqlite:////x/y.db", "sqlite:////x/y.db"),
        ("postgres://u:p%40w@h/d", "postgresql+psycopg://u:p%40w@h/d"),
        ("postgresql://h/d?sslmode=require", "postgresql+psycopg://h/d?sslmode=require"),
    ],
)
def test_database_address_is_taken_as_others_write_it(given: str, address: str) -> None:
    assert database_address(given, Path("/data")) == address


def test_nonsense_is_no_database_address() -> None:
    with pytest.raises(SettingError, match="DATABASE_URL is not an address"):
        database_address("nonsense", Path("/data"))


def test_request_is_one_line_without_its_query(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="webapp.requests"):
        app.test_client().get("/sign-in?token=secret\n")
    assert "GET /sign-in 200" in caplog.text
    assert "secret" not in caplog.text


def test_log_lines_are_for_people_or_for_machines() -> None:
    record = logging.LogRecord("webapp.x", logging.INFO, "x.py", 1, "a\nb \x1b[31m %s", ("c",), None)
    assert HumanFormatter().format(record).endswith("info a\N{REPLACEMENT CHARACTER}b \N{REPLACEMENT CHARACTER}[31m c")
    entry = json.loads(JsonFormatter().format(record))
    assert (entry["level"], entry["logger"], entry["message"]) == ("info", "webapp.x", "a\nb \x1b[31m c")


def test_log_lines_carry_traces_and_facts(app: Flask) -> None:
    try:
        raise ZeroDivisionError("oh")
    except ZeroDivisionError as error:
        info = (type(error), error, error.__traceback__)
    record = logging.LogRecord("webapp.x", logging.ERROR, "x.py", 1, "failed", (), info)
    assert "ZeroDivisionError: oh" in HumanFormatter().format(record)
    record.facts = {"status": 200}
    entry = json.loads(JsonFormatter().format(record))
    assert entry["status"] == 200
    assert "ZeroDivisionError: oh" in entry["trace"]


@pytest.mark.parametrize("style", ["human", "json"])
def test_logging_goes_to_standard_error_once(style: str) -> None:
    logger = logging.getLogger("webapp")
    before = (logger.handlers, logger.level, logger.propagate)
    try:
        configure_logging(style)
        configure_logging(style)
        assert len(logger.handlers) == 1
        assert isinstance(logger.handlers[0].formatter, JsonFormatter if style == "json" else HumanFormatter)
    finally:
        logger.handlers, logger.level, logger.propagate = before
        for name in ("waitress", "huey"):
            logging.getLogger(name).handlers = []
            logging.getLogger(name).propagate = True


def test_database_connections_never_run_out(app: Flask) -> None:
    pool = db.engine.pool
    connections = [db.engine.connect() for _ in range(40)]
    for connection in connections:
        connection.close()
    assert "Connections in pool: 4" in pool.status()
