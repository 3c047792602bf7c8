"""How the parts become one application: the only composer."""

import importlib
import json
import os
import pkgutil
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from types import ModuleType

from flask import Blueprint, Flask, request
from flask.sessions import SecureCookieSessionInterface
from flask_login import LoginManager
from flask_wtf.csrf import CSRFProtect, generate_csrf
from werkzeug.middleware.proxy_fix import ProxyFix

from webapp import api, web
from webapp.accounts.people import Account
from webapp.accounts.sessions import load_account
from webapp.api.faults import refuse, refuse_http, status_of
from webapp.cli.program import run
from webapp.compare.shelf import Shelf
from webapp.compare.workshop import WORKSHOP, Workshop
from webapp.importers.catalogue import EXTENSION as FORMATS_KEY
from webapp.importers.catalogue import load_formats
from webapp.notify.catalogue import load_channels
from webapp.notify.channels.mail import mail
from webapp.notify.handlers import SETTING as HANDLERS
from webapp.notify.office import EXTENSION as OFFICE_KEY
from webapp.notify.office import open_office
from webapp.settings.catalogue import BY_NAME
from webapp.settings.config_file import read_config_file
from webapp.settings.resolve import Settings
from webapp.settings.vault import open_vault
from webapp.store import models  # noqa: F401  (knows every table)
from webapp.store.address import database_address, engine_options
from webapp.store.changes import open_hub
from webapp.store.db import configure, db, migrate
from webapp.store.outbox import listen
from webapp.web.assets import install_assets
from webapp.web.faults import install_faults
from webapp.web.headers import install_headers
from webapp.web.journal import configure_logging, install_journal
from webapp.web.links import SETTINGS_KEY
from webapp.web.nav import install_nav
from webapp.worker.broker import EXTENSION as BROKER_KEY
from webapp.worker.broker import open_broker

ROOT = Path(__file__).resolve().parent.parent
SESSION_LASTS = timedelta(days=14)
RESERVED_THREADS = 8
TASKMANAGER_HANDLERS = "UWSGI_TASKMANAGER_NOTIFICATION_HANDLERS"


def main() -> None:
    """Run the command `afterrun`."""
    run(create_app)


class SessionCookie(SecureCookieSessionInterface):
    """Keeps a session's cookie to HTTPS whenever the browser came by HTTPS."""

    def get_cookie_secure(self, _app: Flask) -> bool:
        """Say whether this request came by HTTPS."""
        return request.is_secure


def create_app(instance: Path | None = None, *, config: Mapping[str, object] | None = None) -> Flask:
    """Build the application.

    Args:
        instance: the folder of databases, keys and `config.py`; AFTERRUN_INSTANCE or `./instance` of the code without.
        config: values that win over every other source, for tests and tools; names of settings or of Flask's options.
    """
    given = config or {}
    instance = (instance or Path(os.environ.get("AFTERRUN_INSTANCE") or ROOT / "instance")).resolve()
    instance.mkdir(mode=0o700, parents=True, exist_ok=True)
    app = Flask(
        "webapp",
        root_path=str(ROOT / "webapp"),
        instance_path=str(instance),
        template_folder=str(ROOT / "templates"),
        static_folder=None,
    )
    # A device may be called a//b: its address is not another one's.
    app.url_map.merge_slashes = False
    environment = {**os.environ, **{name: _as_text(value) for name, value in given.items() if name in BY_NAME}}
    settings = _read_settings(app, environment)
    app.config.from_mapping({name: value for name, value in given.items() if name not in BY_NAME})
    if not app.testing:
        configure_logging(str(settings.at_start("AFTERRUN_LOG_FORMAT").value))
    _open_database(app, settings)
    _join_broker(app, settings)
    _answer_safely(app, settings)
    _guard_sessions(app)
    app.extensions[FORMATS_KEY] = load_formats()
    app.extensions[WORKSHOP] = Workshop(Shelf(instance / "cache" / "comparisons"))
    mail.init_app(app)
    app.extensions[OFFICE_KEY] = open_office(Path(app.instance_path), settings, load_channels())
    for package in (web, api):
        for blueprint in _blueprints(package):
            app.register_blueprint(blueprint)
    return app


def _read_settings(app: Flask, environment: Mapping[str, str]) -> Settings:
    """Read `config.py` and the secret key of the instance."""
    instance = Path(app.instance_path)
    file = _read_config(app, instance / "config.py")
    start = Settings(environment=environment, file=file, vault=None)
    vault = open_vault(instance, str(start.at_start("AFTERRUN_SECRET_KEY").value))
    settings = Settings(environment=environment, file=file, vault=vault)
    newest, *older = vault.signing_keys()
    app.config.from_mapping(
        SECRET_KEY=newest,
        SECRET_KEY_FALLBACKS=older,
        SESSION_COOKIE_NAME="afterrun_session",
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=SESSION_LASTS,
        WTF_CSRF_TIME_LIMIT=None,
        TEMPLATES_AUTO_RELOAD=False,
    )
    app.extensions[SETTINGS_KEY] = settings
    return settings


def _as_text(value: object) -> str:
    """Return a given value as the environment would hold it."""
    if isinstance(value, list | tuple):
        return ",".join(str(item) for item in value)
    return json.dumps(value) if isinstance(value, dict) else str(value)


def _read_config(app: Flask, path: Path) -> dict[str, object]:
    """Read the instance's `config.py`; names that are no settings of ours are Flask's."""
    app.config.from_mapping(read_config_file(path))
    if TASKMANAGER_HANDLERS in app.config:
        app.config.setdefault(HANDLERS, app.config.pop(TASKMANAGER_HANDLERS))
    return {name: app.config.pop(name) for name in BY_NAME if name in app.config}


def _open_database(app: Flask, settings: Settings) -> None:
    threads = int(settings.at_start("AFTERRUN_THREADS").value)
    address = database_address(str(settings.at_start("DATABASE_URL").value), Path(app.instance_path))
    workers = int(settings.at_start("AFTERRUN_WORKERS").value)
    app.config.from_mapping(
        SQLALCHEMY_DATABASE_URI=address, SQLALCHEMY_ENGINE_OPTIONS=engine_options(address, threads=threads + workers)
    )
    db.init_app(app)
    migrate.init_app(app, db, directory=str(ROOT / "webapp" / "store" / "migrations"), render_as_batch=True)
    with app.app_context():
        configure(db.engine)
        open_hub(db.engine, max_streams=threads - RESERVED_THREADS)


def _join_broker(app: Flask, settings: Settings) -> None:
    """Have the workers of a broker told of whatever this process commits."""
    broker = app.extensions[BROKER_KEY] = open_broker(settings)
    if broker is not None:
        with app.app_context():
            listen(db.engine, broker.kick)


def _answer_safely(app: Flask, settings: Settings) -> None:
    """Log, harden and explain every answer."""
    proxies = int(settings.at_start("AFTERRUN_TRUSTED_PROXIES").value)
    if proxies:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=proxies, x_prefix=proxies
        )
    app.session_interface = SessionCookie()
    install_journal(app)
    install_headers(app)
    install_faults(app, status_of=status_of, refuse_api=refuse_http, refuse_ours=refuse)
    install_assets(app, ROOT / "static")
    install_nav(app)


def _guard_sessions(app: Flask) -> None:
    """Know who is signed in, and refuse forms of other sites; the API authenticates every change by a token instead."""
    login = LoginManager(app)
    login.user_loader(_load_account)
    csrf = CSRFProtect(app)
    for blueprint in _blueprints(api):
        csrf.exempt(blueprint)
    app.add_template_global(generate_csrf, "csrf_token")


def _load_account(remembered: str) -> Account | None:
    return load_account(db.session(), remembered)


def _blueprints(package: ModuleType) -> list[Blueprint]:
    """Return each blueprint of a package's modules once; large sections share one between modules."""
    modules = [
        importlib.import_module(found.name) for found in pkgutil.iter_modules(package.__path__, f"{package.__name__}.")
    ]
    found = [module.blueprint for module in modules if hasattr(module, "blueprint")]
    return list(dict.fromkeys(found))
