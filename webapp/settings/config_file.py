"""What does the instance's `config.py` say: a file of Python whose names in upper case are values."""

import os
from pathlib import Path
from runpy import run_path

from webapp.errors import SettingError


def read_config_file(path: Path) -> dict[str, object]:
    """Run the file and return its names in upper case with their values; none when there is no such file.

    The file may call `env(NAME, default="...")`, as the documented settings of django-uwsgi-taskmanager do.

    Raises:
        SettingError: it cannot be run.
    """
    if not path.is_file():
        return {}
    try:
        names = run_path(str(path), init_globals={"env": read_variable})
    except Exception as error:
        raise SettingError(f"{path} cannot be read: {type(error).__name__}: {error}") from error
    return {name: value for name, value in names.items() if name.isupper()}


def read_variable(name: str, default: str | None = None) -> str:
    """Return a variable of the environment, or the default when it is not there.

    Raises:
        LookupError: it is not there, and there is no default.
    """
    value = os.environ.get(name, default)
    if value is None:
        raise LookupError(f"{name} is not in the environment, and has no default")
    return value
