"""Can two texts that somebody sends be compared, pasted or as files, and does the address go on working?"""

import io

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from webapp.compare import uploads
from webapp.compare.shelf import Shelf
from webapp.compare.workshop import WORKSHOP, Workshop

pytestmark = pytest.mark.integration


def file_of(data: bytes, name: str) -> FileStorage:
    return FileStorage(io.BytesIO(data), filename=name)


def post(client: FlaskClient, **form: object) -> TestResponse:
    boundary, body = encode_multipart(form)
    return client.post("/compare/texts", data=body, content_type=f"multipart/form-data; boundary={boundary}")


def send(client: FlaskClient, **form: object) -> str:
    answer = post(client, **form)
    assert answer.status_code == 302, answer.text
    return str(answer.headers["Location"])


def test_pasted_texts(viewer: FlaskClient) -> None:
    assert "Send two texts" in viewer.get("/compare/texts").text
    address = send(viewer, text_a="one\r\ntwo 5\r\n", text_b="one\r\ntwo 6\r\n<script>alert(1)</script>\r\n")
    text = viewer.get(address).text
    assert "<del>5</del>" in text
    assert "<ins>6</ins>" in text
    assert "<script>alert" not in text
    assert "B against A" in text
    assert "1 line deleted, 2 lines inserted" in text
    assert "Show 1 ignored" in viewer.get(f"{address}&level=numbers").text
    assert send(viewer, text_a="one\ntwo 5\n", text_b="one\ntwo 6\n").startswith(address[:60])  # by what it holds


def test_files_and_every_part_of_their_page(viewer: FlaskClient) -> None:
    a, b = b"same\n" * 20 + b"\xff\x00old\n", b"same\n" * 20 + b"\xff\x00new" + b"x" * 5_000
    address = send(viewer, file_a=file_of(a, "a.log"), file_b=file_of(b, "b.log"))
    text = viewer.get(address).text
    assert "Show 17 unchanged lines" in text
    query = address.partition("?")[2]
    assert viewer.get(f"/compare/texts/rows?{query}&fold=0&start=0&stop=17").text.count("<tr") == 17
    assert viewer.get(f"/compare/texts/line?{query}&side=b&line=21").text.endswith("x" * 5_000)
    assert viewer.get(f"/compare/texts/difference.patch?{query}").data.startswith(b"--- a/run.log")
    assert viewer.get(f"/compare/texts/state?{query}").status_code == 204
    assert 'id="A21"' in viewer.get(f"{address}&a_lines=20-&b_lines=20-").text


def test_what_is_missing_is_told(viewer: FlaskClient) -> None:
    answer = viewer.post("/compare/texts", data={"text_a": "x"})
    assert answer.status_code == 422
    assert "B: expected a file, or a text that is pasted" in answer.text
    assert viewer.get("/compare/texts?a=x&b=y").status_code == 422
    unknown = "0" * 64
    assert "The text A is not kept any more" in viewer.get(f"/compare/texts?a={unknown}&b={unknown}").text
    assert viewer.get(f"/compare/texts/rows?a={unknown}&b={unknown}").status_code == 404


def test_only_this_form_may_be_large(app: Flask, viewer: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    address = send(viewer, text_a="x" * (3 << 20), text_b="y")
    assert viewer.get(address).status_code == 200
    for sent in (viewer.post("/compare/texts", data={"text_a": "x" * (9 << 20)}), post(viewer, text_a="x" * (9 << 20))):
        assert sent.status_code == 413
    large = {"file_a": file_of(b"x" * (10 << 20), "a"), "text_b": "y"}
    assert "compared" in viewer.get(send(viewer, **large)).text
    monkeypatch.setitem(vars(app.view_functions["sent.send"]), "max_form", 5 << 20)
    assert post(viewer, file_a=file_of(b"x" * (6 << 20), "a")).status_code == 413
    assert viewer.post("/sign-in", data={"name": "x" * (2 << 20)}).status_code == 413


def test_texts_make_room_for_others(app: Flask, viewer: FlaskClient) -> None:
    shelf = Shelf(app.extensions[WORKSHOP].shelf._root, limit=0, recent_s=-1)
    app.extensions[WORKSHOP] = Workshop(shelf)
    address = send(viewer, text_a="x", text_b="y")
    assert "is not kept any more: send it again" in viewer.get(address).text


def test_a_text_that_breaks_off_leaves_nothing(app: Flask) -> None:
    shelf = app.extensions[WORKSHOP].shelf

    def broken() -> object:
        yield b"x"
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        uploads.keep_text(shelf, broken())  # type: ignore[arg-type]
    assert list(shelf.open("sending").iterdir()) == []
