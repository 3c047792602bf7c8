"""How do the settings of a section stand on their page: in which groups, and what explains each?

A setting that no group names still has its place, in the last group of its section.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from webapp.settings.catalogue import SETTINGS, Section, Setting

WORDS = {
    "ca": "CA", "irc": "IRC", "nickserv": "NickServ", "sasl": "SASL", "ssl": "SSL", "tls": "TLS", "url": "URL",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Settings that belong together, with what explains them."""

    title: str
    text: str
    names: tuple[str, ...]


def _group(title: str, text: str, *names: str) -> Group:
    return Group(title=title, text=text, names=names)


LEADS: Mapping[Section, str] = {
    Section.START: "Needed before the database is open: set these in the environment or config.py, then restart.",
    Section.GENERAL: "What the whole server goes by.",
    Section.RUNS: "How long runs are kept, and when one that says nothing is given up.",
    Section.MAIL: "Messages go out through a mail server of yours.",
    Section.SLACK: "By a bot, or by an incoming webhook.",
    Section.MATTERMOST: "By an incoming webhook.",
    Section.IRC: "One line for each run, by a client of its own.",
    Section.GIT: "Where results are kept as files, with their history.",
    Section.NOTICES: "Who is told of every run, and where callbacks may go.",
}

GROUPS: Mapping[Section, tuple[Group, ...]] = {
    Section.MAIL: (
        _group(
            "Server",
            "Takes the mail of this server. Certificates are checked.",
            *("MAIL_SERVER", "MAIL_PORT", "MAIL_USE_TLS", "MAIL_USE_SSL"),
        ),
        _group("Sign-in", "Leave the name empty when the server asks for none.", "MAIL_USERNAME", "MAIL_PASSWORD"),
        _group("Addresses", "A service may name recipients of its own.", "MAIL_SENDER", "MAIL_RECIPIENTS"),
    ),
    Section.SLACK: (
        _group("Bot", "Posts to several channels, keeps threads. Needs chat:write.", "SLACK_TOKEN", "SLACK_CHANNEL"),
        _group("Incoming webhook", "Used when there is no bot; posts to one channel.", "SLACK_WEBHOOK_URL"),
    ),
    Section.IRC: (
        _group(
            "Server",
            "Encrypted unless that is switched off.",
            *("IRC_SERVER", "IRC_PORT", "IRC_USE_TLS", "IRC_VERIFY_CERTIFICATE", "IRC_PASSWORD"),
        ),
        _group("Channels", "Who hears of runs.", "IRC_CHANNEL", "IRC_CHANNEL_KEY", "IRC_USE_NOTICE"),
        _group(
            "Bot",
            "Signs in by SASL or to NickServ, where the server knows its nick.",
            *("IRC_NICK", "IRC_SASL_USERNAME", "IRC_SASL_PASSWORD", "IRC_NICKSERV_PASSWORD"),
        ),
    ),
    Section.NOTICES: (
        _group(
            "Every run", "All handlers as one JSON mapping; or one by one under Destinations.", "NOTIFICATION_HANDLERS"
        ),
        _group("When nothing leaves", "Hears of messages that could not be sent for a day.", "NOTIFY_FALLBACK"),
        _group(
            "Callbacks",
            "Where webhooks may go, those of Slack and Mattermost too. Addresses that are not public are refused "
            "unless they are named here.",
            *("CALLBACK_ALLOWED_HOSTS", "CALLBACK_ALLOW_PRIVATE", "CALLBACK_CA_BUNDLE"),
        ),
    ),
}


def settings_of(section: Section) -> list[Setting]:
    """Return the settings of a section, in the order of the catalogue."""
    return [setting for setting in SETTINGS if setting.section is section]


def groups_of(section: Section) -> list[Group]:
    """Return the groups of a section; together they name each of its settings once."""
    groups = GROUPS.get(section, ())
    named = {name for group in groups for name in group.names}
    rest = tuple(setting.name for setting in settings_of(section) if setting.name not in named)
    if not rest:
        return list(groups)
    return [*groups, Group(title="Further" if groups else section.value, text="", names=rest)]


def label_of(setting: Setting) -> str:
    """Return a setting's name for people, without what its section says already: `MAIL_USE_TLS` is `Use TLS`."""
    first, _, rest = setting.name.partition("_")
    is_known = first.lower() in (setting.section.lower(), "afterrun")
    words = (rest if is_known and rest else setting.name).lower().split("_")
    named = [WORDS.get(word, word) for word in words]
    return " ".join([named[0] if named[0] in WORDS.values() else named[0].capitalize(), *named[1:]])
