"""What sends notices in the process that answers?"""

from flask import current_app

from webapp.notify.office import EXTENSION, Office


def office() -> Office:
    """Return the office of the application that answers."""
    found: Office = current_app.extensions[EXTENSION]
    return found
