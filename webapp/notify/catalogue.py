"""Which channels are there?"""

from webapp.notify import channels
from webapp.notify.contract import Channel
from webapp.plugins.registry import FUNCTION, Kind, Registry, fill

GROUP = "afterrun.channels"

KIND = Kind(
    word="method",
    group=GROUP,
    attributes={
        "name": str,
        "title": str,
        "address": str,
        "is_ordered": bool,
        "Config": type,
        "find_targets": FUNCTION,
        "render": FUNCTION,
        "send": FUNCTION,
    },
)
Channels = Registry[Channel]


def load_channels() -> Channels:
    """Return every channel: those of this product, then those that other packages offer."""
    return fill(Registry(KIND), channels)
