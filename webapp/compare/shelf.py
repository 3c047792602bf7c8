"""Where are texts and comparisons kept between requests: in folders on disk, up to a number of bytes."""

import os
import shutil
import time
from pathlib import Path

KEPT_BYTES = 2 * 1024**3
# A folder used so lately is not removed: somebody may be reading it.
RECENT_S = 120.0
TIDY_S = 60.0


class Shelf:
    """Folders by name; those not used for the longest time make room.

    Args:
        root: where the folders are.
        limit: bytes that stay.
        recent_s: seconds for which a folder stays after its last use, whatever the limit says.
    """

    def __init__(self, root: Path, *, limit: int = KEPT_BYTES, recent_s: float = RECENT_S) -> None:
        self._root = root
        self._limit = limit
        self._recent_s = recent_s
        self._tidied_at = -TIDY_S

    def open(self, name: str) -> Path:
        """Return a folder, empty if it is new, and note that it is used."""
        folder = self._root / name
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.utime(folder)
        return folder

    def tidy(self) -> None:
        """Make room unless that was done a moment ago: looking at thousands of folders takes its time."""
        if time.monotonic() >= self._tidied_at + TIDY_S:
            self.make_room()

    def make_room(self) -> None:
        """Remove what was used longest ago until the rest is within the limit."""
        self._tidied_at = time.monotonic()
        now = time.time()
        sizes = {folder: _size(folder) for folder in self._root.iterdir()} if self._root.exists() else {}
        total = sum(size for size, _ in sizes.values())
        for folder, (size, used_at) in sorted(sizes.items(), key=lambda each: each[1][1]):
            if total <= self._limit or now - used_at < self._recent_s:
                break
            shutil.rmtree(folder, ignore_errors=True)
            total -= size


def _size(folder: Path) -> tuple[int, float]:
    """Return the bytes in a folder, and when it was used; files may vanish meanwhile."""
    total = 0
    for path in folder.glob("*"):
        try:
            total += path.stat().st_size
        except FileNotFoundError:
            continue
    try:
        return total, folder.stat().st_mtime
    except FileNotFoundError:
        return total, 0.0
