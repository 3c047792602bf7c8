"""How the tests of importers read: a text of a format as messages, and messages as the text that is recorded."""

import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from webapp.domain.messages import AnyEvent
from webapp.importers.catalogue import AUTO, choose_format, load_formats
from webapp.importers.contract import ImportOptions
from webapp.importers.reading import read_messages

SAMPLES = Path(__file__).resolve().parents[1] / "samples" / "importers"
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
FORMATS = load_formats()


def options(**given: Any) -> ImportOptions:
    """Return what is known of a file, at a fixed moment."""
    return ImportOptions(**{"now": NOW, "service": "lab", **given})


def read(text: str | bytes, name: str = AUTO, **given: Any) -> list[AnyEvent]:
    """Return what a file with this text says."""
    stream = io.BytesIO(text.encode() if isinstance(text, str) else text)
    return list(read_messages(choose_format(FORMATS, name, stream), stream, options=options(**given)))


def recorded(events: list[AnyEvent]) -> str:
    """Return messages as indented JSON, in the order of their fields, without those that say nothing."""
    lines = []
    for event in events:
        members = json.loads(msgspec.json.encode({"type": event.__struct_config__.tag, **_fields(event)}))
        lines.append(json.dumps(members, indent=2, ensure_ascii=True))
    return "[\n" + ",\n".join(lines) + "\n]\n"


def samples() -> list[Path]:
    """Return the recorded inputs of every format."""
    return sorted(SAMPLES.glob("*/in.*"))


def _fields(event: AnyEvent) -> dict[str, Any]:
    fields = {name: getattr(event, name) for name in event.__struct_fields__}
    return {name: value for name, value in fields.items() if value is not None and value != msgspec.Raw()}
