"""Was something changed by somebody else while a form of it was open?

A form carries a mark of what it was filled with. The mark is made with the server's key: it tells nothing of a value,
not even of a secret, but whether the value is still the same.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping

from flask import current_app, request
from flask_wtf import FlaskForm

SEEN = "seen"
MEANWHILE = (
    "Somebody else changed this meanwhile. What is stored now stands below each field that differs; save again to have "
    "what is typed here in its place. Secrets have to be typed once more."
)


def mark_of(value: object) -> str:
    """Return the mark of a value that JSON can hold; equal values have equal marks."""
    text = json.dumps(value, sort_keys=True, default=str)
    return hmac.new(str(current_app.secret_key).encode(), text.encode(), hashlib.sha256).hexdigest()[:32]


def is_stale(mark: str) -> bool:
    """Say whether the form that came in was filled with something else than what has this mark."""
    return request.form.get(SEEN, mark) != mark


def show_stale(form: FlaskForm, stored: Mapping[str, object]) -> None:
    """Show that somebody else changed what a form is about, with the stored values that differ, by field."""
    form.form_errors.append(MEANWHILE)
    for name, value in stored.items():
        if (form[name].data or "") != (value or ""):
            form[name].errors = [*form[name].errors, f"Stored now: {value!r}" if value else "Stored now: nothing"]
