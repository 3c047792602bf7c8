"""What did the server do: one log line a request, for people or for machines."""

import json
import logging
import secrets
import sys
import time
from datetime import UTC, datetime

from flask import Flask, Response, g, has_request_context, request
from flask_login import current_user

LOGGERS = ("webapp", "waitress", "huey", "celery", "kombu")

log = logging.getLogger("webapp.requests")


def configure_logging(style: str) -> None:
    """Send the server's own lines to standard error, in the style `human` or `json`."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if style == "json" else HumanFormatter())
    for name in LOGGERS:
        logger = logging.getLogger(name)
        logger.handlers = [handler]
        logger.setLevel(logging.INFO if name == "webapp" else logging.WARNING)
        logger.propagate = False


def install_journal(app: Flask) -> None:
    """Number every request and log one line for each answer."""
    app.before_request(_begin)
    app.after_request(_end)


def _begin() -> None:
    g.request_id = secrets.token_hex(6)
    g.began = time.perf_counter()


def _end(response: Response) -> Response:
    response.headers["X-Request-ID"] = g.request_id
    level = logging.DEBUG if request.blueprint == "assets" and response.status_code < 400 else logging.INFO
    if log.isEnabledFor(level):
        facts = {
            "method": request.method,
            "path": request.path,
            "status": response.status_code,
            "ms": round((time.perf_counter() - g.began) * 1000, 1),
            "by": _who(),
        }
        log.log(level, "%(method)s %(path)s %(status)d %(ms).1f ms %(by)s", facts, extra={"facts": facts})
    return response


def _who() -> str:
    """Return the name of whoever asked, without asking the database only for this line."""
    caller = g.get("caller")
    if caller is not None:
        return str(caller.name)
    known = g.get("_login_user")
    return str(current_user.name) if known is not None and known.is_authenticated else "-"


class JsonFormatter(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as JSON; a request's facts are members of their own."""
        entry: dict[str, object] = {
            "at": _moment(record).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
        }
        if has_request_context() and "request_id" in g:
            entry["request"] = g.request_id
        facts = getattr(record, "facts", None)
        entry |= facts if isinstance(facts, dict) else {"message": record.getMessage()}
        if record.exc_info:
            entry["trace"] = self.formatException(record.exc_info)
        return json.dumps(entry, ensure_ascii=True, default=str)


class HumanFormatter(logging.Formatter):
    """One line a record; what came from outside cannot start a new one."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as a line, with the trace of an exception below it."""
        text = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in record.getMessage())
        mark = f" [{g.request_id}]" if has_request_context() and "request_id" in g else ""
        line = f"{_moment(record):%Y-%m-%d %H:%M:%S} {record.levelname.lower()} {text}{mark}"
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


def _moment(record: logging.LogRecord) -> datetime:
    return datetime.fromtimestamp(record.created, tz=UTC)
