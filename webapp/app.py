"""How the parts become one application: the only composer."""

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from flask import Blueprint, Flask

from webapp import api, web
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
    app.config.from_mapping(SQLALCHEMY_DATABASE_URI=f"sqlite:///{instance / 'afterrun.db'}", SECRET_KEY="")
    app.config.from_mapping(config or {})
    db.init_app(app)
    migrate.init_app(app, db, directory=str(ROOT / "webapp" / "store" / "migrations"), render_as_batch=True)
    with app.app_context():
        configure(db.engine)
    for blueprint in _blueprints():
        app.register_blueprint(blueprint)
    return app


def _blueprints() -> Iterator[Blueprint]:
    for package in (web, api):
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            blueprint = getattr(importlib.import_module(module.name), "blueprint", None)
            if blueprint is not None:
                yield blueprint
