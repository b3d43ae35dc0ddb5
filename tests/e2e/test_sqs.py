"""Our transport for Amazon SQS against a server that speaks it: the order of the queues, what is put back, what
is no message, a service that refuses or forgets."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from celery import Celery
from kombu import Connection, Consumer, Queue, pools
from kombu.exceptions import OperationalError

from contracts.broker import HIDDEN, celery_settings
from contracts.names import STT_JOB_QUEUE, STT_PARTIAL_QUEUE, STT_QUEUE, TRANSCRIBE_TASK
from scripts import procfile
from scripts.procfile import ROOT
from tests.eventually import eventually
from tests.faults import scripted, traps
from tests.faults.stage import APPS
from tests.processes import Process, RedisServer, clean_environ
from tests.sqs_server import PREFIX, SqsServer

QUEUES = (STT_QUEUE, STT_PARTIAL_QUEUE, STT_JOB_QUEUE)
SECRET = "words that were said"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqsServer]:
    with SqsServer(tmp_path_factory.mktemp("sqs")) as server:
        yield server


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, server: SqsServer) -> None:
    """The transport finds the service where boto3 would."""
    for name, value in server.aws_environ.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def celery(server: SqsServer) -> Iterator[Celery]:
    with Celery(set_as_current=False) as celery:
        celery.conf.update(celery_settings("redis://unused/0", server.broker_url, 60))
        celery.conf.broker_transport_options |= {"idle_seconds": 1}
        yield celery
        for queue in QUEUES:
            url = celery_url(server, queue)
            if url:
                server.queues.delete_queue(QueueUrl=url)


def celery_url(server: SqsServer, queue: str) -> str:
    urls = server.queues.list_queues(QueueNamePrefix=PREFIX + queue).get("QueueUrls", [])
    return str(next((url for url in urls if url.endswith(PREFIX + queue)), ""))


def send(celery: Celery, queue: str, *names: str) -> None:
    for name in names:
        celery.send_task(TRANSCRIBE_TASK, kwargs={"message": {}}, queue=queue, task_id=name, retry=False, **HIDDEN)


class Taker:
    """Takes as Celery's worker does: one at a time, acknowledged when it is done."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._message: Any = None
        self._consumer = Consumer(
            connection,
            [Queue(name, routing_key=name) for name in QUEUES],
            callbacks=[self._receive],
            accept=["json"],
            prefetch_count=1,
        )

    def __enter__(self) -> "Taker":
        self._consumer.consume()
        return self

    def __exit__(self, *_: object) -> None:
        self._consumer.cancel()

    def _receive(self, _: Any, message: Any) -> None:
        self._message = message

    def take(self) -> Any:
        def taken() -> bool:
            try:
                self._connection.drain_events(timeout=0.2)
            except TimeoutError:
                return False
            return self._message is not None

        eventually(taken, interval=0)
        message, self._message = self._message, None
        return message

    def work(self) -> str:
        message = self.take()
        message.ack()
        return str(message.headers["id"])


@pytest.fixture
def taker(celery: Celery) -> Iterator[Taker]:
    with celery.connection_for_read() as connection, Taker(connection) as taker:
        yield taker


def test_earlier_queues_come_first_however_late_their_messages(celery: Celery, taker: Taker) -> None:
    send(celery, STT_JOB_QUEUE, "job1", "job2")
    send(celery, STT_PARTIAL_QUEUE, "partial1", "partial2")
    send(celery, STT_QUEUE, "live1")
    assert taker.work() == "live1" and taker.work().startswith("partial")
    send(celery, STT_QUEUE, "live2")
    rest = [taker.work() for _ in range(4)]
    assert "live2" in rest[:2]  # an answer that is on its way from a later queue may come just before
    assert [name[:-1] for name in rest if name != "live2"] == ["partial", "job", "job"]


def test_a_message_that_comes_while_the_worker_is_busy_is_left_for_others(
    celery: Celery, taker: Taker, server: SqsServer
) -> None:
    send(celery, STT_QUEUE, "live1")
    busy = taker.take()
    send(celery, STT_JOB_QUEUE, "job1", "job2", "job3")
    eventually(lambda: server.counts(STT_JOB_QUEUE) == (3, 0))
    assert server.counts(STT_QUEUE) == (0, 1)
    busy.ack()
    eventually(lambda: server.counts(STT_QUEUE) == (0, 0))
    assert {taker.work() for _ in range(3)} == {"job1", "job2", "job3"}


def test_what_is_given_back_comes_again(celery: Celery, taker: Taker) -> None:
    send(celery, STT_QUEUE, "live1")
    taker.take().requeue()
    assert taker.work() == "live1"


def test_what_nobody_acknowledges_is_out_of_sight_for_longer_than_a_task_takes(
    celery: Celery, taker: Taker, server: SqsServer
) -> None:
    send(celery, STT_QUEUE, "live1")
    held = taker.take()
    handle = held.delivery_info["sqs_message"]["ReceiptHandle"]
    assert held.channel.visibility_timeout == 90 and held.delivery_tag == handle
    assert server.counts(STT_QUEUE) == (0, 1)
    held.ack()


def test_a_service_that_refuses_is_an_error_that_senders_wait_out(celery: Celery, server: SqsServer) -> None:
    server.be_strict(True)
    try:
        with pytest.raises(OperationalError, match=r"InvalidClientTokenId|AccessDenied|security token"):
            send(celery, STT_QUEUE, "live1")
    finally:
        server.be_strict(False)
    send(celery, STT_QUEUE, "live2")
    assert server.counts(STT_QUEUE) == (1, 0)


def test_the_permissions_in_the_docs_are_enough(
    celery: Celery, server: SqsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its actions; moto does not know whose name a request is about."""
    text = (ROOT / "docs" / "broker.md").read_text().partition("```json\n")[2].partition("```")[0]
    policy = json.loads(text)
    policy["Statement"][0]["Resource"] = "*"
    iam = server.service("iam")
    iam.create_user(UserName="worker")
    key = iam.create_access_key(UserName="worker")["AccessKey"]
    iam.put_user_policy(UserName="worker", PolicyName="worker", PolicyDocument=json.dumps(policy))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])
    pools.reset()  # what is connected has other keys
    server.be_strict(True)
    try:
        send(celery, STT_QUEUE, "live1", "live2")
        with celery.connection_for_read() as connection, Taker(connection) as taker:
            taker.take().reject()
            taker.take().requeue()
            assert taker.work() in ("live1", "live2")
    finally:
        server.be_strict(False)
        pools.reset()
    assert server.counts(STT_QUEUE) == (0, 0)


def test_a_queue_that_was_deleted_is_made_again(celery: Celery, taker: Taker, server: SqsServer) -> None:
    send(celery, STT_QUEUE, "live1")
    taker.work()
    server.queues.delete_queue(QueueUrl=server.url_of(STT_QUEUE))

    def sent() -> bool:
        try:
            send(celery, STT_QUEUE, "live2")
        except OperationalError:
            return False
        return True

    eventually(sent)
    assert taker.work() == "live2"


def test_a_worker_takes_live_speech_first_and_drops_what_is_no_task(
    server: SqsServer, tmp_path: Path, redis_server: RedisServer, celery: Celery
) -> None:
    """Celery's own worker, on queues that somebody else made, one of them with a dead-letter queue."""
    dead = server.queues.create_queue(QueueName="anybodys-dead")["QueueUrl"]
    arn = server.queues.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    redrive = {"RedrivePolicy": json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 100})}
    url = server.queues.create_queue(QueueName=PREFIX + STT_QUEUE, Attributes=redrive)["QueueUrl"]
    for junk in (SECRET, json.dumps({"said": SECRET}), json.dumps([SECRET]), "[" * 2000, json.dumps({"properties": 1})):
        server.queues.send_message(QueueUrl=url, MessageBody=junk)
    send(celery, STT_JOB_QUEUE, "job1", "job2", "job3")
    send(celery, STT_PARTIAL_QUEUE, "partial1", "partial2")
    send(celery, STT_QUEUE, "live1", "live2", "live3")
    line = procfile.lines()["stt_worker"]
    for ours, theirs in APPS.items():
        line = line.replace(ours, theirs)
    settings = {scripted.SETTING: scripted.SCRIPTED, traps.SETTING: str(tmp_path / "traps")}
    environ = clean_environ(REDIS_URL=redis_server.url, **settings, **server.broker_environ)
    worker = Process("stt_worker", line, tmp_path, environ)
    worker.start()
    try:
        eventually(lambda: worker.output.count("] received") == 8)
        eventually(lambda: all(server.counts(queue) == (0, 0) for queue in QUEUES))
    finally:
        worker.kill()
    order = [part.partition("]")[0] for part in worker.output.split(f"{TRANSCRIBE_TASK}[") if "] received" in part[:40]]
    assert [name[:-1] for name in order] == ["live"] * 3 + ["partial"] * 2 + ["job"] * 3
    assert worker.output.count("queue entry dropped: not a Celery message") == 5 and SECRET not in worker.output
    with redis.Redis.from_url(redis_server.url) as client:
        assert client.keys("unacked*") == [] and client.exists(STT_QUEUE) == 0
