"""How are messages' templates filled: the instance's own first, in a sandbox, and the built-in one when that fails."""

from collections.abc import Mapping
from pathlib import Path

from jinja2 import FileSystemLoader, StrictUndefined, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

FOLDER = Path("templates", "notify")
BUILT_IN = Path(__file__).resolve().parents[2] / FOLDER

# What a template may raise beside Jinja's own faults: it is a program, though a small one.
_FAULTS = (ArithmeticError, AttributeError, LookupError, OSError, RecursionError, TypeError, ValueError)


class MessageTemplates:
    """The templates of one instance: a file in its folder `templates/notify` stands for the built-in one of that name.

    Args:
        instance: the instance folder; None knows the built-in ones alone.
    """

    def __init__(self, instance: Path | None = None) -> None:
        self._own = instance / FOLDER if instance is not None else None
        self._built_in = _environment(BUILT_IN)
        self._instance = _environment(self._own, BUILT_IN) if self._own is not None else None

    def fill(self, name: str, values: Mapping[str, object]) -> tuple[str, str]:
        """Return a filled template and what was wrong with the instance's own, usually nothing.

        Args:
            name: a file of `templates/notify`, such as `email.txt`; what ends in `.html` is escaped, other is not.
            values: what it may say.
        """
        fault = ""
        if self._instance is not None and self._own is not None and (self._own / name).is_file():
            try:
                return self._instance.get_template(name).render(values), ""
            except (TemplateError, *_FAULTS) as error:
                where = f", line {line}" if (line := getattr(error, "lineno", None)) else ""
                fault = f"{FOLDER / name}{where}: {type(error).__name__}: {error}"[:500]
        return self._built_in.get_template(name).render(values), fault


def _environment(*folders: Path) -> ImmutableSandboxedEnvironment:
    return ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(folders),
        autoescape=lambda name: bool(name and name.endswith(".html")),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
