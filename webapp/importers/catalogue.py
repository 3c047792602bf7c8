"""Which formats are there, and which of them is this file?"""

from typing import BinaryIO

from webapp.errors import InvalidError
from webapp.importers import formats
from webapp.importers.contract import Format
from webapp.plugins.registry import FUNCTION, Kind, Registry, fill

AUTO = "auto"
GROUP = "afterrun.importers"
EXTENSION = "afterrun.formats"
HEAD = 64 * 1024
SHOWN = 40

KIND = Kind(
    word="format",
    group=GROUP,
    attributes={"name": str, "title": str, "suffixes": tuple, "sniff": FUNCTION, "read": FUNCTION},
)
Formats = Registry[Format]


def load_formats() -> Formats:
    """Return every format: those of this product, then those that other packages offer."""
    return fill(Registry(KIND), formats)


def choose_format(known: Formats, name: str, stream: BinaryIO) -> Format:
    """Return the format of a name, or for `auto` the one that knows the file by its beginning; the stream is rewound.

    Raises:
        InvalidError: there is no format of that name; no format knows the file, or more than one do.
    """
    if name != AUTO:
        return known.get(name)
    head = stream.read(HEAD)
    stream.seek(0)
    if not head.strip():
        raise InvalidError(("", "expected a file with contents, got an empty one"))
    found = [each for each in known if each.sniff(head)]
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(each.name for each in found)
        raise InvalidError(("format", f"the file may be any of {names}: name the format"))
    formats_known = ", ".join(f"{each.name} ({each.title})" for each in known)
    raise InvalidError(("format", f"expected one of {formats_known}; the file begins with {_shown(head)}"))


def _shown(head: bytes) -> str:
    text = head[: SHOWN * 4].decode(errors="replace").strip()[:SHOWN]
    return ascii(text) if text.isascii() else repr(text)
