"""The exporter as a process: over outages, and beside results that it never saw."""

import threading
import urllib.error
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from prometheus_client import CollectorRegistry

from contracts.commit import bury, commit
from contracts.connect import connect
from contracts.messages import Error, Result, Sentiment, Timings
from contracts.names import RESULTS_STREAM
from listener_service.follower import Follower
from listener_service.traffic import Traffic
from tests.eventually import eventually
from tests.processes import Process, RedisServer
from tests.scraped import Exporter


def say(client: "redis.Redis", *utterances: int, session: str = "s1") -> None:
    sentiment = Sentiment("POSITIVE", 0.98, {}, "m")
    timings = Timings(stt_ms=100.0, total_ms=400.0)
    for number in utterances:
        assert commit(
            client, Result(session, number, 1.0, 2.0, "I love this", "en", 0.9, sentiment, "e", "m", timings=timings)
        )


@pytest.fixture
def client(redis_server: RedisServer) -> Iterator["redis.Redis"]:
    with connect(redis_server.url) as client:
        yield client


def test_a_redis_that_is_away_and_comes_back(
    client: "redis.Redis", redis_server: RedisServer, tmp_path: Path
) -> None:
    say(client, 1, 2)
    with Exporter(redis_server.url, tmp_path) as exporter:
        say(client, 3, 4, 5)
        bury(client, Error("s1", "gave_up", "tried 3 times", utterance=6))
        eventually(lambda: exporter.scrape()["dead_letters_total{stage=other}"] == 1)
        told = eventually(lambda: found if (found := exporter.scrape())["utterances_total{source=live}"] == 3 else None)
        assert told["errors_total{code=gave_up,source=live}"] == 1 and told["results_total"] == 6

        redis_server.kill()
        away = exporter.scrape()
        assert away["redis_up"] == 0 and away["utterances_total{source=live}"] == 3
        read_from_redis = ("queue_", "processes{", "pending_", "overdue_", "results_total", "redis_memory", "jobs{")
        assert [name for name in away if name.startswith(read_from_redis)] == []

        redis_server.start()
        eventually(lambda: exporter.scrape()["redis_up"] == 1)
        exporter.process.wait_for("results are counted again")
        say(client, 7, 8)
        eventually(lambda: exporter.scrape()["utterances_total{source=live}"] == 5)
        assert exporter.scrape()["missed_results_total"] == 0
        assert client.xlen(RESULTS_STREAM) == 8 and client.xinfo_groups(RESULTS_STREAM) == []
        assert exporter.process.terminate() == 0
    assert "love" not in exporter.process.output


def test_it_starts_without_redis_and_says_so(redis_server: RedisServer, tmp_path: Path) -> None:
    redis_server.kill()
    exporter = Exporter(redis_server.url, tmp_path)
    with exporter.process:
        assert eventually(exporter.scrape)["redis_up"] == 0
        redis_server.start()
        exporter.process.wait_for("results are counted from now on")
        eventually(lambda: exporter.scrape()["redis_up"] == 1)


def test_results_that_were_removed_before_they_were_read_are_told(client: "redis.Redis") -> None:
    registry = CollectorRegistry()
    follower = Follower(client, Traffic(registry), threading.Event())
    say(client, 1)
    follower.step()
    say(client, *range(2, 7))
    client.xtrim(RESULTS_STREAM, maxlen=1, approximate=False)
    client.xadd(RESULTS_STREAM, {"body": "no event"})
    follower.step()
    say(client, 7)
    follower.step()
    assert registry.get_sample_value("live_sentiment_missed_results_total") == 4
    assert registry.get_sample_value("live_sentiment_utterances_total", {"source": "live"}) == 2


def test_of_another_redis_only_what_comes_is_counted(client: "redis.Redis") -> None:
    registry = CollectorRegistry()
    traffic = Traffic(registry)
    follower = Follower(client, traffic, threading.Event())
    client.xadd(RESULTS_STREAM, {"body": "from the future"}, id="99999999999999-0")
    follower.step()
    client.delete(RESULTS_STREAM)
    say(client, 1, 2)
    client.close()
    follower._joined = False  # as after any error of Redis
    follower.step()
    say(client, 3)
    follower.step()
    assert registry.get_sample_value("live_sentiment_utterances_total", {"source": "live"}) == 1


def test_a_port_that_cannot_be_had_is_told(redis_server: RedisServer, tmp_path: Path) -> None:
    with Exporter(redis_server.url, tmp_path) as exporter:
        second = Process("second", exporter.process.command, tmp_path, exporter.process.environ)
        with second:
            assert second.wait() == 1
        assert "exporter: METRICS_PORT=" in second.output and "cannot be had" in second.output
        with pytest.raises(urllib.error.URLError):
            Exporter(redis_server.url, tmp_path).scrape()
