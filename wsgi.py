"""The WSGI entry point: `app` for any server."""

from webapp.app import create_app

app = create_app()
