"""Does an administrator have to know that messages do not leave?"""

from datetime import timedelta

from flask import Blueprint

from webapp.clock import now
from webapp.store.db import db
from webapp.store.deliveries import count_failing

blueprint = Blueprint("delivery_banner", __name__)

A_DAY = timedelta(days=1)


@blueprint.app_template_global("failing_deliveries")
def failing_deliveries() -> int:
    """Return how many messages failed within a day, or wait for longer than one."""
    yesterday = now() - A_DAY
    return count_failing(db.session(), before=yesterday, since=yesterday)
