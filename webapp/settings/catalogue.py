"""Which settings are there: one line each, from which the environment, the command line and the documentation follow.

A setting's name is the same everywhere: environment variable, line of `instance/config.py`, `afterrun settings`.
"""

import json
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from webapp.errors import SettingError

Value = str | int | float | bool
TRUE_WORDS = frozenset({"1", "true", "yes", "on"})
FALSE_WORDS = frozenset({"0", "false", "no", "off", ""})
MAX_TEXT = 4096
MAX_JSON = 65_536
CONFIG = "config.py"


class Kind(StrEnum):
    """What a setting's value is."""

    TEXT = "text"
    SECRET = "secret"  # noqa: S105  (the word, not a password)
    URL = "URL"
    INTEGER = "integer"
    NUMBER = "number"
    FLAG = "yes or no"
    CHOICE = "choice"
    LIST = "list"
    JSON = "JSON"


class Section(StrEnum):
    """What a setting is about; those of START are needed before the database is open and cannot be kept in it."""

    START = "Start"
    GENERAL = "General"
    RUNS = "Runs"
    MAIL = "Mail"
    SLACK = "Slack"
    MATTERMOST = "Mattermost"
    IRC = "IRC"
    GIT = "Git"
    NOTICES = "Notifications"


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One setting.

    Args:
        name: upper case, the same in every source.
        kind: what its value is.
        default: its value when no source has one.
        section: what it is about.
        help: one sentence for the person who sets it.
        low: the smallest number allowed.
        high: the largest number allowed.
        words: the values of a choice.
        schemes: the schemes a URL may have.
    """

    name: str
    kind: Kind
    default: Value
    section: Section
    help: str
    low: float = 0
    high: float = 1e9
    words: tuple[str, ...] = ()
    schemes: tuple[str, ...] = ()

    @property
    def is_stored(self) -> bool:
        """Say whether its value may be kept in the database."""
        return self.section is not Section.START

    @property
    def is_secret(self) -> bool:
        """Say whether its value must not be shown, and is encrypted in the database; handlers may hold tokens."""
        return self.kind in (Kind.SECRET, Kind.JSON)

    @property
    def env_names(self) -> tuple[str, str]:
        """Return the environment variables that give it: the value itself, and a file that holds the value."""
        return self.name, f"{self.name}_FILE"

    def parse(self, given: object, source: str) -> Value:
        """Return the value that a source means, or say what is wrong with it and where it came from."""
        try:
            return self.read(given, is_file=source == CONFIG)
        except ValueError as error:
            shown = "" if self.is_secret else f" {str(given).strip()[:80]!r}"
            raise SettingError(f"{self.name}{shown} (from {source}): {error}") from None

    def read(self, given: object, *, is_file: bool = False) -> Value:
        """Return the value that somebody means; in a file of Python a list is a list.

        Raises:
            ValueError: it can't be used; the text says what was expected.
        """
        match self.kind:
            case Kind.LIST:
                return _parse_list(given, is_file=is_file)
            case Kind.JSON:
                return _parse_json(given)
            case _:
                return self._parse(str(given).strip())

    def _parse(self, text: str) -> Value:
        if len(text) > MAX_TEXT or not text.isprintable():
            raise ValueError(f"expected at most {MAX_TEXT} printable characters")
        match self.kind:
            case Kind.FLAG:
                return _parse_flag(text)
            case Kind.INTEGER:
                return int(self._bounded(_parse_integer(text)))
            case Kind.NUMBER:
                return self._bounded(_parse_number(text))
            case Kind.CHOICE if text not in self.words:
                raise ValueError(f"expected one of {', '.join(self.words)}")
            case Kind.URL if text and urlsplit(text).scheme not in self.schemes:
                raise ValueError(f"expected an address that begins with {' or '.join(self.schemes)}")
            case _:
                return text

    def _bounded(self, number: float) -> float:
        if not self.low <= number <= self.high:
            raise ValueError(f"expected {self.low:g} to {self.high:g}")
        return number


def _parse_flag(text: str) -> bool:
    if text.lower() in TRUE_WORDS:
        return True
    if text.lower() in FALSE_WORDS:
        return False
    raise ValueError("expected yes or no")


def _parse_list(given: object, *, is_file: bool) -> str:
    """Return the items with commas between; in a file of Python it must be a list, where a text is a mistake."""
    if is_file and not isinstance(given, list | tuple):
        raise ValueError("expected a list, such as ['example.com', '*.example.com']")
    items = given if isinstance(given, list | tuple) else str(given).split(",")
    texts = [str(item).strip() for item in items]
    if any(not isinstance(item, str) or "," in item or not item.isprintable() for item in items):
        raise ValueError("expected a list of texts without commas")
    return ",".join(text for text in texts if text)


def _parse_json(given: object) -> str:
    """Return a mapping as JSON text, empty when there is nothing in it."""
    if isinstance(given, str):
        try:
            given = json.loads(given) if given.strip() else {}
        except ValueError as error:
            raise ValueError(f"expected JSON: {error}") from None
    if not isinstance(given, dict):
        raise ValueError("expected a mapping")  # noqa: TRY004  (a fault of what was given, with its sentence)
    try:
        text = json.dumps(given, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise ValueError(f"expected texts, numbers, lists and mappings: {error}") from None
    if len(text) > MAX_JSON:
        raise ValueError(f"expected at most {MAX_JSON:,} characters")
    return text if given else ""


def _parse_integer(text: str) -> int:
    if not text.lstrip("-").isdecimal() or len(text) > 12:
        raise ValueError("expected a whole number")
    return int(text)


def _parse_number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError("expected a number") from None


def _text(name: str, default: str, section: Section, text: str) -> Setting:
    return Setting(name=name, kind=Kind.TEXT, default=default, section=section, help=text)


def _secret(name: str, section: Section, text: str) -> Setting:
    return Setting(name=name, kind=Kind.SECRET, default="", section=section, help=text)


def _url(name: str, default: str, section: Section, text: str, *schemes: str) -> Setting:
    return Setting(name=name, kind=Kind.URL, default=default, section=section, help=text, schemes=schemes)


def _integer(name: str, default: int, section: Section, text: str, *bounds: float) -> Setting:
    low, high = bounds
    return Setting(name=name, kind=Kind.INTEGER, default=default, section=section, help=text, low=low, high=high)


def _number(name: str, default: float, section: Section, text: str, *bounds: float) -> Setting:
    low, high = bounds
    return Setting(name=name, kind=Kind.NUMBER, default=default, section=section, help=text, low=low, high=high)


def _flag(name: str, section: Section, text: str, *, default: bool = False) -> Setting:
    return Setting(name=name, kind=Kind.FLAG, default=default, section=section, help=text)


def _choice(name: str, default: str, section: Section, text: str, *words: str) -> Setting:
    return Setting(name=name, kind=Kind.CHOICE, default=default, section=section, help=text, words=words)


def _list(name: str, section: Section, text: str) -> Setting:
    return Setting(name=name, kind=Kind.LIST, default="", section=section, help=text)


def _json(name: str, section: Section, text: str) -> Setting:
    return Setting(name=name, kind=Kind.JSON, default="", section=section, help=text)


S = Section
HTTP = ("http", "https")
ENGINES = ("huey", "celery")
DATABASES = ("sqlite", "postgres", "postgresql", "postgresql+psycopg")

SETTINGS: tuple[Setting, ...] = (
    _url("DATABASE_URL", "", S.START, "The database; empty is SQLite in the instance folder.", *DATABASES),
    _text("AFTERRUN_HOST", "127.0.0.1", S.START, "The address to listen on; 0.0.0.0 is every IPv4 address."),
    _integer("AFTERRUN_PORT", 5000, S.START, "The port to listen on; 0 takes any free one.", 0, 65535),
    _integer("AFTERRUN_THREADS", 64, S.START, "Requests answered at the same moment, live pages included.", 8, 2000),
    _integer("AFTERRUN_WORKERS", 8, S.START, "Threads that do the background jobs.", 1, 64),
    _integer("AFTERRUN_TRUSTED_PROXIES", 0, S.START, "Reverse proxies whose X-Forwarded headers are believed.", 0, 10),
    _choice("AFTERRUN_LOG_FORMAT", "human", S.START, "How the server's own log lines look.", "human", "json"),
    _choice("TASK_ENGINE", "huey", S.START, "How jobs come to workers: within a process or by a broker.", *ENGINES),
    _secret("CELERY_BROKER_URL", S.START, "The broker of TASK_ENGINE=celery: an address of amqp:// or redis://."),
    _secret("AFTERRUN_SECRET_KEY", S.START, "Keys that encrypt and sign, newest first, with commas; empty is a file."),
    _list("GIT_LOCAL_ROOTS", S.START, "Folders below which Git repositories of this machine may lie."),
    _url("AFTERRUN_URL", "", S.GENERAL, "The address people use; links in messages begin with it.", *HTTP),
    _integer("AFTERRUN_RETENTION_DAYS", 0, S.RUNS, "Days an ended run is kept; 0 is for ever.", 0, 36500),
    _number("AFTERRUN_HEARTBEAT_FACTOR", 3, S.RUNS, "Silent heartbeat intervals until a run is lost.", 1, 1000),
    _text("MAIL_SERVER", "smtp.googlemail.com", S.MAIL, "The SMTP server."),
    _integer("MAIL_PORT", 587, S.MAIL, "The SMTP server's port.", 1, 65535),
    _flag("MAIL_USE_TLS", S.MAIL, "Whether the connection is encrypted by STARTTLS.", default=True),
    _flag("MAIL_USE_SSL", S.MAIL, "Whether the connection is encrypted from its first byte."),
    _text("MAIL_USERNAME", "", S.MAIL, "The name to sign in to the SMTP server with; empty does not sign in."),
    _secret("MAIL_PASSWORD", S.MAIL, "The password of that name."),
    _text("MAIL_SENDER", "", S.MAIL, "The address that mail comes from; empty sends no mail."),
    _text("MAIL_RECIPIENTS", "", S.MAIL, "Addresses that hear when a service names none, with commas."),
    _secret("SLACK_TOKEN", S.SLACK, "The bot's token."),
    _text("SLACK_CHANNEL", "", S.SLACK, "Names or ids of the channels that the bot posts to, with commas."),
    _secret("SLACK_WEBHOOK_URL", S.SLACK, "The address of an incoming webhook, used when there is no token."),
    _secret("MATTERMOST_URL", S.MATTERMOST, "The address of an incoming webhook."),
    _text("MATTERMOST_CHANNEL", "", S.MATTERMOST, "The channel; empty is the webhook's own."),
    _flag("MATTERMOST_VERIFY_CERTIFICATE", S.MATTERMOST, "Whether its certificate is checked.", default=True),
    _text("IRC_SERVER", "", S.IRC, "The IRC server; empty says nothing there."),
    _integer("IRC_PORT", 6697, S.IRC, "The IRC server's port.", 1, 65535),
    _flag("IRC_USE_TLS", S.IRC, "Whether the connection is encrypted.", default=True),
    _flag("IRC_VERIFY_CERTIFICATE", S.IRC, "Whether the server's certificate is checked.", default=True),
    _text("IRC_NICK", "afterrun", S.IRC, "The name that the bot goes by."),
    _text("IRC_CHANNEL", "", S.IRC, "Channels or nicks that hear of runs, with commas."),
    _secret("IRC_CHANNEL_KEY", S.IRC, "What the channels ask for before one may join."),
    _secret("IRC_PASSWORD", S.IRC, "What the server asks for."),
    _text("IRC_SASL_USERNAME", "", S.IRC, "The account to sign in with by SASL; empty does not sign in."),
    _secret("IRC_SASL_PASSWORD", S.IRC, "The password of that account."),
    _secret("IRC_NICKSERV_PASSWORD", S.IRC, "What NickServ is told; empty tells it nothing."),
    _flag("IRC_USE_NOTICE", S.IRC, "Whether a line is a notice, which other bots do not answer."),
    _text("GIT_AUTOMATION", "", S.GIT, "The address of the automation's own Git repository, as git takes it."),
    _json("NOTIFICATION_HANDLERS", S.NOTICES, "Who hears of every run, by level: a mapping of handlers by name."),
    _text("NOTIFY_FALLBACK", "", S.NOTICES, "The named destination that hears when messages never left for a day."),
    _list("CALLBACK_ALLOWED_HOSTS", S.NOTICES, "Patterns of the only hosts that callbacks may call; empty is any."),
    _list("CALLBACK_ALLOW_PRIVATE", S.NOTICES, "Networks that are not public and may be called, such as 10.0.0.0/8."),
    _text("CALLBACK_CA_BUNDLE", "", S.NOTICES, "A file of more certificates to trust, by mail and IRC too."),
)

BY_NAME = {setting.name: setting for setting in SETTINGS}


def get_setting(name: str) -> Setting:
    """Return a setting by its name."""
    setting = BY_NAME.get(name)
    if setting is None:
        raise SettingError(f"there is no setting {name[:80]!r}; `afterrun settings list` shows them all")
    return setting
