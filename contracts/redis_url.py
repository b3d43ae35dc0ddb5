"""REDIS_URL in its parts: one Redis, one behind TLS, or a master that sentinels know by name.

Pure. `contracts.connect` makes clients of it and `contracts.broker` Celery's settings. Passwords are
in no `repr` and in no reason for a refusal.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote, unquote, urlsplit

PORTS = {"redis": 6379, "rediss": 6379, "sentinel": 26379}
"""The schemes, and the port that is meant without one."""

USE = "use redis://host:6379/0, rediss://:password@host:6379/0 (TLS) or sentinel://host:26379,host:26379/0?master=NAME"
NO_CLUSTER = "Celery cannot use a Redis Cluster as its broker; use one Redis, or Sentinel for failover"

FILES = ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile")
TLS = ("ssl_cert_reqs", "ssl_check_hostname", *FILES)
OPTIONS = {"redis": (), "rediss": TLS, "sentinel": ("master", "sentinel_username", "sentinel_password", *TLS)}

_ADDRESS = re.compile(r"([a-z][a-z0-9+.-]*)://(?:([^/?#]*)@)?([^/?#@;]+)(?:/([^?#@]*))?(?:\?([^#]*))?", re.IGNORECASE)


class BadAddress(ValueError):
    """No address of a Redis that can be used; the message says why, without the address."""


@dataclass(frozen=True)
class Login:
    """Nobody in particular when both are None."""

    username: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Address:
    """`hosts` are the sentinels' when there is a `master`, else there is just the Redis' own. `tls`:
    redis-py's options for it, None without TLS; it is meant for the sentinels too."""

    scheme: str
    hosts: tuple[tuple[str, int], ...]
    db: int = 0
    login: Login = Login()
    tls: Mapping[str, str | bool] | None = None
    master: str | None = None
    sentinel_login: Login = Login()

    @property
    def first(self) -> str:
        """The address with its first host, its login and nothing behind the database."""
        host, port = self.hosts[0]
        login = ":".join(quote(part or "", safe="") for part in (self.login.username, self.login.password))
        shown = f"[{host}]" if ":" in host else host
        return f"{self.scheme}://{login + '@' if login != ':' else ''}{shown}:{port}/{self.db}"


def parse(text: str) -> Address:
    """Raises BadAddress."""
    found = _ADDRESS.fullmatch(text)
    if "cluster" in text.partition("://")[0].lower():
        raise BadAddress(NO_CLUSTER)
    if not found or found[1].lower() not in PORTS:
        raise BadAddress(USE)
    scheme, login, hosts, db, query = found[1].lower(), found[2] or "", found[3], found[4] or "0", found[5] or ""
    if scheme != "sentinel" and "," in hosts:
        raise BadAddress(f"{scheme}:// takes one host. Several are for sentinel://, or a cluster: {NO_CLUSTER}")
    if not (db.isascii() and db.isdecimal()):
        raise BadAddress("what is behind the host must be the number of a database, as in redis://host:6379/0")
    options = _options(scheme, query)
    master = options.get("master")
    if scheme == "sentinel" and not master:
        raise BadAddress(
            "sentinel:// needs the name of the master that it watches: sentinel://host:26379/0?master=NAME"
        )
    return Address(
        scheme,
        tuple(_host(host, PORTS[scheme]) for host in hosts.split(",")),
        int(db),
        Login(*(unquote(part) or None for part in login.partition(":")[::2])),
        _tls(options) if scheme == "rediss" or set(TLS) & set(options) else None,
        master,
        Login(options.get("sentinel_username"), options.get("sentinel_password")),
    )


def _host(text: str, port: int) -> tuple[str, int]:
    try:
        parts = urlsplit(f"//{text}")
        name, given = parts.hostname, parts.port
    except ValueError:  # its port is no number, or its brackets are no IPv6 address
        raise BadAddress(USE) from None
    if not name or given == 0:
        raise BadAddress(USE)
    return name, given or port


def _options(scheme: str, query: str) -> dict[str, str]:
    options = dict(parse_qsl(query))
    known = OPTIONS[scheme]
    unknown = sorted(set(options) - set(known))
    if unknown:
        what = f"only {_listed(known)}" if known else "no options (TLS is rediss://)"
        raise BadAddress(f"{_listed(unknown)} is not known here: {scheme}:// takes {what}")
    return options


def _tls(options: Mapping[str, str]) -> dict[str, str | bool]:
    """Celery's Redis transport would not check certificates unless told to; here that is what `none` is for."""
    check = options.get("ssl_cert_reqs", "required").lower().removeprefix("cert_")
    names = options.get("ssl_check_hostname", "true").lower()
    if check not in ("required", "optional", "none") or names not in ("true", "false"):
        raise BadAddress("ssl_cert_reqs is required, optional or none, and ssl_check_hostname true or false")
    files = {name: options[name] for name in FILES if options.get(name)}
    return {"ssl_cert_reqs": check, "ssl_check_hostname": names == "true" and check != "none", **files}


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)
