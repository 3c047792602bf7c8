"""Where do producers get the reporter: the one file of it, for curl."""

from pathlib import Path

from flask import Blueprint, Response, current_app, send_file

from webapp.web.guard import public

blueprint = Blueprint("reporters", __name__)


@blueprint.get("/reporters/afterrun.py")
@public
def show() -> Response:
    """Answer the reporter's source, the same that this server was tested with."""
    path = Path(current_app.root_path) / "reporters" / "afterrun.py"
    return send_file(path, mimetype="text/x-python", download_name="afterrun.py", conditional=True)
