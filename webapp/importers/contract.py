"""What is a format: the shape of a module that reads files, and what it is told about the file."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, Literal, Protocol

from webapp.domain.messages import AnyEvent

# A format leaves the numbering to whoever reads its messages.
UNNUMBERED = 1
DeviceFrom = Literal["", "hostname", "property"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportOptions:
    """What is known of a file beside its contents.

    Args:
        now: the moment of the import, for files that say no time.
        service: whose run it is; empty when the file says so itself.
        device: the device that the file is about, for what names none itself.
        suite: the suite of cases that name none themselves.
        attempt: the attempt that the first attempt in the file is.
        device_from: where a format that has both finds a case's device: its `hostname`, or its property `device`.
        is_part: the file belongs to a run that is there already, so it neither begins nor ends one.
    """

    now: datetime
    service: str = ""
    device: str = ""
    suite: str = ""
    attempt: int = 1
    device_from: DeviceFrom = ""
    is_part: bool = False


class Format(Protocol):
    """A way to write down what automation did; a module with these names is one.

    Its docstring is its documentation: the first line says what it reads, the rest what becomes of it.
    """

    @property
    def name(self) -> str:
        """Return the short name, as requests give it: `junit`."""

    @property
    def title(self) -> str:
        """Return the name for people: `JUnit XML`."""

    @property
    def suffixes(self) -> tuple[str, ...]:
        """Return what such files' names end in: `.xml`."""

    def sniff(self, head: bytes) -> bool:
        """Say whether a file that begins like this is of the format; at most the first 64 KiB are given."""

    def read(self, stream: BinaryIO, *, options: ImportOptions) -> Iterator[AnyEvent]:
        """Yield what a file says as messages in order; all with `UNNUMBERED`.

        The stream may be of any size, stands at its start and can be rewound. Service, device, suite, attempt and
        numbers are filled in by whoever reads the messages, and so are a missing beginning and end of the run.

        Raises:
            InvalidError: the file is not of the format; it says where and what was expected there.
            TooLargeError: the file, or a part of it, is larger than the format can take.
        """
