"""Is the database up to date, and how is it saved: typed."""

from pathlib import Path

import click

from webapp.cli.context import as_json, entered_app, make_app, print_value
from webapp.clock import now
from webapp.errors import SettingError
from webapp.settings.catalogue import CONFIG
from webapp.settings.vault import KEY_FILE
from webapp.store.backup import save_copy
from webapp.store.integrity import check_database
from webapp.store.schema import find_differences, find_revision, newest_revision, upgrade

CHECK_S = 3600.0
TEMPLATES = "templates/notify"


@click.group()
def db() -> None:
    """Upgrade and check the database."""


@db.command("upgrade")
@as_json
def upgrade_database(*, is_json: bool) -> None:
    """Bring the tables to this release; `serve` and `worker` do it by themselves."""
    with make_app().app_context():
        upgrade()
        revision = find_revision()
    print_value({"revision": revision}, f"The database is at {revision}.", is_json=is_json)


@db.command("check")
@as_json
def check(*, is_json: bool) -> None:
    """Look through the whole database, compare its tables with this release, and write to it."""
    with make_app().app_context():
        revision, newest = find_revision(), newest_revision()
        if revision != newest:
            raise SettingError(f"the database is at {revision}, this release needs {newest}: run `afterrun db upgrade`")
        differences = find_differences()
        if differences:
            raise SettingError(f"the tables differ from this release: {'; '.join(differences)}")
        found = check_database(now=now(), budget_s=CHECK_S)
    line = f"{found.kind} {found.version}, {found.size:,} bytes, at {revision}: sound."
    print_value({"kind": found.kind, "size": found.size, "revision": revision, "sound": True}, line, is_json=is_json)


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@as_json
def backup(folder: Path, *, is_json: bool) -> None:
    """Save a consistent copy of the SQLite database, the secret key, config.py and own templates into a new FOLDER."""
    with entered_app() as app:
        instance = Path(app.instance_path)
        templates = [str(path.relative_to(instance)) for path in instance.glob(f"{TEMPLATES}/*") if path.is_file()]
        saved = save_copy(folder, instance, extra=(KEY_FILE, CONFIG, *templates))
    print_value({"files": [str(path) for path in saved]}, f"Saved {len(saved)} files in {folder}.", is_json=is_json)


commands = (db, backup)
