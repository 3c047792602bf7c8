"""What can be configured of a plugin: typed fields, from which forms, checks and documentation follow.

A plugin's configuration is a frozen dataclass whose every field says what it is:

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Config:
        server: str = option(Text(label="Server", help="The SMTP server.", setting="MAIL_SERVER"))
        port: int = option(Integer(label="Port", help="Its port.", default=587, low=1, high=65535))
"""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Protocol, TypeVar
from urllib.parse import urlsplit

from webapp.errors import InvalidError

T = TypeVar("T")
Json = str | int | float | bool | None | list["Json"] | dict[str, "Json"]

TRUE_WORDS = frozenset({"1", "true", "yes", "on"})
FALSE_WORDS = frozenset({"0", "false", "no", "off", ""})
MAX_TEXT = 4096
MASK = "********"
_KEY = "afterrun.option"


class Option(Protocol):
    """One thing that can be configured."""

    @property
    def label(self) -> str:
        """Return the name for people."""

    @property
    def help(self) -> str:
        """Return one sentence for the person who fills it in."""

    @property
    def setting(self) -> str:
        """Return the setting that gives the value when nothing nearer does; empty when there is none."""

    @property
    def is_required(self) -> bool:
        """Say whether an empty value is refused."""

    @property
    def initial(self) -> Any:
        """Return the value when nobody gives one."""

    def parse(self, given: object) -> Any:
        """Return the value that somebody means.

        Raises:
            ValueError: it can't be used; the text says what was expected.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """One line of text."""

    label: str
    help: str
    default: str = ""
    setting: str = ""
    is_required: bool = False
    longest: int = MAX_TEXT

    @property
    def initial(self) -> str:
        """Return the value when nobody gives one."""
        return self.default

    def parse(self, given: object) -> str:
        """Return a line without blanks at its ends."""
        return _line(given, self.longest)


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """A password, token or secret address: kept encrypted, never shown again."""

    label: str
    help: str
    default: str = ""
    setting: str = ""
    is_required: bool = False

    @property
    def initial(self) -> str:
        """Return the value when nobody gives one."""
        return self.default

    def parse(self, given: object) -> str:
        """Return the secret; several lines are allowed, as keys have them."""
        if not isinstance(given, str):
            raise ValueError("expected a text")  # noqa: TRY004  (a fault of what was given, with its sentence)
        text = given.strip()
        if len(text) > 8 * MAX_TEXT or not text.replace("\r", "").replace("\n", "").isprintable():
            raise ValueError(f"expected at most {8 * MAX_TEXT:,} printable characters")
        return text


@dataclass(frozen=True, slots=True, kw_only=True)
class Url:
    """An address that begins with one of the schemes; empty is allowed unless it is required."""

    label: str
    help: str
    default: str = ""
    setting: str = ""
    is_required: bool = False
    schemes: tuple[str, ...] = ("http", "https")

    @property
    def initial(self) -> str:
        """Return the value when nobody gives one."""
        return self.default

    def parse(self, given: object) -> str:
        """Return an address with a host."""
        text = _line(given, MAX_TEXT)
        if not text:
            return ""
        try:
            parts = urlsplit(text)
            is_whole = parts.scheme in self.schemes and bool(parts.hostname) and parts.port != 0
        except ValueError:
            is_whole = False
        if not is_whole:
            raise ValueError(f"expected an address such as {self.schemes[-1]}://host.example/path")
        return text


@dataclass(frozen=True, slots=True, kw_only=True)
class Integer:
    """A whole number within bounds."""

    label: str
    help: str
    default: int = 0
    setting: str = ""
    is_required: bool = False
    low: int = 0
    high: int = 10**9

    @property
    def initial(self) -> int:
        """Return the value when nobody gives one."""
        return self.default

    def parse(self, given: object) -> int:
        """Return a number that is a number or written as one."""
        text = str(given).strip()
        is_number = not isinstance(given, bool | float) and text.removeprefix("-").isdecimal() and len(text) <= 12
        if not is_number or not self.low <= int(text) <= self.high:
            raise ValueError(f"expected a whole number, {self.low:,} to {self.high:,}")
        return int(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """Yes or no."""

    label: str
    help: str
    default: bool = False
    setting: str = ""
    is_required: bool = False

    @property
    def initial(self) -> bool:
        """Return the value when nobody gives one."""
        return self.default

    def parse(self, given: object) -> bool:
        """Return what a truth value or its word says."""
        word = str(given).strip().lower()
        if word not in TRUE_WORDS | FALSE_WORDS:
            raise ValueError("expected yes or no")
        return word in TRUE_WORDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One of a few words."""

    label: str
    help: str
    words: tuple[str, ...]
    default: str = ""
    setting: str = ""
    is_required: bool = False

    @property
    def initial(self) -> str:
        """Return the value when nobody gives one: the first word unless another is the default."""
        return self.default or self.words[0]

    def parse(self, given: object) -> str:
        """Return one of the words."""
        word = str(given).strip()
        if word not in self.words:
            raise ValueError(f"expected one of {', '.join(self.words)}")
        return word


@dataclass(frozen=True, slots=True, kw_only=True)
class ListOf:
    """Several values of one kind: a list, or a text with commas or one a line."""

    label: str
    help: str
    each: Option
    default: tuple[Any, ...] = ()
    setting: str = ""
    is_required: bool = False

    @property
    def initial(self) -> tuple[Any, ...]:
        """Return the value when nobody gives one."""
        return self.default

    def parse(self, given: object) -> tuple[Any, ...]:
        """Return the values, each once, in their order; empty ones are left out."""
        if isinstance(given, str):
            texts: Sequence[object] = given.replace("\n", ",").split(",")
        elif isinstance(given, list | tuple):
            texts = given
        else:
            raise ValueError("expected a list, or values with commas between them")  # noqa: TRY004  (as above)
        values = [self.each.parse(text) for text in texts if str(text).strip()]
        return tuple(dict.fromkeys(values))


def option(what: Option) -> Any:
    """Declare one field of a configuration."""
    return dataclasses.field(default=what.initial, metadata={_KEY: what})


def options_of(config: type) -> dict[str, Option]:
    """Return the options of a configuration by name, in the order they are declared."""
    return {each.name: each.metadata[_KEY] for each in dataclasses.fields(config) if _KEY in each.metadata}


def read_config(config: type[T], given: Mapping[str, object], *, path: str = "", is_partial: bool = False) -> T:
    """Return a configuration made of what somebody gave; what is left out has its initial value.

    Args:
        config: the plugin's configuration class.
        given: values by name.
        path: where they stand, for messages.
        is_partial: whether required ones may be left out, because somebody else gives them.

    Raises:
        InvalidError: values are unknown, missing or can't be used; it names all of them.
    """
    options = options_of(config)
    faults: list[tuple[str, str]] = []
    values: dict[str, object] = {}
    for name, value in given.items():
        what = options.get(name)
        if what is None:
            faults.append((_join(path, name), _unknown(name, options)))
            continue
        try:
            values[name] = what.parse(value)
        except ValueError as error:
            faults.append((_join(path, name), str(error)))
    for name, what in options.items():
        if (
            what.is_required
            and not is_partial
            and not values.get(name, what.initial)
            and not _is_at_fault(faults, _join(path, name))
        ):
            faults.append((_join(path, name), f"expected a value: {what.help}"))
    if faults:
        raise InvalidError(*faults)
    return config(**values)


def dump_config(value: object, *, is_masked: bool = False) -> dict[str, Any]:
    """Return a configuration as JSON values; masked, a secret only says that it is set."""
    shown: dict[str, Any] = {}
    for name, what in options_of(type(value)).items():
        each = getattr(value, name)
        if is_masked and is_secret(what):
            shown[name] = MASK if each else ""
        else:
            shown[name] = list(each) if isinstance(each, tuple) else each
    return shown


def is_secret(what: Option) -> bool:
    """Say whether an option's value must never be shown."""
    return isinstance(what, Secret) or (isinstance(what, ListOf) and is_secret(what.each))


def secrets_of(value: object) -> list[str]:
    """Return the secrets in a configuration, to be masked wherever they might be printed."""
    found: list[str] = []
    for name, what in options_of(type(value)).items():
        if is_secret(what):
            each = getattr(value, name)
            found += [str(text) for text in (each if isinstance(each, tuple) else (each,)) if text]
    return found


def suggest(name: str, known: Iterable[str]) -> str:
    """Return "; did you mean 'x'?" for a known name that is close, else nothing."""
    close = get_close_matches(name, list(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def _unknown(name: str, options: Mapping[str, Option]) -> str:
    known = ", ".join(options) or "nothing, because there is nothing to configure"
    return f"expected one of {known}{suggest(name, options)}"


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _is_at_fault(faults: Iterable[tuple[str, str]], path: str) -> bool:
    return any(place == path for place, _ in faults)


def _line(given: object, longest: int) -> str:
    if not isinstance(given, str | int | float) or isinstance(given, bool):
        raise ValueError("expected a text")  # noqa: TRY004  (a fault of what was given, with its sentence)
    text = str(given).strip()
    if len(text) > longest or not text.isprintable():
        raise ValueError(f"expected at most {longest:,} printable characters on one line")
    return text
