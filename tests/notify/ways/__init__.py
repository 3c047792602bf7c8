"""How is each channel brought before a server that takes, refuses, is busy or says nothing? One module a channel.

`target()` is whom its messages are written for. `healthy`, `refusing`, `busy` and `silent` are context managers: each
starts a server and yields the way there.
"""

from dataclasses import dataclass, field

from webapp.notify.contract import Target

SECRET = "hunter2hunter2"


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A configuration that leads to a server, and whom to tell there; its secrets all begin with SECRET."""

    config: dict[str, object]
    target: Target = field(default_factory=Target)
