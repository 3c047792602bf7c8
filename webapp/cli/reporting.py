"""How does a command of any kind become a run: the reporter's own verbs, under one name with ours."""

import sys

import click

from webapp.reporters import afterrun

PASSED_ON = {"ignore_unknown_options": True, "help_option_names": []}


def _passing_on(verb: str, text: str) -> click.Command:
    """Return a verb whose arguments are the reporter's."""

    @click.command(verb, help=text, context_settings=PASSED_ON, add_help_option=False)
    @click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
    def pass_on(arguments: tuple[str, ...]) -> None:
        sys.exit(afterrun.main([verb, *arguments]))

    return pass_on


commands = (
    _passing_on("exec", "Run a command and report it: exec --service NAME -- COMMAND."),
    _passing_on("flush", "Send what could not be sent before."),
)
