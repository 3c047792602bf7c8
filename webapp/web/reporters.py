"""Where do producers get the reporter: the one file of it, for curl."""

from pathlib import Path

from flask import Blueprint, Response, current_app, request

from webapp.web.guard import public

blueprint = Blueprint("reporters", __name__)


@blueprint.get("/reporters/afterrun.py")
@public
def show() -> Response:
    """Answer the reporter's source, the same that this server was tested with."""
    path = Path(current_app.root_path) / "reporters" / "afterrun.py"
    response = Response(path.read_bytes(), content_type="text/x-python; charset=utf-8")
    response.headers["Content-Disposition"] = 'inline; filename="afterrun.py"'
    response.add_etag()
    response.make_conditional(request)
    return response
