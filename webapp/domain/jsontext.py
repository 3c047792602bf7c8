"""Is this JSON, and does it mean the same as that: exact checks and the canonical form that contents are keyed by."""

import json
import re
from collections.abc import Callable
from itertools import accumulate
from typing import Any

import msgspec

from webapp.errors import InvalidError

MAX_DEPTH = 512
# Above this size objects are made canonical from the inside out, which needs a fraction of the memory.
LARGE = 1 << 20
MAX_PLAIN_DIGITS = 4300

_NO_BRACKETS = bytes(set(range(256)) - set(b'[]{}"'))
_STEP = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|.)", re.DOTALL)
_TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"?|[\[\]{}:,]', re.DOTALL)
_FLOAT = re.compile(r"(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?")
_BYTE = re.compile(r" \(byte (\d+)\)$")
_COLON_ESCAPE = b"\\u003"


def canonical(raw: bytes, *, path: str = "") -> bytes:
    """Return the canonical text of a JSON value: keys sorted, no blanks, numbers by their exact value.

    Two texts that mean the same have the same canonical text. Members with the same key are all kept, in their order.

    Args:
        raw: the JSON text, UTF-8, that `check_depth` let through.
        path: where it stands in the input, for the fault.

    Raises:
        InvalidError: it is not JSON, or holds NaN, Infinity or a lone surrogate.
    """
    if len(raw) > LARGE:
        return _canonical_of_any(raw, path)
    try:
        value = _DECODER.decode(raw)
    except msgspec.ValidationError:  # an integer with more digits than Python reads at once
        return _canonical_of_any(raw, path)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidError((path, explain(raw, error))) from error
    text = _ENCODER.encode(value)
    # Members with the same key were lost if there are fewer colons now, unless an escape hid one before.
    if raw.count(b":") != text.count(b":") or (b"\\" in raw and _COLON_ESCAPE in raw):
        return _canonical_of_any(raw, path)
    return text


def check_depth(raw: bytes, *, path: str = "", limit: int = MAX_DEPTH) -> None:
    """Refuse JSON that is nested more than `limit` levels deep."""
    byte = find_too_deep(raw, limit)
    if byte is not None:
        raise InvalidError((path, f"expected at most {MAX_DEPTH} levels of nesting (byte {byte})"))


def find_too_deep(raw: bytes, limit: int) -> int | None:
    """Return the byte of the first bracket that opens more than `limit` levels, or None."""
    if raw.count(b"[") + raw.count(b"{") <= limit:
        return None
    # Once escaped quotes are gone and empty strings are taken out, every second part lies between quotes.
    marks = _without_escaped_quotes(raw).translate(None, delete=_NO_BRACKETS).replace(b'""', b"")
    brackets = b"".join(marks.split(b'"')[::2])
    if max(accumulate(map(_STEP.__getitem__, brackets)), default=0) <= limit:
        return None
    return _find_depth(raw, limit + 1)


def explain(raw: bytes, error: Exception) -> str:
    """Say what makes a text no JSON, with the byte where reading stopped."""
    if isinstance(error, UnicodeDecodeError):
        return explain_encoding(raw) or str(error)
    byte = find_fault(raw, error)
    if byte is None:
        return f"expected JSON: {error}"
    if raw[byte : byte + 2] == b"\\u":
        return f"expected valid Unicode, got the escape of a lone surrogate (byte {byte})"
    for word in (b"NaN", b"Infinity"):
        if word in raw[max(0, byte - 1) : byte + 9]:
            return f"expected JSON, which has no {word.decode()} (byte {byte})"
    return f"expected JSON: {_BYTE.sub('', str(error)).removeprefix('JSON is malformed: ')} (byte {byte})"


def explain_encoding(raw: bytes) -> str | None:
    """Say where bytes are not UTF-8, or None when they are."""
    try:
        raw.decode()
    except UnicodeDecodeError as error:
        return f"expected UTF-8, got the byte 0x{raw[error.start]:02X} (byte {error.start})"
    return None


def find_fault(raw: bytes, error: Exception) -> int | None:
    """Return the byte where a text that was refused is wrong, as far as that is known."""
    if isinstance(error, UnicodeDecodeError):
        return error.start
    surrogate = _find_lone_surrogate(raw)
    if surrogate is not None:
        return surrogate
    found = _BYTE.search(str(error))
    return int(found.group(1)) if found else None


def find_member(raw: bytes, byte: int) -> str | None:
    """Return the key of the outermost object's member that a byte lies in, for naming a field of a broken text."""
    depth, key, last = 0, None, b""
    for token in _TOKEN.finditer(raw, 0, byte):
        text = token.group()
        depth += _STEP.get(text[0], 0)
        if depth == 1 and text == b":":
            key = last
        elif depth == 1 and text == b",":
            key = None
        last = text
    return key.strip(b'"').decode(errors="replace") if key else None


def _without_escaped_quotes(text: bytes) -> bytes:
    return text.replace(b"\\\\", b"").replace(b'\\"', b"") if b"\\" in text else text


def _find_depth(raw: bytes, wanted: int) -> int:
    depth = 0
    for token in _TOKEN.finditer(raw):
        depth += _STEP.get(token.group()[0], 0)
        if depth == wanted:
            return token.start()
    return len(raw)


def _find_lone_surrogate(raw: bytes) -> int | None:
    expects_low = None
    text = raw.decode("latin-1")
    for escape in _ESCAPE.finditer(text):
        unit = int(escape.group(1), 16) if escape.group(1) else 0
        is_low = 0xDC00 <= unit <= 0xDFFF
        follows = expects_low is not None and escape.start() == expects_low + 6
        if is_low != follows:
            return expects_low if expects_low is not None else escape.start()
        expects_low = escape.start() if 0xD800 <= unit <= 0xDBFF else None
    return expects_low


def _canonical_of_any(raw: bytes, path: str) -> bytes:
    try:
        value = json.loads(
            raw.decode(),
            object_pairs_hook=_canonical_object,
            parse_float=_canonical_float,
            parse_int=_canonical_int,
            parse_constant=_refuse_constant,
        )
        return _ENCODER.encode(value)
    except UnicodeDecodeError as error:
        raise InvalidError((path, explain(raw, error))) from error
    except _ConstantError as error:
        byte = raw.find(str(error).encode())
        raise InvalidError((path, f"expected JSON, which has no {error} (byte {byte})")) from error
    except json.JSONDecodeError as error:
        byte = len(error.doc[: error.pos].encode())
        raise InvalidError((path, f"expected JSON: {error.msg} (byte {byte})")) from error
    except (UnicodeEncodeError, RecursionError) as error:
        raise InvalidError((path, explain(raw, error))) from error


class _ConstantError(ValueError):
    """A word that Python's reader knows and JSON doesn't."""


def _refuse_constant(word: str) -> Any:
    raise _ConstantError(word)


def _canonical_object(pairs: list[tuple[str, Any]]) -> msgspec.Raw:
    pairs.sort(key=_first)
    encode = _ENCODER.encode
    return msgspec.Raw(b"{" + b",".join([encode(key) + b":" + encode(value) for key, value in pairs]) + b"}")


def _first(pair: tuple[str, Any]) -> str:
    return pair[0]


def _canonical_int(text: str) -> msgspec.Raw:
    return msgspec.Raw(b"0" if text == "-0" else text.encode())


def _canonical_float(text: str) -> msgspec.Raw:
    """Write a number by its exact value: 1.0 and 1e0 as 1, 0.10 as 0.1; nothing is rounded."""
    if text[-1] != "0" and "e" not in text and "E" not in text:
        return msgspec.Raw(text.encode())
    found = _FLOAT.fullmatch(text)
    if found is None or len(found.group(4) or "") > MAX_PLAIN_DIGITS:
        return msgspec.Raw(text.lower().encode())
    sign, whole, fraction, exponent = found.groups(default="")
    digits = (whole + fraction).lstrip("0")
    significant = digits.rstrip("0")
    if not significant:
        return msgspec.Raw(b"0")
    power = int(exponent or 0) - len(fraction) + len(digits) - len(significant)
    if abs(power) + len(significant) > MAX_PLAIN_DIGITS:
        return msgspec.Raw(f"{sign}{significant}e{power}".encode())
    if power >= 0:
        return msgspec.Raw(f"{sign}{significant}{'0' * power}".encode())
    padded = significant.zfill(1 - power)
    return msgspec.Raw(f"{sign}{padded[:power]}.{padded[power:]}".encode())


_float_hook: Callable[[str], Any] = _canonical_float
_DECODER = msgspec.json.Decoder(float_hook=_float_hook)
_ENCODER = msgspec.json.Encoder(order="sorted")
