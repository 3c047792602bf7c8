"""What is a name called as a file: safe on every file system, and never the file of another name.

The rules are told in `docs/git.md`, section "Names". A file name is the name itself wherever that is possible, so
that people find it.
"""

import hashlib
import re
import unicodedata
from urllib.parse import unquote

# Bytes; leaves room for an ending in file systems that take 255, and for folders where a whole path has 260.
LONGEST = 180
_USUAL = re.compile(r"[a-z0-9](?:[a-z0-9_@,()+ .-]*[a-z0-9_@,()+-])?")
_PLAIN = frozenset("0123456789-_.@,()+ ")
_RESERVED = re.compile(r"(?:con|prn|aux|nul|conin\$|conout\$|com\d|lpt\d)(?: *\..*)?", re.IGNORECASE | re.DOTALL)
_SHORTENED = re.compile(r"==[0-9a-f]{32}")


def file_name(name: str) -> str:
    """Return the file name of a service or device, without an ending.

    No two names share a file name, not even where case and Unicode form do not count.
    """
    is_usual = _USUAL.fullmatch(name) is not None
    body = name if is_usual else "".join(_escaped(name, place) for place in range(len(name)))
    if _RESERVED.fullmatch(body):
        body = _escape(body[0]) + body[1:]
    if not is_usual and unicodedata.normalize("NFC", body) != body:
        body = "".join(char if char.isascii() else _escape(char) for char in body)
    whole = body if is_usual else body + _case_mark(body)
    return whole if len(whole.encode()) <= LONGEST else _shortened(body, name)


def read_file_name(text: str) -> str | None:
    """Return the name that a file name stands for, or None for a shortened one: its file tells the name."""
    body, mark, _case = text.partition("=")
    if mark and _SHORTENED.fullmatch(text[len(body) :]):
        return None
    return unquote(body, errors="surrogatepass")


def _escaped(name: str, place: int) -> str:
    """Return one character as it stands in a file name."""
    char = name[place]
    is_edge = place in {0, len(name) - 1}
    if char in _PLAIN:
        return _escape(char) if is_edge and char in ". " else char
    if char.isascii():
        return char if char.isalpha() else _escape(char)
    is_letter = unicodedata.category(char) in {"Lu", "Ll", "Lo", "Lm", "Nd"}
    lower = char.lower()
    upper = lower.upper()
    is_paired = len(lower) == 1 and lower.casefold() == lower and upper.lower() == lower and char in {lower, upper}
    return char if is_letter and is_paired else _escape(char)


def _escape(char: str) -> str:
    return "".join(f"%{byte:02x}" for byte in char.encode("utf-8", "surrogatepass"))


def _case_mark(body: str) -> str:
    """Return what tells names apart that differ only by case: nothing, `=` for all upper, else which are upper."""
    cased = [char.isupper() for char in re.sub("%..", "", body) if char.lower() != char.upper()]
    if not any(cased):
        return ""
    if all(cased):
        return "="
    return f"={sum(1 << place for place, is_upper in enumerate(cased) if is_upper):x}"


def _shortened(body: str, name: str) -> str:
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:32]
    head = body.encode()[: LONGEST - 34].decode("utf-8", "ignore")
    head = re.sub("%.?$", "", head).rstrip(". ")
    return f"{head}=={digest}"
