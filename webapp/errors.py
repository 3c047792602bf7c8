"""Every exception of ours; no HTTP in it: the doors turn each into an answer."""

import unicodedata


class AfterrunError(Exception):
    """Anything this product refuses or fails at, with a sentence for the person who caused it."""


class NotFoundError(AfterrunError):
    """A named thing does not exist, or the asker may not know that it does."""


class InvalidError(AfterrunError):
    """Input that was refused at the door.

    Args:
        faults: every fault found, each with the place ("line 3: result", "labels[0]") and what was expected there.
        acked: the highest sequence number that is already stored, for a stream of events.
    """

    def __init__(self, *faults: tuple[str, str], acked: int | None = None) -> None:
        """Keep every fault; the first one is the exception's text."""
        self.faults = list(faults)
        self.acked = acked
        super().__init__("; ".join(f"{path}: {message}" if path else message for path, message in faults))


class TooLargeError(AfterrunError):
    """A body, batch or value over a limit; the text says which limit."""


class GapError(AfterrunError):
    """Something between what is stored and what was sent is missing.

    Args:
        expected: the next sequence number, or the next byte offset, that can be stored.
    """

    def __init__(self, message: str, *, expected: int) -> None:
        """Keep where the sender has to go on from."""
        self.expected = expected
        super().__init__(message)


class ForbiddenError(AfterrunError):
    """The asker is known and may not do this."""


class ConflictError(AfterrunError):
    """The request contradicts what is stored, such as a name that is taken."""


class BusyError(AfterrunError):
    """The server has no room for this now; asking again later may succeed."""

    retry_after_s = 5


class StorageError(BusyError):
    """The database or a disk takes and gives nothing now, so that not even who asks can be looked up."""


class SettingError(AfterrunError):
    """A setting has a value that cannot be used; the text names the setting and where the value came from."""


CARET_ROOM = 60
_UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


class QueryError(AfterrunError):
    """A filter text that cannot be read.

    Args:
        message: what is wrong and what was expected.
        position: the first faulty character, counted from 0.
        length: how many characters are at fault, at least 1.
        text: the filter text.
    """

    def __init__(self, message: str, *, position: int, length: int, text: str) -> None:
        """Keep where the fault is."""
        self.position = position
        self.length = max(length, 1)
        self.text = text
        super().__init__(message)

    def caret(self) -> str:
        """Return two lines: the text around the fault, harmless to print, and carets under the faulty word."""
        start = max(self.position - CARET_ROOM, 0)
        stop = min(self.position + min(self.length, CARET_ROOM) + CARET_ROOM, len(self.text))
        head = ("…" if start else "") + _printable(self.text[start : self.position])
        fault = _printable(self.text[self.position : self.position + self.length][: stop - self.position])
        rest = _printable(self.text[self.position + len(fault) : stop]) + ("…" if stop < len(self.text) else "")
        return f"{head}{fault}{rest}\n{' ' * _columns(head)}{'^' * max(_columns(fault), 1)}"


def _printable(text: str) -> str:
    flat = "".join(" " if char in "\t\n\r" else char for char in text)
    return "".join("\N{REPLACEMENT CHARACTER}" if unicodedata.category(c) in _UNPRINTABLE else c for c in flat)


def _columns(text: str) -> int:
    widths = (0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
    return sum(widths)
