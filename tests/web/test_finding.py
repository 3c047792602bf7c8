"""Does the box at the top lead to what is typed into it?"""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.factories.runs import record_run

pytestmark = pytest.mark.integration


@pytest.fixture
def uid(app: Flask) -> str:
    """Record a run of `config backup` on two devices and return its uid."""
    return record_run(app, service="config backup", devices=["edge-1", "lab/edge 2"], message="all saved")


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("config backup", "/services/config%20backup"),
        (" edge-1 ", "/devices/edge-1"),
        ("lab/edge 2", "/devices/lab/edge%202"),
        ("config backup #1", "/runs/{uid}"),
        ("config backup/1", "/runs/{uid}"),
        ("{uid}", "/runs/{uid}"),
        ("saved", "/runs?q=saved"),
        ("service:config*", "/runs?q=service:config*"),
        ("config backup #2", "/runs?q=config+backup+%232"),
        ("edge", "/devices?q=edge"),
        ("status:ok", "/devices?q=status:ok"),
        ("nothing of it", "/runs?q=nothing+of+it"),
        ("statis:x", "/runs?q=statis:x"),
        ("(", "/runs?q=("),
        ("", "/runs"),
    ],
)
def test_text_leads_to_what_it_names(viewer: FlaskClient, uid: str, text: str, address: str) -> None:
    answer = viewer.get("/find", query_string={"q": text.format(uid=uid)})
    assert answer.status_code == 302
    assert answer.location == address.format(uid=uid)


def test_box_stands_on_every_page(viewer: FlaskClient) -> None:
    assert 'action="/find"' in viewer.get("/services").text
