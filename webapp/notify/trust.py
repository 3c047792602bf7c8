"""Whose certificates are believed: the usual authorities and a file of the operator's."""

import ssl
from functools import lru_cache

import certifi

from webapp.errors import SettingError


@lru_cache(maxsize=8)
def trusting(ca_bundle: str) -> ssl.SSLContext:
    """Return a context that trusts the system's and the usual authorities, and those of a file.

    Made once for each file, because reading hundreds of certificates costs more than sending a message.

    Raises:
        SettingError: the file holds no certificates.
    """
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    if ca_bundle:
        try:
            context.load_verify_locations(ca_bundle)
        except OSError as error:
            raise SettingError(f"CALLBACK_CA_BUNDLE: {ca_bundle} holds no certificates that can be read") from error
    return context


def say_untrusted(host: str, error: ssl.SSLCertVerificationError) -> str:
    """Say that a host's certificate is not believed, and what an operator can do about that."""
    fault = error.verify_message
    return f"the certificate of {host} is not trusted: {fault} (CALLBACK_CA_BUNDLE names a file of more authorities)"


@lru_cache(maxsize=1)
def blind() -> ssl.SSLContext:
    """Return a context that looks at no certificate, for a host whose verification was switched off."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
