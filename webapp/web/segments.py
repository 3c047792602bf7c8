"""How does any name become one part of an address, also `a/b`, `..` and `100%`?"""

from urllib.parse import quote, unquote

from werkzeug.routing import BaseConverter


class SegmentConverter(BaseConverter):
    """A name between two slashes of an address.

    Servers and browsers undo percent escapes and dot segments before a route is looked for, so a slash, a percent sign
    and a name of dots alone are escaped once more.
    """

    def to_python(self, value: str) -> str:
        """Return the name that stands in an address."""
        return unquote(value)

    def to_url(self, value: str) -> str:
        """Return a name as it stands in an address."""
        text = value.replace("%", "%25").replace("/", "%2F")
        return quote(text.replace(".", "%2E") if value in (".", "..") else text, safe="")
