"""How is a run made what its service's runs are compared with?"""

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue

from webapp import clock
from webapp.domain.access import Permission
from webapp.ingest.baselines import pin_run, unpin_run
from webapp.store.db import writing
from webapp.web.guard import caller_here, requires
from webapp.web.run import blueprint


@blueprint.post("/<uid>/pin")
@requires(Permission.OPERATE)
def pin(uid: str) -> ResponseReturnValue:
    """Compare the service's runs with this one from now on."""
    with writing() as session:
        pin_run(session, uid, caller=caller_here(), now=clock.now())
    flash("Pinned. The newest runs of the service are compared with it anew.", "success")
    return redirect(url_for("run.show", uid=uid))


@blueprint.post("/<uid>/unpin")
@requires(Permission.OPERATE)
def unpin(uid: str) -> ResponseReturnValue:
    """Compare each of the service's runs with the one before it again."""
    with writing() as session:
        is_done = unpin_run(session, uid, caller=caller_here(), now=clock.now())
    flash("The run is no longer the baseline." if is_done else "The run was not pinned.", "success")
    return redirect(url_for("run.show", uid=uid))
