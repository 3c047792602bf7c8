"""May this host be spoken to, and this address?"""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

import idna

from webapp.errors import SettingError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
WILD = frozenset("*?[]!")
NO_HOST = frozenset("/@\"'\\,")
NAT64 = (ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("64:ff9b:1::/48"))
IPV4_COMPATIBLE = ipaddress.IPv6Network("::/96")

# No setting opens these: link-local, multicast, "this host", and where clouds tell a machine its own secrets.
NEVER = tuple(
    ipaddress.ip_network(text)
    for text in (
        "0.0.0.0/8",
        "100.100.100.200/32",
        "168.63.129.16/32",
        "169.254.0.0/16",
        "192.0.0.192/32",
        "224.0.0.0/4",
        "255.255.255.255/32",
        "::/128",
        "fd00:ec2::254/128",
        "fe80::/10",
        "ff00::/8",
    )
)

# Not public, whatever this version of Python's `is_global` says.
NOT_PUBLIC = tuple(
    ipaddress.ip_network(text)
    for text in (
        "100.64.0.0/10",
        "192.0.0.0/24",
        "192.88.99.0/24",
        "198.18.0.0/15",
        "240.0.0.0/4",
        "2001:20::/28",
        "3fff::/20",
        "5f00::/16",
        "fec0::/10",
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """What outgoing requests may reach.

    Args:
        hosts: shell patterns, one of which a callback's host must match; empty allows every host.
        networks: networks that may be spoken to although they are not public.
    """

    hosts: tuple[str, ...] = ()
    networks: tuple[Network, ...] = ()

    def allows_host(self, host: str) -> bool:
        """Say whether a host matches a pattern; given as the client uses it, in its IDNA form."""
        plain = host.lower().strip("[]").rstrip(".")
        return not self.hosts or any(fnmatchcase(plain, pattern) for pattern in self.hosts)

    def refusal(self, address: str) -> str:
        """Say why a resolved address may not be connected to; empty when it may."""
        outer = ipaddress.ip_address(address.partition("%")[0])
        forms = (outer, *_embedded(outer))
        if any(_is_in(form, NEVER) for form in forms):
            return "it is link-local, multicast or a metadata service, which are never spoken to"
        if any(_is_in(form, self.networks) for form in forms) or all(_is_public(form) for form in forms):
            return ""
        return "it is not public, and CALLBACK_ALLOW_PRIVATE does not name its network"


def read_guard(*, hosts: Iterable[str], networks: Iterable[str]) -> Guard:
    """Return the guard that CALLBACK_ALLOWED_HOSTS and CALLBACK_ALLOW_PRIVATE ask for.

    Raises:
        SettingError: a pattern is no host pattern, or a network is none.
    """
    return Guard(
        hosts=tuple(_read_pattern(text) for text in hosts), networks=tuple(_read_network(text) for text in networks)
    )


# For servers that the operator has set, wherever they are; what is never spoken to stays so.
EVERYWHERE = Guard(networks=(ipaddress.IPv4Network("0.0.0.0/0"), ipaddress.IPv6Network("::/0")))


def _read_pattern(text: str) -> str:
    """Return a host pattern as hosts are compared with it: lower case, names in their IDNA form."""
    pattern = text.strip().rstrip(".").lower()
    has_more = any(char in NO_HOST or char.isspace() for char in pattern)
    if not pattern or has_more or (":" in pattern and not _is_ipv6(pattern)):
        expected = "expected host patterns such as '*.example.com', without scheme or port"
        raise SettingError(f"CALLBACK_ALLOWED_HOSTS: {expected}; got {text!r}")
    try:
        return ".".join(_read_label(label) for label in pattern.split("."))
    except idna.IDNAError as error:
        raise SettingError(f"CALLBACK_ALLOWED_HOSTS: {text!r} is no host pattern: {error}") from None


def _read_label(label: str) -> str:
    return label if label.isascii() else idna.encode(label, uts46=True).decode()


def _is_ipv6(text: str) -> bool:
    bare = "".join("0" if char in WILD else char for char in text)
    try:
        ipaddress.IPv6Address(bare)
    except ValueError:
        return False
    return True


def _read_network(text: str) -> Network:
    try:
        return ipaddress.ip_network(text.strip())
    except ValueError as error:
        raise SettingError(f"CALLBACK_ALLOW_PRIVATE: expected networks such as '10.0.0.0/8': {error}") from None


def _embedded(ip: Address) -> list[Address]:
    """Return the IPv4 addresses that an IPv6 address stands for: mapped, NAT64, 6to4, Teredo, IPv4-compatible."""
    if ip.version == 4:
        return []
    inside: list[Address | None] = [ip.ipv4_mapped, ip.sixtofour, *(ip.teredo or ())]
    if any(ip in network for network in NAT64) or (ip in IPV4_COMPATIBLE and int(ip) > 1):
        inside.append(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF))
    return [each for each in inside if each is not None]


def _is_public(ip: Address) -> bool:
    if ip.version == 6 and (ip.ipv4_mapped is not None or ip.sixtofour is not None or ip in NAT64[0]):
        return True  # the address inside is judged beside it
    is_special = ip.is_multicast or ip.is_reserved or ip.is_unspecified or ip.is_loopback or ip.is_private
    return ip.is_global and not is_special and not _is_in(ip, NOT_PUBLIC)


def _is_in(ip: Address, networks: Iterable[Network]) -> bool:
    return any(ip.version == network.version and ip in network for network in networks)
