"""Does the server work: an answer for load balancers and monitoring."""

from datetime import timedelta
from http import HTTPStatus

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from webapp import __version__, clock
from webapp.store.workers import ask_health
from webapp.web.guard import public

blueprint = Blueprint("health", __name__)

ALIVE_FOR = timedelta(seconds=90)


@blueprint.get("/healthz")
@public
def show() -> ResponseReturnValue:
    """Say whether the database answers and a worker is alive; 503 when one of them is not."""
    health = ask_health(since=clock.now() - ALIVE_FOR)
    is_well = not health.fault and bool(health.workers)
    answer = jsonify(
        status="ok" if is_well else "failing",
        database="ok" if not health.fault else health.fault,
        worker="alive" if health.workers else "silent",
        version=__version__,
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer, HTTPStatus.OK if is_well else HTTPStatus.SERVICE_UNAVAILABLE
