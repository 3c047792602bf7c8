"""What may a browser do with our pages: the security headers of every answer."""

from flask import Flask, Response, request

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "worker-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

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


def install_headers(app: Flask) -> None:
    """Harden every answer of the application, and bound the forms that pages send."""
    app.before_request(_bound_forms)
    app.after_request(_harden)


def _bound_forms() -> None:
    """Keep a page's form small; the API sets a limit of its own for each kind of body."""
    if not request.path.startswith("/api/"):
        request.max_content_length = MAX_FORM


def _harden(response: Response) -> Response:
    """Add each header that the view did not set itself."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    return response
