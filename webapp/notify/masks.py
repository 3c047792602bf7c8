"""What may be shown of what others said: everything but our secrets."""

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from webapp.notify.contract import ChannelError
from webapp.plugins.fields import MASK

SHORTEST = 8


def mask(text: str, secrets: Iterable[str]) -> str:
    """Return a text with every secret replaced."""
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = text.replace(secret, MASK)
    return text


def mask_error(error: ChannelError, secrets: Iterable[str]) -> ChannelError:
    """Return an error that shows no secret."""
    kept = tuple(secrets)
    return ChannelError(
        mask(error.reason, kept),
        permanent=error.permanent,
        retry_after_s=error.retry_after_s,
        gone=error.gone,
        code=error.code,
        answer=mask(error.answer, kept),
        request=mask(error.request, kept),
    )


def secrets_of_url(url: str) -> tuple[str, ...]:
    """Return what is secret in the address of an incoming webhook: all of it, and each long piece behind the host."""
    parts = urlsplit(url)
    pieces = re.split(r"[/?&=]", f"{parts.path}?{parts.query}")
    return (url, *(piece for piece in pieces if len(piece) >= SHORTEST)) if url else ()
