"""How are columns of numbers kept in a file: a line that names them, then their bytes, in this machine's order."""

from array import array
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from webapp.compare.drafts import draft

Columns = Mapping[str, "array[int] | bytearray"]


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """What the first line says: the columns with their types (`B` is bytes) and sizes, and a text beside them."""

    columns: Sequence[tuple[str, str, int]]
    note: msgspec.Raw


def write_columns(path: Path, columns: Columns, *, note: object) -> None:
    """Write a file; it is there whole or not at all."""
    listed: list[tuple[str, str, int]] = []
    for name, each in columns.items():
        listed.append((name, "B" if isinstance(each, bytearray) else each.typecode, len(each)))
    with draft(path) as made, made.open("wb") as file:
        file.write(msgspec.json.encode(Head(columns=listed, note=msgspec.Raw(msgspec.json.encode(note)))) + b"\n")
        for each in columns.values():
            file.write(each)


def read_columns(path: Path) -> tuple[dict[str, "array[int]"], msgspec.Raw]:
    """Read a file: its columns, and the note as JSON."""
    with path.open("rb") as file:
        head = msgspec.json.decode(file.readline(), type=Head)
        columns: dict[str, array[int]] = {}
        for name, kind, size in head.columns:
            columns[name] = array(kind)
            columns[name].fromfile(file, size)
    return columns, head.note


def read_note(path: Path) -> msgspec.Raw:
    """Read the note alone."""
    with path.open("rb") as file:
        return msgspec.json.decode(file.readline(), type=Head).note
