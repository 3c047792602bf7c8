"""What does every test of the reporter start from? A home, a spool and a peer of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.reporters.peer import Peer


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let no setting of this machine reach the test."""
    for name in ("URL", "TOKEN", "SPOOL", "RUN"):
        monkeypatch.delenv(f"AFTERRUN_{name}", raising=False)
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(folder))
    return folder


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    """Return a folder that is the spool; nothing is in it, not even itself."""
    return tmp_path / "spool"


@pytest.fixture
def peer() -> Iterator[Peer]:
    """Return a running peer."""
    with Peer() as running:
        yield running
