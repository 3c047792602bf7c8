"""How does the server run, and its worker: one process that answers, does the background jobs, and ends in order."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import click
from flask import Flask

from webapp import __version__
from webapp.accounts.roster import ensure_admin
from webapp.accounts.signin import make_link
from webapp.cli.allocator import share_memory
from webapp.cli.context import make_app, settings_of
from webapp.cli.server import Server
from webapp.clock import now
from webapp.notify.office import EXTENSION as OFFICE_KEY
from webapp.store.changes import hub_of
from webapp.store.db import db, reading, writing
from webapp.store.schema import upgrade
from webapp.worker.broker import EXTENSION as BROKER_KEY
from webapp.worker.desk import Desk

ANYWHERE = ("0.0.0.0", "::", "")  # noqa: S104  (names for "every address", to be replaced in links)


@click.command()
@click.option("--host", help="The address to listen on; else AFTERRUN_HOST.")
@click.option("--port", type=click.IntRange(0, 65535), help="The port to listen on; else AFTERRUN_PORT.")
@click.option("--no-worker", is_flag=True, help="Leave the background jobs to `afterrun worker`.")
def serve(host: str | None, port: int | None, *, no_worker: bool) -> None:
    """Serve pages and API, and do the background jobs, in one process.

    With TASK_ENGINE=celery the jobs are left to `afterrun worker`, as many as you like.
    """
    share_memory()
    app = make_app()
    settings = settings_of(app)
    host = host if host is not None else str(settings.at_start("AFTERRUN_HOST").value)
    port = port if port is not None else int(settings.at_start("AFTERRUN_PORT").value)
    server = Server(app, host=host, port=port, threads=int(settings.at_start("AFTERRUN_THREADS").value))
    with app.app_context():
        upgrade()
        _greet(app, host, server.port)
        hub = hub_of(db.engine)

    def stop() -> None:
        hub.close()
        server.stop()

    is_alone = not no_worker and app.extensions[BROKER_KEY] is None
    with _signals_call(stop), _working(app if is_alone else None):
        server.run()
    click.echo("Stopped.")


@click.command()
def worker() -> None:
    """Do the background jobs only, beside a server; one on another machine needs PostgreSQL there and here."""
    app = make_app()
    with app.app_context():
        upgrade()
    ending = threading.Event()
    with _signals_call(ending.set), _working(app):
        click.echo(f"Afterrun {__version__} does the background jobs. Ctrl+C stops it.")
        ending.wait()
    click.echo("Stopped.")


def _greet(app: Flask, host: str, port: int) -> None:
    """Say where the server is, and how the first person gets in."""
    with reading() as session:
        given = settings_of(app).text(session, "AFTERRUN_URL")
    shown = "localhost" if host in ANYWHERE else f"[{host}]" if ":" in host else host
    url = given.rstrip("/") or f"http://{shown}:{port}"
    click.echo(f"Afterrun {__version__} serves on {url}")
    with writing() as session:
        admin = ensure_admin(session, now=now())
        path = make_link(session, admin.id, by_id=None, now=now()) if admin else ""
    if admin:
        click.echo(f"\n  First sign-in: open this link and choose a password for {admin.name!r}")
        click.echo(f"  (works once, within 24 hours):\n\n  {url}{path}\n")


@contextmanager
def _working(app: Flask | None) -> Iterator[None]:
    """Do the background jobs meanwhile; none without an application."""
    if app is None:
        yield
        return
    workers = int(settings_of(app).at_start("AFTERRUN_WORKERS").value)
    desk = Desk(app.extensions[OFFICE_KEY], app.app_context, workers=workers, broker=app.extensions[BROKER_KEY])
    desk.start()
    try:
        yield
    finally:
        desk.stop()


@contextmanager
def _signals_call(stop: Callable[[], None]) -> Iterator[None]:
    """Let SIGTERM and SIGINT end the process in order."""

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        threading.Thread(target=stop, name="stopping").start()

    before = {number: signal.signal(number, on_signal) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


commands = (serve, worker)
