"""Clients for any REDIS_URL, with timeouts, so that nothing waits for ever for a Redis that is gone.

The one file of `contracts` that makes redis-py clients, and that may: every service needs the same
ones. A connection to a node of a Redis Cluster is an error with that reason, whenever it is made;
`refuse_cluster` is for the start.
"""
# redis-py's sentinels have no types
# mypy: allow-untyped-calls

import re
from typing import Any

import redis
from redis import asyncio as aio
from redis import sentinel
from redis.asyncio import sentinel as aio_sentinel
from redis.asyncio.retry import Retry as AioRetry
from redis.backoff import ExponentialWithJitterBackoff, NoBackoff
from redis.retry import Retry

from contracts import redis_url
from contracts.env import SettingError
from contracts.redis_url import Address, Login

CONNECT_SECONDS = 3.0
ANSWER_SECONDS = 5.0
SENTINEL_TIMEOUTS: dict[str, Any] = {"socket_connect_timeout": 1.0, "socket_timeout": 2.0}
"""Short: the next sentinel can say the same."""

AT_ONCE = Retry(NoBackoff(), 0)


class ClusterRefused(redis.ConnectionError):
    """A Redis Cluster is at the other end. To whoever waits for Redis it is one that is away."""

    def __init__(self) -> None:
        super().__init__(f"REDIS_URL leads to a Redis Cluster: {redis_url.NO_CLUSTER}")


def connect(url: str, *, tries: int = 0, seconds: float = ANSWER_SECONDS) -> redis.Redis:
    """A client that is connected when it is first used. What fails is tried `tries` times more, up to
    a second apart; `seconds` is the longest wait for an answer. Raises BadAddress."""
    address = redis_url.parse(url)
    retry = Retry(ExponentialWithJitterBackoff(base=0.05, cap=1.0), tries)
    options = _options(address, seconds) | {"retry": retry, "redis_connect_func": greet}
    if address.master is None:
        host, port = address.hosts[0]
        return redis.Redis(host=host, port=port, **options)
    asked = _asked(address) | {"retry": AT_ONCE}
    manager = _Sentinels(address.hosts, sentinel_kwargs=asked, **options)
    client: redis.Redis = manager.master_for(address.master, connection_pool_class=_Pool)
    return client


def connect_async(url: str, most: int = 100) -> aio.Redis:
    """The gateway's client: what fails is tried once more at once, as who uses it knows what to do then.
    It has `most` connections at most; a command that would need another one fails as if Redis were
    away. Raises BadAddress."""
    address = redis_url.parse(url)
    options = _options(address, ANSWER_SECONDS)
    options |= {"retry": AioRetry(NoBackoff(), 1), "redis_connect_func": _greet_async, "max_connections": most}
    if address.master is None:
        host, port = address.hosts[0]
        return aio.Redis(host=host, port=port, **options)
    asked = _asked(address) | {"retry": AioRetry(NoBackoff(), 0)}
    manager = _AioSentinels(address.hosts, sentinel_kwargs=asked, **options)
    client: aio.Redis = manager.master_for(address.master, connection_pool_class=_AioPool)
    return client


def out_of_memory(error: Exception) -> bool:
    """Whether Redis refused because it has reached `maxmemory`. Redis 6 says so out of a script as an
    ordinary error, with the word in its text."""
    oom = isinstance(error, redis.exceptions.OutOfMemoryError)
    return oom or (isinstance(error, redis.ResponseError) and "OOM" in str(error))


def refuse_cluster(url: str) -> None:
    """Raises SettingError when a Redis Cluster answers. One that does not answer yet is waited for by
    those who need it."""
    with connect(url) as client:
        try:
            client.ping()
        except ClusterRefused as refused:
            raise SettingError(str(refused)) from None
        except redis.RedisError:
            return


def greet(connection: Any) -> None:
    """For redis-py's `redis_connect_func`: log in, then ask what is there. Without its health checks,
    which connect again when they fail, and so would come back here without end."""
    connection.on_connect_check_health(check_health=False)
    connection.send_command("INFO", "cluster", check_health=False)
    try:
        answer = connection.read_response()
    except redis.ResponseError:  # a user who may not ask
        return
    _judge(answer)


async def _greet_async(connection: Any) -> None:
    await connection.on_connect_check_health(check_health=False)
    await connection.send_command("INFO", "cluster", check_health=False)
    try:
        answer = await connection.read_response()
    except redis.ResponseError:
        return
    _judge(answer)


def _judge(answer: object) -> None:
    if "cluster_enabled:1" in str(answer):
        raise ClusterRefused()


def _options(address: Address, seconds: float) -> dict[str, Any]:
    timeouts = {"socket_connect_timeout": CONNECT_SECONDS, "socket_timeout": seconds}
    alive = {"socket_keepalive": True, "health_check_interval": 5}
    return timeouts | alive | {"db": address.db} | _secrets(address, address.login)


def _asked(address: Address) -> dict[str, Any]:
    return SENTINEL_TIMEOUTS | _secrets(address, address.sentinel_login)


def _secrets(address: Address, login: Login) -> dict[str, Any]:
    tls = {} if address.tls is None else {"ssl": True, **address.tls}
    return {"username": login.username, "password": login.password, **tls}


def _in_words(error: Exception) -> str:
    """redis-py puts a kilobyte of client before what each sentinel said."""
    return re.sub(r"<redis\.\S*client\.Redis\(.*?\)> - ", "", str(error))


class _Sentinels(sentinel.Sentinel):
    def discover_master(self, service_name: str) -> Any:
        try:
            return super().discover_master(service_name)
        except sentinel.MasterNotFoundError as error:
            raise sentinel.MasterNotFoundError(_in_words(error)) from None


class _AioSentinels(aio_sentinel.Sentinel):
    async def discover_master(self, service_name: str) -> Any:
        try:
            return await super().discover_master(service_name)
        except aio_sentinel.MasterNotFoundError as error:
            raise aio_sentinel.MasterNotFoundError(_in_words(error)) from None


class _Pool(sentinel.SentinelConnectionPool):
    """Closes its connections to the sentinels too."""

    def close(self) -> None:
        super().close()
        self.sentinel_manager.close()


class _AioPool(aio_sentinel.SentinelConnectionPool):
    async def aclose(self) -> None:
        await super().aclose()
        await self.sentinel_manager.aclose()
