"""What does the page about importing say: how files come in, and a table of formats made from the registry."""

import inspect

from webapp.importers.catalogue import GROUP, Formats
from webapp.importers.contract import Format

_INTRODUCTION = """\
<!-- Generated from the registry of formats: `make docs` writes it anew. -->

# Importing files

What other tools leave behind as files becomes runs: test results as cases, results by device as device results. A file
is read to its end before anything of it is stored; a faulty one leaves nothing behind, and the answer names the file,
the line or member, and what was expected there.

    afterrun import results.xml --service shop-tests
    curl -H "Authorization: Bearer $AFTERRUN_TOKEN" --data-binary @results.xml \\
        "$AFTERRUN_URL/api/v1/import?service=shop-tests"
    curl -H "Authorization: Bearer $AFTERRUN_TOKEN" -F f=@unit.xml -F f=@devices.json \\
        "$AFTERRUN_URL/api/v1/import?service=shop-tests"

`afterrun import` sends to the server of `--url` or AFTERRUN_URL; without one, or with `--local`, it puts the files
straight into this instance's database. The answer lists the runs with their addresses, in the order of the files.

| parameter | option | what it says |
|---|---|---|
| `format` | `--format` | what the files are; `auto` looks at the beginning of each |
| `service` | `--service` | whose run it is; needed unless the file says so itself |
| `run` | `--run` | the uid of the run that the files are attempts of; without it each file is a run |
| `attempt` | `--attempt` | the attempt that the first file is, or the first attempt in a file; 1 without |
| `key` | `--key` | the run's name elsewhere, such as `gh:123`; the same key again is the same run, unchanged |
| `device` | `--device` | the device of test cases that name none |
| `device_from` | `--device-from` | where JUnit cases name it: `hostname`, or `property` (the one named `device`) |
| `suite` | `--suite` | the suite of test cases that name none |

- A body or form may have 256 MiB after unpacking; `Content-Encoding: gzip` and `zstd` are unpacked.
- The same file sent to the same run and attempt again adds nothing. For a file that becomes a run of its own, a `key`
  makes sending again safe.
- A run that is going on is not ended by a file that is added to it; one that was made by the import has ended.
- Control characters and escapes in names are removed, faulty UTF-8 in XML becomes U+FFFD. A name that is too long is
  cut and ends in a hash of the whole, so that two such names stay apart.

## Formats

| name | what | files |
|---|---|---|
"""

_OWN = f"""\
## Writing a format

A format is a module with `name`, `title`, `suffixes`, `sniff(head)` and `read(stream, *, options)`; its docstring
is its section above. `webapp/importers/contract.py` says what each must do. `read` yields messages; numbers, service,
device, attempts, and a missing beginning and end of the run are filled in for it, and every message is checked.

In this repository it is one file in `webapp/importers/formats/` and a sample in `tests/samples/importers/<name>/`; the
contract tests find both. In a package of your own, name the module as an entry point:

    [project.entry-points."{GROUP}"]
    mine = "my_package.my_format"

One that can't be loaded does not stop the server; asking for it says why.
"""


def importing_page(formats: Formats) -> str:
    """Return the page, in Markdown."""
    rows = "".join(f"| `{each.name}` | {each.title} | {_files(each)} |\n" for each in formats)
    sections = "\n".join(f"### {each.name}\n\n{inspect.cleandoc(each.__doc__ or '')}\n" for each in formats)
    return f"{_INTRODUCTION}{rows}\n{sections}\n{_OWN}"


def _files(each: Format) -> str:
    return ", ".join(f"`{suffix}`" for suffix in each.suffixes)
