"""Which toys are there?"""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from webapp.domain.access import Permission
from webapp.web.guard import requires

blueprint = Blueprint("toys", __name__, url_prefix="/toys")


@blueprint.get("")
@requires(Permission.VIEW)
def index() -> ResponseReturnValue:
    """List the toys."""
    return render_template("toys/index.html", toys=["robot", "<b>kite</b>"])
