"""How is this server set up, typed: settings and their sources, and the keys of the secrets."""

import sys
from pathlib import Path

import click

from webapp.cli.context import as_json, entered_app, print_rows, print_value, settings_of
from webapp.clock import now
from webapp.settings.resolve import Resolved, Settings
from webapp.settings.vault import add_key, drop_old_keys, open_vault
from webapp.store.db import reading, writing


@click.group()
def settings() -> None:
    """Read and change settings."""


def _row(found: Resolved) -> dict[str, object]:
    return {"name": found.setting.name, "value": found.shown, "source": found.source.value}


@settings.command("list")
@as_json
def list_settings(*, is_json: bool) -> None:
    """List every setting in force and where it comes from; secrets only say whether they are set."""
    with entered_app() as app, reading() as session:
        rows = [_row(found) for found in settings_of(app).get_all(session)]
    print_rows(rows, is_json=is_json)


@settings.command("get")
@click.argument("name")
@as_json
def get_setting(name: str, *, is_json: bool) -> None:
    """Print a setting's value in force."""
    with entered_app() as app, reading() as session:
        found = settings_of(app).get(session, name)
    print_value(_row(found), found.shown, is_json=is_json)


@settings.command("set")
@click.argument("name")
@click.argument("value")
@as_json
def set_setting(name: str, value: str, *, is_json: bool) -> None:
    """Keep a setting's value in the database; `-` reads it from standard input, which keeps secrets off the screen."""
    text = sys.stdin.read().rstrip("\n") if value == "-" else value
    with entered_app() as app, writing() as session:
        settings_of(app).put(session, name, text, by_id=None, now=now())
        found = settings_of(app).get(session, name)
    line = f"{name} is {found.shown or 'empty'}, from the {found.source}."
    print_value(_row(found), line, is_json=is_json)


@settings.command("unset")
@click.argument("name")
@as_json
def unset_setting(name: str, *, is_json: bool) -> None:
    """Forget the value in the database; the next source counts again."""
    with entered_app() as app, writing() as session:
        settings_of(app).remove(session, name, by_id=None, now=now())
        found = settings_of(app).get(session, name)
    print_value(_row(found), f"{name} is {found.shown or 'empty'}, from the {found.source}.", is_json=is_json)


@settings.command("rotate-key")
@as_json
def rotate_key(*, is_json: bool) -> None:
    """Make a new secret key, encrypt every stored secret under it, and drop the keys before it; signs everybody out."""
    with entered_app() as app:
        instance = Path(app.instance_path)
        add_key(instance)
        renewed = Settings(environment={}, file={}, vault=open_vault(instance, ""))
        with writing() as session:
            count = renewed.reseal(session, now=now())
        drop_old_keys(instance)
    line = f"The key is new; {count} stored secrets are encrypted under it. Restart the server."
    print_value({"resealed": count}, line, is_json=is_json)


commands = (settings,)
