"""One HTTP request to a webhook's receiver: to an address that was checked, no further, not long, not much."""

import asyncio
import contextlib
import email.utils
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any

import httpcore2

from fastapi_service.recordings.webhooks.hosts import Hosts
from fastapi_service.recordings.webhooks.target import Address, Refused, Target, literal

GONE = 410
MOST_ANSWER_BYTES = 64 << 10
"""What is read of an answer's body, and thrown away: only so that its sender can finish."""

Resolve = Callable[[str, int], list[str]]
"""The addresses of a name; blocks. Raises OSError."""


@dataclass(frozen=True)
class Outcome:
    """`reason` is empty for what was delivered; `final`: it will not be otherwise at another time."""

    reason: str = ""
    final: bool = False
    retry_after: float | None = None


def resolve(name: str, port: int) -> list[str]:
    return [str(found[4][0]) for found in socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)]


class Sender:
    """`threads` look names up; `seconds` is all that one request may take."""

    def __init__(self, hosts: Hosts, threads: Executor, seconds: float, resolve: Resolve = resolve) -> None:
        self._hosts = hosts
        self._threads = threads
        self._seconds = seconds
        self._resolve = resolve
        self._tls = httpcore2.default_ssl_context()

    async def send(self, target: Target, headers: Mapping[str, str], body: bytes) -> Outcome:
        """One attempt, which does not raise for anything that a receiver or the network does."""
        try:
            async with asyncio.timeout(self._seconds) as limit:
                return await self._send(target, headers, body, limit)
        except Refused as refused:
            return Outcome(str(refused), final=True)
        except (TimeoutError, httpcore2.TimeoutException):
            return Outcome(f"no answer within {self._seconds:g} s")
        except (httpcore2.NetworkError, httpcore2.ProtocolError, OSError, ssl.SSLError) as error:
            return Outcome(f"{type(error).__name__}: {error}"[:300])

    async def _send(self, target: Target, headers: Mapping[str, str], body: bytes, limit: asyncio.Timeout) -> Outcome:
        url = httpcore2.URL(scheme=target.scheme, host=target.host, port=target.port, target=target.path)
        own = {"host": target.authority, "content-length": str(len(body)), "connection": "close"}
        sent = list((own | dict(headers)).items())
        way = _Checked(target, self._hosts, self._addresses)
        async with httpcore2.AsyncConnectionPool(self._tls, max_connections=1, network_backend=way) as pool:
            async with pool.stream("POST", url, headers=sent, content=body) as response:
                outcome = judge(response.status, _header(response.headers, b"retry-after"), time.time())
                limit.reschedule(None)  # what it says is known
                await _drain(response)
                return outcome

    async def _addresses(self, name: str, port: int) -> list[str]:
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._threads, self._resolve, name, port)
        except (OSError, UnicodeError) as error:
            raise httpcore2.ConnectError(f"the name {name} leads nowhere ({error})") from None


def judge(status: int, retry_after: str, now: float) -> Outcome:
    """What an answer says. A redirect is not followed: where it leads was never checked, and it is no outage."""
    if 200 <= status < 300:
        return Outcome()
    if 300 <= status < 400:
        return Outcome(f"answered {status}: redirects are not followed; name the final address", final=True)
    if status == GONE:
        return Outcome("answered 410: gone for good", final=True)
    return Outcome(f"answered {status}", retry_after=_seconds(retry_after, now))


class _Checked(httpcore2.AnyIOBackend):
    """Connects to addresses that were checked, as numbers: between the check and the connection no name is
    looked up again."""

    def __init__(self, target: Target, hosts: Hosts, addresses: Any) -> None:
        self._target = target
        self._hosts = hosts
        self._addresses = addresses

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  # as the one that is overridden has it
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        failure: Exception = httpcore2.ConnectError(f"{host} has no address")
        for address in await self._allowed():
            try:
                return await super().connect_tcp(str(address), port, timeout, local_address, socket_options)
            except (httpcore2.NetworkError, httpcore2.TimeoutException) as error:
                failure = error
        raise failure

    async def _allowed(self) -> list[Address]:
        """Raises Refused if there are addresses and none will do."""
        target = self._target
        found = [str(target.address)] if target.address else await self._addresses(target.host, target.port)
        refused: Refused | None = None
        allowed: list[Address] = []
        for text in found:
            address = literal(text)
            if address is None:  # of this machine's own links
                continue
            try:
                self._hosts.check_address(target, address)
                allowed.append(address)
            except Refused as error:
                refused = error
        if refused and not allowed:
            raise refused
        return allowed


async def _drain(response: httpcore2.Response) -> None:
    read = 0
    with contextlib.suppress(TimeoutError, httpcore2.TimeoutException, httpcore2.NetworkError, httpcore2.ProtocolError):
        async with asyncio.timeout(1.0):
            async for block in response.aiter_stream():
                read += len(block)
                if read > MOST_ANSWER_BYTES:
                    return


def _header(headers: list[tuple[bytes, bytes]], name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in headers if key.lower() == name), "")


def _seconds(retry_after: str, now: float) -> float | None:
    """Of the header Retry-After: seconds, or a date."""
    if retry_after.isdecimal():
        return float(retry_after[:9])
    try:
        return max(0.0, email.utils.parsedate_to_datetime(retry_after).timestamp() - now)
    except (ValueError, OverflowError):
        return None
