"""Where does a reporter learn which server it reports to, by which way, and where it may write?"""

from pathlib import Path

import pytest

from tests.reporters.peer import Peer
from webapp.reporters.afterrun import Reporter, Settings, Wire, read_settings

pytestmark = pytest.mark.unit


def write_config(home: Path, text: str) -> None:
    (home / ".config").mkdir()
    (home / ".config" / "afterrun.ini").write_text(text, encoding="utf-8")


def test_arguments_come_before_environment_before_file(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_config(home, "[afterrun]\nurl = https://file.example/\ntoken = 100%file\nspool = /file\n")
    assert read_settings() == Settings("https://file.example", "100%file", "/file")
    monkeypatch.setenv("AFTERRUN_URL", "https://environment.example")
    monkeypatch.setenv("AFTERRUN_SPOOL", "/environment")
    assert read_settings() == Settings("https://environment.example", "100%file", "/environment")
    assert read_settings(url="https://argument.example/x/").url == "https://argument.example/x"


def test_config_folder_can_be_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "afterrun.ini").write_text("[afterrun]\ntoken: abc\n", encoding="utf-8")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert read_settings().token == "abc"


@pytest.mark.parametrize("text", ["url = x\n", "[afterrun\n", "[afterrun]\nurl\n", "\x00[]", "[other]\nurl = x\n"])
def test_faulty_file_is_not_fatal(home: Path, text: str, capfd: pytest.CaptureFixture[str]) -> None:
    write_config(home, text)
    assert read_settings() == Settings("", "", "")
    assert ("is not used" in capfd.readouterr().err) == ("[other]" not in text)


def test_no_home_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HOME")
    monkeypatch.setattr("pwd.getpwuid", lambda _: (_ for _ in ()).throw(KeyError))
    assert read_settings(url="http://x") == Settings("http://x", "", "")


@pytest.mark.integration
def test_proxy_is_not_used_for_this_machine(peer: Peer, spool: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with Reporter(peer.url, peer.token, service="x", spool=spool) as run:
        pass
    assert run.is_delivered


@pytest.mark.integration
def test_proxy_is_used_for_other_machines(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", peer.url)
    assert Wire("http://afterrun.example", "secret").send("PUT", "/runs/x", b"{}", "application/json") == {}
    assert peer.requests == [("PUT", "http://afterrun.example/api/v1/runs/x")]


@pytest.mark.integration
def test_odd_token_is_not_shown(peer: Peer, spool: Path, capfd: pytest.CaptureFixture[str]) -> None:
    run = Reporter(peer.url, "se\ncret", service="x", spool=spool)
    run.close(deadline=0.3)
    said = capfd.readouterr().err
    assert "cannot be asked" in said
    assert "cret" not in said
