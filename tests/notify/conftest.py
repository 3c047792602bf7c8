"""What tests of notices may ask for: a site that speaks to a receiver and a mail server on loopback."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.factories.sites import Site, opened_site
from tests.servers.certificates import Certificates
from tests.servers.mail import PASSWORD, USER, MailPeer

URL = "https://runs.example.org"


@pytest.fixture
def mailing(mail_server: MailPeer, certificates: Certificates) -> dict[str, Any]:
    """Return the settings with which mail reaches the test's server."""
    return {
        "MAIL_SERVER": "localhost",
        "MAIL_PORT": mail_server.port,
        "MAIL_USERNAME": USER,
        "MAIL_PASSWORD": PASSWORD,
        "MAIL_SENDER": "runs@example.org",
        "CALLBACK_CA_BUNDLE": str(certificates.authority),
    }


@pytest.fixture
def site(tmp_path: Path, own_database: dict[str, object], mailing: dict[str, Any]) -> Iterator[Site]:
    """Return a site with ada and bob, who have mail addresses, and eve, who has none."""
    config = {**own_database, **mailing, "CALLBACK_ALLOW_PRIVATE": ["127.0.0.0/8"], "AFTERRUN_URL": URL}
    with opened_site(tmp_path / "instance", config) as site:
        site.add_user("ada", email="ada@example.org", irc=("ada", "irc.example.org"))
        site.add_user("bob", email="bob@example.org")
        site.add_user("eve")
        yield site
