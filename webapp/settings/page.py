"""What does the documentation say about settings: a page written from the catalogue."""

from webapp.settings.catalogue import SETTINGS, Kind, Section, Setting

HEAD = """# Settings

*Generated from the catalogue by `make docs`; edit `webapp/settings/catalogue.py` instead.*

Every setting has one name. Its value is taken from the first source that has one:

1. the **environment**: `NAME=value`, or `NAME_FILE=/path` for a file that holds the value (secrets of containers);
2. the **database**: the administrators' pages or `afterrun settings set NAME VALUE`, secrets encrypted;
3. **`config.py`** in the instance folder: `NAME = "value"`, or `NAME = env("OTHER", default="")` for a variable;
4. its **default**.

`afterrun settings list` and the administrators' pages show every value in force and where it came from. The settings
under *Start* are needed before the database is open and come from the environment or `config.py` alone. The instance
folder itself is given by `AFTERRUN_INSTANCE` (default `./instance`).
"""


def page() -> str:
    """Return the whole page as Markdown."""
    return HEAD + "".join(_section(section) for section in Section)


def _section(section: Section) -> str:
    rows = "".join(_row(setting) for setting in SETTINGS if setting.section is section)
    return f"\n## {section}\n\n| name | value | default | |\n|---|---|---|---|\n{rows}"


def _row(setting: Setting) -> str:
    default = setting.default
    shown = ("yes" if default else "no") if isinstance(default, bool) else str(default)
    return f"| `{setting.name}` | {_values(setting)} | {f'`{shown}`' if shown else ''} | {setting.help} |\n"


def _values(setting: Setting) -> str:
    match setting.kind:
        case Kind.CHOICE:
            return ", ".join(f"`{word}`" for word in setting.words)
        case Kind.INTEGER | Kind.NUMBER:
            return f"{setting.kind}, {setting.low:g} to {setting.high:g}"
        case _:
            return str(setting.kind)
