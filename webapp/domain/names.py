"""What may a name be: the rules for names of services, devices, cases and streams, each with its sentence."""

import re

MAX_NAME = 255

_REFUSED = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_DIRECTION = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def find_text_fault(text: str) -> str | None:
    """Say what is wrong with a one-line text that may be empty, or None when it is fine."""
    if text.isprintable():
        return None
    found = _REFUSED.search(text)
    if found is None:
        return None
    char = found.group()
    kind = "control characters"
    if char in _DIRECTION:
        kind = "characters that change the direction of text"
    elif "\ud800" <= char <= "\udfff":
        kind = "lone surrogates"
    return f"expected no {kind}, got U+{ord(char):04X} at character {found.start() + 1}"


def find_name_fault(name: str, *, limit: int = MAX_NAME) -> str | None:
    """Say what is wrong with a name, or None when it is fine; nothing is corrected silently."""
    if not name or name.isspace():
        return "expected a name, got only blanks" if name else "expected a name, got an empty text"
    if len(name) > limit:
        return f"expected at most {limit:,} characters, got {len(name):,}"
    if name[0].isspace() or name[-1].isspace():
        return "expected a name without blanks at its start and end"
    return find_text_fault(name)


def find_slug_fault(slug: str) -> str | None:
    """Say what is wrong with the name of a service, which is also a part of addresses."""
    fault = find_name_fault(slug)
    if fault is None and "/" in slug:
        fault = "expected a name without '/', because it is a part of addresses"
    if fault is None and slug in (".", ".."):
        fault = "expected a name other than '.' and '..', because it is a part of addresses"
    return fault
