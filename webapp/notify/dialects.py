"""How is a message written as text: plain, in Slack's mrkdwn, or in Markdown; nothing of a run becomes markup."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote

from webapp.domain.notices import Verbosity
from webapp.notify.digest import Block, Line, blocks_of
from webapp.notify.report import Report
from webapp.notify.room import Part, fit_blocks, write
from webapp.notify.wording import subject_of

# What an address may hold beside letters and digits without ending a link early.
URL_SAFE = "/:?#@!$&'*+,;=%~-._[]"
MARKDOWN_SIGNS = re.compile(r"([\\`*_{}\[\]()#+|~<>!])")
NO_JOIN = "\N{ZERO WIDTH SPACE}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """A way to write text; it is the `Style` that a message's size is measured by.

    Args:
        escape: makes a text harmless outside of code.
        escape_code: makes a text harmless within code.
        link: writes a link with an escaped label.
        strong: writes an escaped text in bold.
        fence: what stands before and behind code.
        bullet: what stands before a line of a list.
        is_linked: whether what a line is about is a link; else only addresses that stand alone are given.
    """

    escape: Callable[[str], str]
    escape_code: Callable[[str], str]
    link: Callable[[str, str], str]
    strong: Callable[[str], str]
    fence: tuple[str, str]
    bullet: str
    is_linked: bool

    def title(self, block: Block) -> str:
        """Return a block's heading."""
        return self.strong(self.escape(block.title))

    def line(self, block: Block, line: Line) -> str:
        """Return one line of a block."""
        if block.is_code:
            return self.escape_code(line.text) or " "
        text = self.escape(line.text)
        if not line.label:
            return self.link(text, line.url) if line.url else text
        name = self.escape(line.label)
        if line.url and self.is_linked:
            name = self.link(name, line.url)
        return f"{self.bullet}{name}: {text}"

    def rest(self, block: Block, left: int) -> str:
        """Return the line that counts what is left out."""
        text = self.escape(f"... and {left:,} more")
        return self.link(text, block.url) if block.url else text

    def frame(self, block: Block) -> tuple[str, str]:
        """Return the fences of code."""
        return self.fence if block.is_code else ("", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message as text: its headline, its paragraphs, the parts these were made from, and what was left out."""

    headline: str
    paragraphs: tuple[str, ...]
    parts: tuple[Part, ...]
    cut: str
    note: str


def compose(report: Report, verbosity: Verbosity, *, dialect: Dialect, room: int, longest: int = 0) -> Message:
    """Return what is said of a run within so many characters, and so many a paragraph."""
    headline = dialect.strong(dialect.escape(subject_of(report)))
    fitted = fit_blocks(blocks_of(report, verbosity), style=dialect, room=room - len(headline) - 2, longest=longest)
    paragraphs = [headline, *(write(part, dialect) for part in fitted.parts)]
    if fitted.note:
        paragraphs.append(dialect.escape(fitted.note))
    return Message(
        headline=headline, paragraphs=tuple(paragraphs), parts=fitted.parts, cut=fitted.cut, note=fitted.note
    )


def escape_mrkdwn(text: str) -> str:
    """Return a text that Slack shows as it is: no mention, link or channel is made of it."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def escape_markdown(text: str) -> str:
    """Return a text that Mattermost shows as it is; a mention is broken by a space that nobody sees."""
    return MARKDOWN_SIGNS.sub(r"\\\1", text).replace("@", f"@{NO_JOIN}")


def _same(text: str) -> str:
    return text


def _safe_url(url: str) -> str:
    return quote(url, safe=URL_SAFE, errors="replace")


def _mrkdwn_link(label: str, url: str) -> str:
    return f"<{escape_mrkdwn(_safe_url(url))}|{label}>"


def _mrkdwn_code(text: str) -> str:
    return escape_mrkdwn(text.replace("```", "'''"))


def _markdown_link(label: str, url: str) -> str:
    return f"[{label}]({_safe_url(url).replace('[', '%5B').replace(']', '%5D')})"


def _markdown_code(text: str) -> str:
    return text.replace("```", "'''")


def _plain_link(label: str, url: str) -> str:
    return f"{label}: {url}"


def _starred(text: str) -> str:
    return f"*{text}*"


def _twice_starred(text: str) -> str:
    return f"**{text}**"


PLAIN = Dialect(
    escape=_same, escape_code=_same, link=_plain_link, strong=_same, fence=("", ""), bullet="  ", is_linked=False
)
MRKDWN = Dialect(
    escape=escape_mrkdwn,
    escape_code=_mrkdwn_code,
    link=_mrkdwn_link,
    strong=_starred,
    fence=("```\n", "\n```"),
    bullet="\N{BULLET} ",
    is_linked=True,
)
MARKDOWN = Dialect(
    escape=escape_markdown,
    escape_code=_markdown_code,
    link=_markdown_link,
    strong=_twice_starred,
    fence=("```text\n", "\n```"),
    bullet="- ",
    is_linked=True,
)
