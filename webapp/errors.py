"""Every exception of ours; no HTTP in it: the doors turn each into an answer."""


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


class SettingError(AfterrunError):
    """A setting has a value that cannot be used; the text names the setting and where the value came from."""
