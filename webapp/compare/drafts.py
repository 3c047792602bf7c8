"""How does a file become visible whole or not at all, whoever else writes the same one at the same moment?"""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def draft(path: Path) -> Iterator[Path]:
    """Yield a path of its own to write to, which takes the place of the file at the end of the block."""
    made = path.with_name(f"{path.name}.{os.getpid()}-{threading.get_ident()}")
    try:
        yield made
        made.replace(path)
    finally:
        made.unlink(missing_ok=True)


def write_whole(path: Path, data: bytes) -> None:
    """Write a file at once."""
    with draft(path) as made:
        made.write_bytes(data)
