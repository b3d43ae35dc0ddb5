"""PURE: a webhook's address, taken apart once: what is checked is what is connected to."""

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

PORTS = {"http": 80, "https": 443}
LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
NAME = re.compile(rf"(?=.{{1,253}}$){LABEL}(?:\.{LABEL})*")
NUMERIC = re.compile(r"(?:.*\.)?(?:\d+|0x[0-9a-f]*)")
"""The last part of a name is never a number: what ends so is an IPv4 address in one of its odd spellings."""

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Refused(ValueError):
    """A webhook that will not be called; the message says why and what would do."""


@dataclass(frozen=True)
class Target:
    """`host` is in lower case, without brackets and without a dot at its end; `path` has the query."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def address(self) -> Address | None:
        """If the host is an address and no name."""
        return literal(self.host)

    @property
    def place(self) -> str:
        """For logs: the rest of a webhook's URL may hold a secret of its receiver."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    @property
    def authority(self) -> str:
        """The Host header."""
        return self.place.removesuffix(f":{PORTS[self.scheme]}")


def parse(url: str) -> Target:
    """Raises Refused."""
    if not url.isascii() or not url.isprintable() or re.search(r"[\s\\<>\"`{}|^]", url):
        raise Refused("a webhook is written in ASCII: a host's name as xn--..., everything else percent-encoded")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise Refused(f"this is no address for a webhook: {error}") from None
    if parts.scheme not in PORTS or not url.lower().startswith(f"{parts.scheme}://"):
        raise Refused("a webhook's address begins with https:// (or http://)")
    if "@" in parts.netloc:
        raise Refused("a webhook's address holds no user or password; put a token of yours into its path or query")
    if "[" in parts.netloc and not isinstance(literal(parts.hostname or ""), ipaddress.IPv6Address):
        raise Refused("between brackets is an IPv6 address")
    if port == 0:
        raise Refused("a webhook's port is a number from 1 to 65535")
    path = (parts.path or "/") + (parts.query and f"?{parts.query}")
    return Target(parts.scheme, host(parts.hostname or ""), port or PORTS[parts.scheme], path)


def host(text: str) -> str:
    """A name or an address in its one spelling. Raises Refused."""
    text = text.lower().removesuffix(".")
    address = literal(text)
    if address is not None:
        return str(address)
    if NUMERIC.fullmatch(text) or not NAME.fullmatch(text):
        raise Refused(f"{text!r:.80} is no name of a host and no IP address")
    return text


def literal(text: str) -> Address | None:
    """The address that this text is, in a spelling that nobody reads otherwise."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return None if isinstance(address, ipaddress.IPv6Address) and address.scope_id else address
