"""Where is a style sheet, a script, a picture: files that never change under their address.

The address holds a digest of the whole folder, so that scripts find each other by relative names and a browser asks
for each file once per release.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from flask import Blueprint, Flask, Response, current_app, request, url_for
from werkzeug.exceptions import NotFound

from webapp.web.guard import public

blueprint = Blueprint("assets", __name__)

FOREVER = "public, max-age=31536000, immutable"
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".woff2": "font/woff2",
    ".txt": "text/plain; charset=utf-8",
}
KEY = "afterrun.assets"


@dataclass(frozen=True, slots=True, kw_only=True)
class Assets:
    """The files of a folder by their relative names, and one digest of them all."""

    digest: str
    files: dict[str, Path]


def find_assets(folder: Path) -> Assets:
    """Read a folder of static files."""
    files = {
        path.relative_to(folder).as_posix(): path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix in TYPES
    }
    digest = hashlib.sha256()
    for name, path in files.items():
        digest.update(f"{name}\0{path.stat().st_size}\0".encode())
        digest.update(path.read_bytes())
    return Assets(digest=digest.hexdigest()[:16], files=files)


def install_assets(app: Flask, folder: Path) -> None:
    """Give templates `asset(name)` for the files of a folder."""
    app.extensions[KEY] = find_assets(folder)
    app.add_template_global(asset)


def asset(name: str) -> str:
    """Return the address of a static file; a name that does not exist is a mistake of a template."""
    if name not in _assets().files:
        raise LookupError(f"there is no static file {name!r}")
    return url_for("assets.show", digest=_assets().digest, name=name)


@blueprint.get("/static/<digest>/<path:name>")
@public
def show(digest: str, name: str) -> Response:
    """Answer a static file; one of another release is answered too, but not kept."""
    path = _assets().files.get(name)
    if path is None:
        raise NotFound("there is no such file")
    response = Response(path.read_bytes(), content_type=TYPES[path.suffix])
    response.headers["Cache-Control"] = FOREVER if digest == _assets().digest else "no-cache"
    response.add_etag()
    response.make_conditional(request)
    return response


def _assets() -> Assets:
    assets: Assets = current_app.extensions[KEY]
    return assets
