"""How do two texts differ that somebody sent: two files, or what was pasted?"""

from collections.abc import Iterator
from typing import cast

from flask import Blueprint, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import FileStorage

from webapp.compare.asking import Choice
from webapp.compare.sources import read_range
from webapp.compare.uploads import keep_text
from webapp.compare.workshop import WORKSHOP
from webapp.diff.layout import View
from webapp.diff.noise import Level
from webapp.domain.access import Permission
from webapp.errors import InvalidError
from webapp.store.db import db
from webapp.web.compare_texts import answer_line, answer_patch, answer_rows, answer_state, show_choice
from webapp.web.compare_wanted import CONTEXTS, LEVELS, VIEWS, read_find, read_word
from webapp.web.guard import requires
from webapp.web.headers import MAX_TYPED, takes_forms_of

blueprint = Blueprint("sent", __name__, url_prefix="/compare/texts")

MAX_FORM = 64 * 1024 * 1024
PIECE = 256 * 1024


@blueprint.get("")
@requires(Permission.VIEW)
def index() -> ResponseReturnValue:
    """Take two texts, or show how two that were sent differ."""
    if not request.args.get("a") or not request.args.get("b"):
        return render_template("sent/index.html", most=MAX_FORM, typed=MAX_TYPED)
    choice = _chosen()
    shown = show_choice(db.session(), choice)
    looks = {
        "levels": LEVELS,
        "contexts": list(CONTEXTS),
        "files": [],
        "tab": "logs",
        "wanted": choice,
        "heading": "B against A",
    }
    return render_template("sent/show.html", **looks, **shown)


@blueprint.post("")
@requires(Permission.VIEW)
@takes_forms_of(MAX_FORM)
def send() -> ResponseReturnValue:
    """Keep two texts, and show how they differ."""
    shelf = current_app.extensions[WORKSHOP].shelf
    try:
        a, b = (keep_text(shelf, _sent(name)) for name in ("a", "b"))
    finally:
        for file in request.files.values():
            file.close()
    shelf.tidy()
    return redirect(url_for("sent.index", a=a, b=b))


@blueprint.get("/rows")
@requires(Permission.VIEW)
def rows() -> ResponseReturnValue:
    """Return a range of rows of a difference, for pages that fill themselves."""
    return answer_rows(db.session(), _chosen())


@blueprint.get("/state")
@requires(Permission.VIEW)
def state() -> ResponseReturnValue:
    """Say how far a comparison is, for the page that waits for it."""
    return answer_state(db.session(), _chosen())


@blueprint.get("/line")
@requires(Permission.VIEW)
def line() -> ResponseReturnValue:
    """Show one long line whole."""
    return answer_line(db.session(), _chosen())


@blueprint.get("/difference.patch")
@requires(Permission.VIEW)
def patch() -> ResponseReturnValue:
    """Download the difference of two texts as a patch."""
    return answer_patch(db.session(), _chosen())


def _chosen() -> Choice:
    return Choice(
        a=request.args.get("a", ""),
        b=request.args.get("b", ""),
        part_a=read_range("a_lines", request.args.get("a_lines", "")),
        part_b=read_range("b_lines", request.args.get("b_lines", "")),
        level=cast("Level", read_word("level", tuple(LEVELS), "exact")),
        view=cast("View", read_word("view", VIEWS, "side")),
        context=CONTEXTS[read_word("context", tuple(CONTEXTS), "3")],
        shows_ignored=request.args.get("ignored") == "1",
        find=read_find(),
    )


def _sent(name: str) -> Iterator[bytes]:
    """Yield what was sent for a side: a file, or else what was pasted."""
    file = request.files.get(f"file_{name}")
    if file is not None and file.filename:
        return _pieces(file)
    pasted = request.form.get(f"text_{name}", "")
    if not pasted:
        raise InvalidError((name.upper(), "expected a file, or a text that is pasted"))
    # A form sends every line end as two characters.
    return iter([pasted.replace("\r\n", "\n").encode("utf-8", "surrogatepass")])


def _pieces(file: FileStorage) -> Iterator[bytes]:
    while piece := file.stream.read(PIECE):
        yield piece
