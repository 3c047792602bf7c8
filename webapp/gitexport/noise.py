"""Which device files stay as they are in Git, because nothing that matters has changed?"""

from collections.abc import Callable, Mapping, Sequence

from webapp.gitexport.repository import Cache

# Says of pairs of JSON texts, older and newer, whether nothing that matters has changed.
Alike = Callable[[Sequence[tuple[bytes, bytes]]], Sequence[bool]]
Files = Sequence[tuple[str, bytes]]


class Keeper:
    """Chooses between a device's file at the branch's tip and its new one.

    Args:
        cache: the branch.
        tip: its newest commit.
        folder: the service's folder.
        alike: what is no change.
    """

    def __init__(self, cache: Cache, *, tip: str, folder: str, alike: Alike) -> None:
        self._cache = cache
        self._place = f"{tip}:{folder}"
        self._alike = alike

    def choose(self, files: Files) -> list[bytes]:
        """Return the text of each file: the one in Git where the new one, given by path, is alike."""
        old = self._cache.read_files([f"{self._place}/{path}" for path, _ in files])
        return self._chosen(files, {path: text for (path, _), text in zip(files, old, strict=True) if text})

    def _chosen(self, files: Files, old: Mapping[str, bytes]) -> list[bytes]:
        changed = [(path, text) for path, text in files if path in old and old[path] != text]
        verdicts = self._alike([(old[path], text) for path, text in changed])
        kept = {path for (path, _), is_alike in zip(changed, verdicts, strict=True) if is_alike}
        return [old[path] if path in kept else text for path, text in files]
