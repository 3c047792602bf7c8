"""Is one place told once, whatever names it?"""

import pytest

from tests.factories.runs import NOW, record_run
from tests.factories.sites import Site
from tests.servers.receiver import Receiver
from webapp.ingest.services import ServiceFields, put_service
from webapp.notify.destinations import DestinationFields, put_destination
from webapp.store.db import writing

pytestmark = pytest.mark.integration


def test_one_place_is_told_once_whatever_names_it(site: Site, receiver: Receiver) -> None:
    hooks = {"same": f"{receiver.url}/hooks/a", "other": f"{receiver.url}/hooks/b"}
    with writing() as session:
        site.office.settings.put(session, "MATTERMOST_URL", hooks["same"], by_id=None, now=NOW)
        for name, url in hooks.items():
            fields = DestinationFields(channel="mattermost", config={"url": url})
            put_destination(session, site.office, name, fields, by_id=None, now=NOW)
        options = {"send_notification": ["mattermost", "same", "other"]}
        put_service(session, "audit", ServiceFields(options=options), now=NOW)
    uid = record_run(site.app, service="audit")
    site.work()
    assert [(each.to, str(each.state)) for each in site.deliveries(uid)] == [("mattermost", "sent"), ("other", "sent")]
    assert sorted(taken.path for taken in receiver.taken) == ["/hooks/a", "/hooks/b"]
