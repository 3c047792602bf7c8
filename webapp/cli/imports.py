"""How do files of other tools become runs from a shell: sent to a server, or put into this instance's own database."""

import urllib.parse
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import cast

import click

from webapp.cli.context import as_json, entered_app, print_rows, settings_of
from webapp.clock import now
from webapp.domain.access import Caller, Role, Scope
from webapp.errors import AfterrunError
from webapp.importers.catalogue import AUTO, EXTENSION
from webapp.importers.contract import DeviceFrom, ImportOptions
from webapp.ingest.imports import ImportFile, ImportRequest, import_files
from webapp.reporters.afterrun import AwayError, DeniedError, RefusedError, Wire, read_settings
from webapp.store.db import reading

TIMEOUT_S = 600
BINARY = "application/octet-stream"
SERVER_ITSELF = Caller(user_id=None, name="", role=Role.ADMIN, scopes=frozenset({Scope.ADMIN}))

Row = dict[str, object]
Options = dict[str, str]


@click.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--service", default="", help="Whose run it is, unless the file says so itself.")
@click.option("--format", default=AUTO, show_default=True, help="What the files are: junit, nornir, ...")
@click.option("--device", default="", help="The device of cases that name none.")
@click.option("--device-from", type=click.Choice(["hostname", "property"]), help="Where JUnit cases name their device.")
@click.option("--suite", default="", help="The suite of cases that name none.")
@click.option("--run", default="", help="The run that the files are attempts of, by its uid.")
@click.option("--attempt", default=1, show_default=True, type=click.IntRange(1), help="The attempt of the first file.")
@click.option("--key", default="", help="The run's name elsewhere, such as gh:123: the same key is the same run.")
@click.option("--url", default="", help="The server; AFTERRUN_URL without. Without both: this instance's database.")
@click.option("--token", default="", help="The token for the server; AFTERRUN_TOKEN without.")
@click.option("--local", "is_local", is_flag=True, help="Put them into this instance's database in any case.")
@as_json
def import_command(
    files: tuple[Path, ...], *, url: str, token: str, is_local: bool, is_json: bool, **given: str | int | None
) -> None:
    """Import FILES of other tools: test results and results by device. Each file becomes a run.

    A file is read to its end before anything of it is kept; what is faulty is named with its line.
    """
    options = {name: str(value) for name, value in given.items() if value}
    server = read_settings(url, token)
    is_remote = bool(server.url) and not is_local
    rows = _send(files, options, Wire(server.url, server.token)) if is_remote else _store(files, options)
    print_rows(rows, is_json=is_json)


def _send(files: Sequence[Path], options: Options, wire: Wire) -> list[Row]:
    """Send the files one after the other; at the first refusal, the ones before it are imported already."""
    wire.timeout_s = TIMEOUT_S
    rows: list[Row] = []
    for number, path in enumerate(files):
        asked = dict(options)
        if "run" in asked:
            asked["attempt"] = str(int(asked["attempt"]) + number)
        try:
            with path.open("rb") as stream:
                answer = wire.send("POST", f"/import?{urllib.parse.urlencode(asked)}", stream, BINARY)
        except RefusedError as error:
            done = f"; {number} of {len(files)} files are imported" if number else ""
            raise AfterrunError(f"{path}: {error}{done}") from error
        except (AwayError, DeniedError) as error:
            raise AfterrunError(f"{path} is not imported: {error}") from error
        found = answer.get("runs")
        rows += [dict(run) for run in found] if isinstance(found, list) else []
    return rows


def _store(files: Iterable[Path], options: Options) -> list[Row]:
    known = ImportOptions(
        now=now(),
        service=options.get("service", ""),
        device=options.get("device", ""),
        suite=options.get("suite", ""),
        attempt=int(options["attempt"]),
        device_from=cast("DeviceFrom", options.get("device_from", "")),
    )
    wanted = ImportRequest(
        options=known, format=options["format"], run=options.get("run", ""), key=options.get("key", "")
    )
    with entered_app() as app, ExitStack() as opened:
        streams = [ImportFile(name=str(path), stream=opened.enter_context(path.open("rb"))) for path in files]
        runs = import_files(streams, wanted, formats=app.extensions[EXTENSION], caller=SERVER_ITSELF)
        with reading() as session:
            address = settings_of(app).server_address(session)
    return [
        {
            "uid": each.run.uid,
            "service": each.run.service,
            "number": each.run.number,
            "url": f"{address}/runs/{each.run.uid}",
        }
        for each in runs
    ]


commands = (import_command,)
