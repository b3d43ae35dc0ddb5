"""The pipeline on a Redis with TLS and a password, on one with sentinels, on Valkey; and no cluster."""

import asyncio
import contextlib
from pathlib import Path
from urllib.parse import quote

import pytest
import redis
from celery import Celery
from kombu.exceptions import OperationalError

from contracts.broker import celery_settings
from contracts.connect import connect, connect_async
from contracts.redis_url import NO_CLUSTER
from scripts import procfile, redis_server
from tests.e2e.redis_kinds import PASSWORD, PipelineOn, Sentinels, Server, authority, cluster_node, tls
from tests.eventually import eventually
from tests.processes import Process, clean_environ
from tests.running_gateway import RunningGateway
from tests.speech import clips, said, speak, words

CLIPS = clips()
SERVERS = redis_server.installed()
pytestmark = pytest.mark.skipif(not SERVERS, reason="redis-server or valkey-server is not installed")
on_each_server = pytest.mark.parametrize("program", SERVERS, ids=[Path(path).name for path in SERVERS])
DROPPED = "queue entry dropped"


@on_each_server
def test_the_pipeline_on_a_redis_behind_tls_and_a_password(tmp_path: Path, program: str) -> None:
    with Server(tmp_path, program, "server", tls(tmp_path) | {"requirepass": PASSWORD}) as server:
        bare = f"rediss://:{quote(PASSWORD, safe='')}@127.0.0.1:{server.port}/1"
        with PipelineOn(tmp_path, f"{bare}?{authority(tmp_path)}") as pipeline:
            pipeline.disturb()
            assert said(speak(pipeline.url, CLIPS[0].path)) == words(CLIPS[0].text)
            assert DROPPED in pipeline["stt_worker"].output
            eventually(lambda: pipeline.result_log.read_text().count(" session="))
        with connect(bare) as stranger, pytest.raises(redis.ConnectionError, match="certificate verify failed"):
            stranger.ping()
        with pytest.raises(OperationalError, match="certificate verify failed"):
            reach(bare)
    assert PASSWORD not in pipeline.tails(1_000_000)


@on_each_server
def test_work_goes_on_after_a_refusal_and_after_failovers(tmp_path: Path, program: str) -> None:
    with Sentinels(tmp_path, program).running() as watched, PipelineOn(tmp_path, watched.url) as pipeline:
        pipeline.disturb()
        assert said(speak(pipeline.url, CLIPS[0].path)) == words(CLIPS[0].text)
        assert DROPPED in pipeline["stt_worker"].output

        with connect(watched.url) as client:
            client.config_set("min-replicas-to-write", 2)  # one more than there are: nothing may be written
            for worker in ("stt_worker", "analyzer_worker"):
                pipeline[worker].wait_for("Redis refuses to give messages out")
            client.config_set("min-replicas-to-write", 0)

        watched.switch()
        eventually(lambda: watched.master_port == watched.replicas[0].port)
        assert said(speak(pipeline.url, CLIPS[1].path)) == words(CLIPS[1].text)

        watched.replicas[0].kill()
        eventually(lambda: watched.master_port == watched.master.port)
        assert said(speak(pipeline.url, CLIPS[2].path)) == words(CLIPS[2].text)
        eventually(lambda: pipeline.result_log.read_text().count(" session=") == 3)
        assert [process.name for process in pipeline.processes.values() if not process.running] == []
    assert PASSWORD not in pipeline.tails(1_000_000)


def test_sentinels_and_their_master_may_be_behind_tls(tmp_path: Path) -> None:
    with Sentinels(tmp_path, SERVERS[0], replicas=0, sentinels=1, secure=True).running() as watched:
        with connect(watched.url) as client:
            assert client.ping()
        reach(watched.url)


def test_a_connection_that_breaks_in_its_first_words_is_an_error_and_no_endless_new_try(tmp_path: Path) -> None:
    async def ask(url: str) -> None:
        async with connect_async(url) as client:
            await client.ping()

    with Server(tmp_path, SERVERS[0], "server", tls(tmp_path)) as server:
        plain = f"redis://127.0.0.1:{server.port}"
        with connect(plain) as client, pytest.raises(redis.ConnectionError, match="while reading"):
            client.ping()
        with pytest.raises(redis.ConnectionError, match="while reading"):
            asyncio.run(ask(plain))


def test_a_redis_cluster_is_refused_at_the_start(tmp_path: Path) -> None:
    with cluster_node(tmp_path, SERVERS[0]) as node:
        environ = clean_environ(REDIS_URL=f"redis://127.0.0.1:{node.port}", PORT="0", RESULT_LOG=str(tmp_path / "log"))
        lines = {name: line for name, line in procfile.lines().items() if name != "redis"}
        processes = [Process(name, line, tmp_path, environ) for name, line in lines.items()]
        with contextlib.ExitStack() as started:
            for process in processes:
                started.enter_context(process)
            statuses = {process.name: process.wait() for process in processes}
    assert statuses == dict.fromkeys(lines, 1)
    for process in processes:
        assert NO_CLUSTER in process.output.splitlines()[-1], process.output
        assert "Traceback" not in process.output


def test_a_redis_that_turns_out_to_be_a_cluster_is_never_used(tmp_path: Path) -> None:
    node = cluster_node(tmp_path, SERVERS[0])
    url = f"redis://127.0.0.1:{node.port}"
    with RunningGateway(url) as gateway:
        assert "Connection refused" in gateway.health()["parts"]["redis"]["reason"]
        with node:
            reason = eventually(lambda: NO_CLUSTER in (why := gateway.health()["parts"]["redis"]["reason"]) and why)
            assert "REDIS_URL" in reason
            with pytest.raises(OperationalError, match=NO_CLUSTER):
                reach(url)


def reach(url: str) -> None:
    """Connect as Celery does."""
    with Celery("test", set_as_current=False) as app:
        app.conf.update(celery_settings(url))
        with app.connection_for_write() as connection:
            connection.ensure_connection(max_retries=1, timeout=5)
