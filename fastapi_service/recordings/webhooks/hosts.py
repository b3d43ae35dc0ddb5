"""PURE: which hosts webhooks may be sent to, and which addresses may be connected to for them.

What an operator names in full may be anywhere; a pattern with * leads to public addresses alone, so that
nobody reaches this deployment's own network by a webhook.
"""

import ipaddress
from dataclasses import dataclass

from contracts.env import SettingError
from fastapi_service.recordings.webhooks.target import PORTS, Address, Refused, Target, host

NOT_OFFERED = "webhooks are not offered here: its operator has set no WEBHOOK_HOSTS; follow the job's events instead"

PUBLIC6 = ipaddress.IPv6Network("2000::/3")
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
"""An IPv4 address in its last four bytes, for networks that have IPv6 alone."""
NEVER: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...] = (
    ipaddress.IPv4Network("168.63.129.16/32"),  # Azure's own services, to its machines alone
    ipaddress.IPv4Network("192.0.0.0/24"),
    ipaddress.IPv4Network("192.88.99.0/24"),  # 6to4's relays, and next its addresses: they hold any IPv4 address
    ipaddress.IPv6Network("2002::/16"),
    ipaddress.IPv6Network("2001::/23"),  # Teredo's too
    ipaddress.IPv6Network("2001:db8::/32"),
    ipaddress.IPv6Network("3fff::/20"),
)
"""Beside those that `ipaddress` knows: what it, or an older Python's, takes for global and is not."""


@dataclass(frozen=True)
class Pattern:
    """`name` is a host, or *.domain, or *; `port` None: the usual one of http or https."""

    name: str
    port: int | None

    @property
    def named(self) -> bool:
        return "*" not in self.name

    def fits(self, target: Target) -> bool:
        if target.port != (self.port or PORTS[target.scheme]):
            return False
        if self.name == "*":
            return True
        return target.host == self.name if self.named else target.host.endswith(self.name[1:])


@dataclass(frozen=True)
class Hosts:
    patterns: tuple[Pattern, ...] = ()

    def check(self, target: Target) -> None:
        """Without asking any name server. Raises Refused."""
        if not self.patterns:
            raise Refused(NOT_OFFERED)
        if not any(pattern.fits(target) for pattern in self.patterns):
            raise Refused(f"webhooks to {target.place} are not allowed here; its operator may add it to WEBHOOK_HOSTS")
        if self._named(target):
            return
        local = "." not in target.host or target.host.endswith(".localhost")
        if not public(target.address) if target.address else local:
            raise Refused(f"{target.host} is not on the public internet; webhooks go there alone")

    def check_address(self, target: Target, address: Address) -> None:
        """Whether this address of the target may be connected to. Raises Refused."""
        if not self._named(target) and not public(address):
            raise Refused(f"{target.host} leads to {address}, which is not on the public internet")

    def _named(self, target: Target) -> bool:
        return any(pattern.named and pattern.fits(target) for pattern in self.patterns)


def public(address: Address) -> bool:
    """Whether everybody's internet has it: not private, loopback, link-local, shared, reserved, multicast, and no
    IPv6 address that leads to such an IPv4 one."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return public(address.ipv4_mapped)
        if address in NAT64:
            return public(ipaddress.IPv4Address(address.packed[-4:]))
        if address not in PUBLIC6:
            return False
    if any(address in network for network in NEVER):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def read(text: str) -> Hosts:
    """From WEBHOOK_HOSTS. Raises SettingError."""
    return Hosts(tuple(_pattern(word) for word in text.replace(",", " ").split()))


def _pattern(word: str) -> Pattern:
    name, colon, port = word.rpartition(":") if not word.endswith("]") else (word, "", "")
    if not colon:
        name, port = word, ""
    bare = name.removeprefix("[").removesuffix("]") if name.startswith("[") else name
    star, rest = ("*.", bare[2:]) if bare.startswith("*.") else ("", bare)
    try:
        if (":" in bare) != name.startswith("[") or (colon and not (port.isdecimal() and 0 < int(port) < 65536)):
            raise Refused("IPv6 addresses are in brackets, ports are from 1 to 65535")
        if star and not any(letter.isalpha() for letter in rest.rpartition(".")[2]):
            raise Refused("*. goes before a domain")
        return Pattern("*" if bare == "*" else star + host(rest), int(port) if port else None)
    except ValueError as error:
        raise SettingError(
            f"WEBHOOK_HOSTS: {word!r} ({error}): name hosts with commas, as hooks.example.com, *.example.com,"
            " 10.0.0.5:8080, [fd00::5]:8080, or * for every public one"
        ) from None
