"""What tests of the API may ask for: clients of each scope, and a run of which somebody was to be told."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.conftest import MakeToken
from tests.factories.runs import record_run
from tests.factories.sites import Site
from webapp.domain.access import Role

Api = Callable[[str], FlaskClient]
FINISHED = {"criteria": {"status": "finished"}}


@pytest.fixture
def admin_api(api: Api, make_token: MakeToken) -> FlaskClient:
    return api(make_token(["admin"]))


@pytest.fixture
def viewer_api(api: Api, make_token: MakeToken) -> FlaskClient:
    return api(make_token(["read"], role=Role.VIEWER))


@pytest.fixture
def told(app: Flask, admin_api: FlaskClient) -> str:
    """Return a run whose callback could not be made, because its address is not public."""
    callback = {"url": "http://127.0.0.1:9/{NUMBER}?key=abc", "method": "POST", "dataset": "all"}
    fields = {"notify": FINISHED | {"callback": callback}, "definition": "token: abc"}
    uid = record_run(app, fields=fields, logs={"run": ["hello"]}, devices=["r1"])
    Site(app=app).work()
    return uid
