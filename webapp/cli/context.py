"""What every verb has at hand: the application, its database, and one way to print."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import click
from flask import Flask

from webapp.errors import NotFoundError
from webapp.settings.resolve import Settings
from webapp.store import accounts as store
from webapp.store.db import Session
from webapp.store.schema import require_current

SETTINGS_KEY = "afterrun.settings"
Row = Mapping[str, object]

as_json = click.option("--json", "is_json", is_flag=True, help="Print JSON.")


def make_app() -> Flask:
    """Return the application of AFTERRUN_INSTANCE."""
    factory: Callable[[], Flask] = click.get_current_context().obj
    return factory()


def settings_of(app: Flask) -> Settings:
    """Return the settings of an application."""
    found: Settings = app.extensions[SETTINGS_KEY]
    return found


@contextmanager
def entered_app() -> Iterator[Flask]:
    """Yield the application with its context entered, on tables of this release."""
    app = make_app()
    with app.app_context():
        require_current()
        yield app


def get_user(session: Session, name: str) -> store.User:
    """Return a person by name."""
    user = store.find_user_by_name(session, name)
    if user is None:
        raise NotFoundError(f"there is no account {name!r}; `afterrun user list` shows them all")
    return user


def print_rows(rows: Sequence[Row], *, is_json: bool) -> None:
    """Print rows as JSON, or as columns."""
    if is_json:
        click.echo(json.dumps([dict(row) for row in rows], indent=2, default=str))
        return
    if not rows:
        return
    names = list(rows[0])
    cells = [[_shown(row[name]) for name in names] for row in rows]
    widths = [max(len(name), *(len(row[n]) for row in cells)) for n, name in enumerate(names)]
    for line in ([name.upper() for name in names], *cells):
        click.echo("  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip())


def print_value(value: Row, line: str, *, is_json: bool) -> None:
    """Print one thing as JSON, or as the line that says it."""
    click.echo(json.dumps(dict(value), default=str) if is_json else line)


def _shown(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ",".join(str(each) for each in value) or "-"
    text = str(value) or "-"
    return "".join(char if char.isprintable() else "?" for char in text)
