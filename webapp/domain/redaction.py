"""How is a text that was executed shown without its secrets? By the names that secrets are given, line by line.

It errs on the side of hiding: the text is for people and receivers, not for running again.
"""

import re
from collections.abc import Iterable

REDACTED = "[redacted]"
_NAME = r"[\w.-]*(?:token|passw(?:or)?d|passphrase|secret|api[_-]?key|private[_-]?key|credential|authorization)[\w.-]*"
_LINE = re.compile(rf"^(?P<head>\s*(?:-\s+)?[\"']?{_NAME}[\"']?\s*[:=]\s*)(?P<value>\S.*)?$", re.IGNORECASE)
_INLINE = re.compile(
    rf"(?P<head>[\"']?\b{_NAME}[\"']?\s*[:=]\s*)(?P<value>\"[^\"]*\"|'[^']*'|[^\s,}}\]\"']+)", re.IGNORECASE
)
_USERINFO = re.compile(r"(?P<head>\b[a-z][a-z0-9+.-]*://)[^/\s@\"']+@", re.IGNORECASE)
_PRIVATE = re.compile(r"-----BEGIN [^-\n]*PRIVATE KEY-----.*?(?:-----END [^-\n]*-----|\Z)", re.DOTALL)
_VALUE = re.compile(r"^(\s*(?:-\s+)?(?:[^:\s]+\s*:\s*)?)\S.*$")


def redact(text: str, *, secrets: Iterable[str] = ()) -> str:
    """Return a text with the values of what is named like a secret replaced.

    Args:
        text: YAML, JSON, or any text of lines.
        secrets: values that are replaced wherever they stand.
    """
    for secret in sorted({each for each in secrets if each}, key=len, reverse=True):
        text = text.replace(secret, REDACTED)
    text = _USERINFO.sub(rf"\g<head>{REDACTED}@", _PRIVATE.sub(REDACTED, text))
    lines: list[str] = []
    inside: int | None = None
    for line in text.split("\n"):
        indent = len(line) - len(line.lstrip())
        if inside is not None and (indent > inside or not line.strip()):
            lines.append(_VALUE.sub(rf"\g<1>{REDACTED}", line))
            continue
        found = _LINE.match(line)
        value = (found["value"] or "").strip() if found else ""
        opens = found is not None and (not value or value[0] in "|>&{[")
        inside = indent if opens else None
        if found is not None and value:
            lines.append(found["head"] + (value if value[0] in "|>" else REDACTED))
        else:
            lines.append(_INLINE.sub(rf"\g<head>{REDACTED}", line))
    return "\n".join(lines)
