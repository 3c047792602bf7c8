"""What can be typed after `afterrun`: the verbs of every module of this room."""

import importlib
import pkgutil
import sys
from collections.abc import Callable, Sequence

import click
from flask import Flask

from webapp import __version__, cli
from webapp.errors import AfterrunError

EPILOG = "AFTERRUN_INSTANCE names the folder of databases and keys. docs/settings.md lists every other setting."


@click.group(epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="afterrun")
def program() -> None:
    """Keep, show and compare what automation did."""


def run(make_app: Callable[[], Flask], arguments: Sequence[str] | None = None) -> None:
    """Run the command line; a refusal of ours is one sentence and status 1.

    Args:
        make_app: makes the application, for the verbs that need it.
        arguments: what was typed; the process's own without.
    """
    for command in _commands():
        program.add_command(command)
    try:
        program.main(args=arguments, prog_name="afterrun", obj=make_app)
    except AfterrunError as error:
        click.echo(f"afterrun: {error}", err=True)
        sys.exit(1)


def _commands() -> list[click.Command]:
    modules = [importlib.import_module(found.name) for found in pkgutil.iter_modules(cli.__path__, f"{cli.__name__}.")]
    return [command for module in modules for command in getattr(module, "commands", ())]
