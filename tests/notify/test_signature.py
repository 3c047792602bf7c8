"""Which key a secret stands for, and that the library that receivers use agrees."""

from datetime import UTC, datetime

import pytest
from standardwebhooks import Webhook

from webapp.notify.signature import sign

pytestmark = pytest.mark.unit

AT = datetime(2026, 11, 22, 12, 0, 5, tzinfo=UTC)


@pytest.mark.parametrize("secret", ["whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz", "whsec_YQ=="])
def test_signature_is_the_librarys(secret: str) -> None:
    headers = sign(b'{"a": 1}', message_id="msg_1", at=AT, secrets=(secret,))
    assert headers == {
        "webhook-id": "msg_1",
        "webhook-timestamp": "1795348805",
        "webhook-signature": Webhook(secret).sign("msg_1", AT, '{"a": 1}'),
    }


def test_any_text_is_a_secret() -> None:
    texts = ("plain", "whsec_not base64!")
    signatures = sign(b"x", message_id="msg_1", at=AT, secrets=texts)["webhook-signature"].split()
    assert len(set(signatures)) == 2
    assert signatures[0] == Webhook(b"plain").sign("msg_1", AT, "x")
