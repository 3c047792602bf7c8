"""How the parts become one application: the only composer."""

import importlib
import pkgutil
import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType

from flask import Blueprint, Flask
from flask_login import LoginManager
from flask_wtf.csrf import CSRFProtect, generate_csrf

from webapp import api, web
from webapp.accounts.people import Account
from webapp.accounts.sessions import load_account
from webapp.store import models  # noqa: F401  (knows every table)
from webapp.store.db import configure, db, migrate

ROOT = Path(__file__).resolve().parent.parent


def create_app(instance: Path | None = None, *, config: Mapping[str, object] | None = None) -> Flask:
    """Build the application.

    Args:
        instance: the folder of databases, keys and `config.py`; `./instance` beside the package when not given.
        config: values that win over every other source, for tests and tools.
    """
    instance = (instance or ROOT / "instance").resolve()
    instance.mkdir(parents=True, exist_ok=True)
    app = Flask(
        "webapp",
        root_path=str(ROOT / "webapp"),
        instance_path=str(instance),
        template_folder=str(ROOT / "templates"),
        static_folder=None,
    )
    app.config.from_mapping(
        SQLALCHEMY_DATABASE_URI=f"sqlite:///{instance / 'afterrun.db'}", SECRET_KEY=secrets.token_hex()
    )
    app.config.from_mapping(config or {})
    db.init_app(app)
    migrate.init_app(app, db, directory=str(ROOT / "webapp" / "store" / "migrations"), render_as_batch=True)
    with app.app_context():
        configure(db.engine)
    _guard_sessions(app)
    for blueprint in _blueprints(web):
        app.register_blueprint(blueprint)
    for blueprint in _blueprints(api):
        app.register_blueprint(blueprint)
    return app


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


def _blueprints(package: ModuleType) -> Iterator[Blueprint]:
    for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        blueprint = getattr(importlib.import_module(module.name), "blueprint", None)
        if blueprint is not None:
            yield blueprint
