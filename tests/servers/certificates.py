"""Which certificates do the tests' own servers show: an authority made for the test, and what it signed?"""

import ipaddress
import ssl
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from webapp.clock import now

LASTS = timedelta(days=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificates:
    """Files in the PEM format.

    Args:
        authority: the certificate that clients must trust.
        chain: a server's certificate, good for `localhost` and 127.0.0.1.
        key: that server's key.
        stranger_chain: a certificate for another name, by an authority that nobody trusts.
        stranger_key: its key.
    """

    authority: Path
    chain: Path
    key: Path
    stranger_chain: Path
    stranger_key: Path

    def server_context(self, *, is_stranger: bool = False) -> ssl.SSLContext:
        """Return what a server needs to show the good certificate, or the bad one."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if is_stranger:
            context.load_cert_chain(self.stranger_chain, self.stranger_key)
        else:
            context.load_cert_chain(self.chain, self.key)
        return context


def make_certificates(folder: Path) -> Certificates:
    """Make an authority and two servers' certificates in a folder."""
    authority_key, stranger_key = _new_key(), _new_key()
    authority = _sign("Tests' authority", authority_key, signer=None, names=())
    _write(folder / "authority.pem", authority)
    _issue(folder, "server", signer=(authority, authority_key), name="localhost")
    stranger = _sign("Nobody's authority", stranger_key, signer=None, names=())
    _issue(folder, "stranger", signer=(stranger, stranger_key), name="elsewhere.example")
    return Certificates(
        authority=folder / "authority.pem",
        chain=folder / "server.pem",
        key=folder / "server.key",
        stranger_chain=folder / "stranger.pem",
        stranger_key=folder / "stranger.key",
    )


_Signer = tuple[x509.Certificate, ec.EllipticCurvePrivateKey]


def _new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def _issue(folder: Path, stem: str, *, signer: _Signer, name: str) -> None:
    key = _new_key()
    names = (x509.DNSName(name), x509.IPAddress(ipaddress.ip_address("127.0.0.1")))
    _write(folder / f"{stem}.pem", _sign(name, key, signer=signer, names=names))
    (folder / f"{stem}.key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


def _sign(
    name: str, key: ec.EllipticCurvePrivateKey, *, signer: _Signer | None, names: tuple[x509.GeneralName, ...]
) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    issuer, issuer_key = (signer[0].subject, signer[1]) if signer else (subject, key)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now() - timedelta(hours=1))
        .not_valid_after(now() + LASTS)
        .add_extension(x509.BasicConstraints(ca=signer is None, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(issuer_key, hashes.SHA256())


def _write(path: Path, certificate: x509.Certificate) -> None:
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
