"""Where does the API find what sends notices?"""

from flask import current_app

from webapp.notify.office import EXTENSION, Office


def office() -> Office:
    """Return what sends notices in this process."""
    found: Office = current_app.extensions[EXTENSION]
    return found
