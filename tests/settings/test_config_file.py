"""Does `config.py` give values, and read variables as django-uwsgi-taskmanager's documented settings do?"""

from pathlib import Path

import pytest

from webapp.errors import SettingError
from webapp.settings.config_file import read_config_file

pytestmark = pytest.mark.unit


def test_names_in_upper_case_are_values(tmp_path: Path) -> None:
    (tmp_path / "config.py").write_text("import os\nport = 25\nMAIL_PORT = port + 1\n")
    assert read_config_file(tmp_path / "config.py") == {"MAIL_PORT": 26}
    assert read_config_file(tmp_path / "no.py") == {}


def test_variable_of_the_environment_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEAM_TOKEN", "xoxb-1")
    (tmp_path / "config.py").write_text("A = env('TEAM_TOKEN')\nB = env('NO_SUCH_TEAM', default='')\n")
    assert read_config_file(tmp_path / "config.py") == {"A": "xoxb-1", "B": ""}


def test_variable_without_default_is_named(tmp_path: Path) -> None:
    (tmp_path / "config.py").write_text("A = env('NO_SUCH_TEAM')\n")
    with pytest.raises(SettingError, match=r"config\.py cannot be read: LookupError: .*NO_SUCH_TEAM is not in the"):
        read_config_file(tmp_path / "config.py")
