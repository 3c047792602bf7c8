"""The page about channels: what the registry says, as committed."""

from pathlib import Path

import pytest

from tests.factories.reports import with_data
from tests.snapshots import Snapshot
from webapp.domain.outcome import RunStatus
from webapp.notify.callbacks import PLACEHOLDERS, data_of
from webapp.notify.catalogue import load_channels
from webapp.notify.contract import Callback
from webapp.notify.docs import channels_page
from webapp.notify.render import BUILT_IN
from webapp.plugins.fields import options_of

pytestmark = pytest.mark.unit

PAGE = Path(__file__).parents[2] / "docs" / "channels.md"
CHANNELS = load_channels()


def test_the_committed_page_is_up_to_date(snapshot: Snapshot) -> None:
    snapshot(PAGE, channels_page(CHANNELS))


def test_the_page_names_everything_there_is() -> None:
    page = channels_page(CHANNELS)
    names = [*PLACEHOLDERS, *data_of(with_data(), Callback()), *(path.name for path in BUILT_IN.iterdir())]
    for channel in CHANNELS:
        names += [channel.name, *options_of(channel.Config)]
    assert [name for name in names if f"`{name}`" not in page and f"`{{{name}}}`" not in page] == []
    assert len(RunStatus) == 5  # as many as the page has numbers for
