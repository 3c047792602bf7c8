"""Was something changed by somebody else while a form of it was open?

A form carries a mark of what it was filled with. The mark is made with the server's key: it tells nothing of a value,
not even of a secret, but whether the value is still the same.
"""

import hashlib
import hmac
import json

from flask import current_app


def mark_of(value: object) -> str:
    """Return the mark of a value that JSON can hold; equal values have equal marks."""
    text = json.dumps(value, sort_keys=True, default=str)
    return hmac.new(str(current_app.secret_key).encode(), text.encode(), hashlib.sha256).hexdigest()[:32]
