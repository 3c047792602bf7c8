"""What may a browser do with our pages: the security headers of every answer."""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, Response, current_app, request

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "worker-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# For pages that show a message in a frame, and for the message itself: it may have a style sheet, and can do nothing.
FRAMING_POLICY = f"{POLICY}; frame-src 'self'"
FRAMED_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; sandbox"

HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cache-Control": "private, no-cache",
}
MAX_FORM = 1 << 20
# What is typed into a larger form lies in memory; files that it sends do not.
MAX_TYPED = 8 << 20

View = TypeVar("View", bound=Callable[..., Any])


def install_headers(app: Flask) -> None:
    """Harden every answer of the application, and bound the forms that pages send."""
    app.before_request(_bound_forms)
    app.after_request(_harden)


def takes_forms_of(most: int) -> Callable[[View], View]:
    """Let a page's form be larger than others, up to so many bytes; put it below `requires`."""

    def decorate(view: View) -> View:
        vars(view)["max_form"] = most
        return view

    return decorate


def _bound_forms() -> None:
    """Keep a page's form small; the API sets a limit of its own for each kind of body."""
    if not request.path.startswith("/api/"):
        view = current_app.view_functions.get(request.endpoint or "")
        most: int = getattr(view, "max_form", MAX_FORM)
        takes_files = request.mimetype == "multipart/form-data"
        request.max_content_length = most if takes_files else min(most, MAX_TYPED)
        if most > MAX_FORM:
            request.max_form_memory_size = MAX_TYPED


def _harden(response: Response) -> Response:
    """Add each header that the view did not set itself."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    return response
