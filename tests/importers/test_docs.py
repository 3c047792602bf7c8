"""The page about importing: what the registry says, as committed."""

from pathlib import Path

import pytest

from tests.importers.reading import FORMATS
from tests.snapshots import Snapshot
from webapp.api.imports import ImportQuery
from webapp.cli.imports import import_command
from webapp.importers.docs import importing_page

pytestmark = pytest.mark.unit

PAGE = Path(__file__).parents[2] / "docs" / "importing.md"


def test_the_committed_page_is_up_to_date(snapshot: Snapshot) -> None:
    snapshot(PAGE, importing_page(FORMATS))


def test_the_page_names_every_format_parameter_and_option() -> None:
    page = importing_page(FORMATS)
    for name in FORMATS.names:
        assert f"| `{name}` |" in page
        assert f"### {name}" in page
    for name in ImportQuery.__struct_encode_fields__:
        assert f"| `{name}` |" in page
    known = {parameter.opts[0] for parameter in import_command.params if parameter.opts[0].startswith("--")}
    assert {option for option in known if f"`{option}`" not in page} <= {"--json", "--token"}
