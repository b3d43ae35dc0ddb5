"""The sweeper as a process, next to the real analyzer: what gets lost has its result all the same, and
another sweeper takes over when the one that acts is killed, stopped or asked to end."""

import json
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis

from contracts import codec, keys, ledger
from contracts.commit import bury, commit
from contracts.messages import Error, Heartbeat, Result, TranscribeTask, Transcript
from contracts.names import ANALYZER_QUEUE, GAVE_UP
from listener_service.letters import REPLAYED, Letters
from scripts import procfile
from tests.eventually import eventually
from tests.processes import Process, RedisServer, clean_environ

Start = Callable[..., Process]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with RedisServer(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture(scope="module")
def analyzer(server: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    environ = clean_environ(REDIS_URL=server.url, DEMO_MODELS="always")
    line = procfile.lines()["analyzer_worker"]
    with Process("analyzer_worker", line, tmp_path_factory.mktemp("analyzer"), environ) as process:
        process.wait_for("sentiment model ready")
        yield process


@pytest.fixture
def client(server: RedisServer) -> Iterator["redis.Redis"]:
    with redis.Redis.from_url(server.url) as client:
        yield client


@pytest.fixture
def start(server: RedisServer, tmp_path: Path) -> Iterator[Start]:
    running: list[Process] = []

    def start_sweeper(name: str = "sweeper", acts: str = "this sweeper acts", **settings: str) -> Process:
        environ = clean_environ(**({"REDIS_URL": server.url} | settings))
        process = Process(name, procfile.lines()["sweeper"], tmp_path, environ)
        running.append(process)
        process.start()
        process.wait_for(acts)
        return process

    yield start_sweeper
    for process in running:
        process.signal(signal.SIGCONT)
        if process.running:
            process.terminate()


def understand(client: "redis.Redis", session: str, text: str = "What a brilliant office!") -> None:
    """An utterance is accepted and its transcript committed; then nothing is sent, as if that was lost."""
    client.eval(*ledger.open_session(session, "secret", "gateway", 1.0).call)
    client.eval(*ledger.accept(TranscribeTask(session, 1, end=1.0, trace="t1"), b"pcm", "gateway", 1).call)
    commit(client, Transcript(session, 1, 0.0, 1.0, text, "en", 0.9, 0.8, "engine", "model"))


def lapse(client: "redis.Redis", session: str) -> None:
    client.zadd(keys.PENDING, {keys.member(session, 1): 1})


def end(client: "redis.Redis", session: str) -> Result | Error:
    """What the utterance came to, once it is there."""

    def events() -> list[bytes]:
        return [fields[b"body"] for _, fields in client.xrange(keys.events(session)) or () if fields]

    *_, body = eventually(lambda: len(found := events()) > 1 and found)
    return codec.loads(body, Result, Error)


def test_what_was_lost_on_the_way_has_its_result(analyzer: Process, client: "redis.Redis", start: Start) -> None:
    sweeper = start()
    understand(client, "lost")
    lapse(client, "lost")
    result = end(client, "lost")
    assert isinstance(result, Result) and result.sentiment.label == "POSITIVE"
    line = next(line for line in sweeper.wait_for("utterance sent again").splitlines() if "sent again" in line)
    assert "session=lost utterance=1 trace=t1 stage=analyzer sends=1 starts=0" in line
    assert client.zcard(keys.PENDING) == 0


def test_what_a_real_worker_has_in_hand_is_let_go_on(analyzer: Process, client: "redis.Redis", start: Start) -> None:
    client.set(keys.session("held"), "what makes the commit fail, so that the worker pauses with the task in hand")
    transcript = Transcript("held", 1, 0.0, 1.0, "What a brilliant office!", "en", 0.9, 0.8, "engine", "model")
    request = codec.dumps(TranscribeTask("held", 1, end=1.0, trace="t1"))
    client.hset(
        keys.segment("held", 1),
        mapping={"request": request, "transcript": codec.dumps(transcript), "stage": "analyzer"},
    )
    lapse(client, "held")
    sweeper = start()
    sweeper.wait_for("session=held utterance=1 trace=t1 stage=analyzer sends=1")
    eventually(lambda: client.hlen(keys.UNACKED))
    analyzer.signal(signal.SIGSTOP)
    try:
        taken = client.hlen(keys.UNACKED) + client.llen(ANALYZER_QUEUE)
        client.delete(keys.session("held"))
        for _ in range(2):
            lapse(client, "held")
            eventually(lambda: client.zscore(keys.PENDING, "held:1") > 1)
        assert taken == client.hlen(keys.UNACKED) + client.llen(ANALYZER_QUEUE) == 1
    finally:
        analyzer.signal(signal.SIGCONT)
    eventually(lambda: client.zcard(keys.PENDING) == 0)
    assert sweeper.output.count("session=held") == 1


def test_three_starts_without_an_end_are_a_dead_letter(client: "redis.Redis", start: Start) -> None:
    understand(client, "worn")
    for holder in ("dead-1", "dead-2", "dead-3"):
        client.eval(*ledger.begin("worn", 1, "analyzer", holder).call)
        lapse(client, "worn")
    sweeper = start()
    error = end(client, "worn")
    assert isinstance(error, Error) and (error.code, error.stage, error.seq) == (GAVE_UP, "analyzer", 2)
    assert "utterance given up session=worn utterance=1 trace=t1 stage=analyzer" in sweeper.output


def test_a_dead_letter_that_is_replayed_has_its_result(analyzer: Process, client: "redis.Redis", start: Start) -> None:
    understand(client, "replayed")
    bury(client, Error("replayed", GAVE_UP, "tried 3 times", stage="analyzer", utterance=1))
    letters = Letters(client)
    (letter,) = [letter for letter in letters.all() if letter.session == "replayed"]
    assert letters.replay(letter) == REPLAYED
    start()
    result = eventually(lambda: isinstance(event := end(client, "replayed"), Result) and event)
    assert (result.seq, result.sentiment.label) == (3, "POSITIVE")


def test_another_takes_over_from_one_that_was_killed(
    analyzer: Process, client: "redis.Redis", start: Start, tmp_path: Path
) -> None:
    first = start("first")
    second = start("second", "another sweeper acts")
    first.kill()
    understand(client, "killed")
    lapse(client, "killed")
    assert client.pttl(keys.SWEEPER) <= 5000  # so long at most nobody acts
    assert isinstance(end(client, "killed"), Result)
    assert "this sweeper acts" in second.output


def test_one_that_was_stopped_does_not_act_when_it_wakes(client: "redis.Redis", start: Start) -> None:
    first = start("first")
    first.signal(signal.SIGSTOP)
    client.delete(keys.SWEEPER)  # as if it had run out
    second = start("second")
    first.signal(signal.SIGCONT)
    first.wait_for("another sweeper acts")
    assert second.terminate() == 0
    eventually(lambda: first.output.count("this sweeper acts") == 2)
    assert "lock not released" not in second.output


def test_redis_goes_and_comes_back(analyzer: Process, server: RedisServer, client: "redis.Redis", start: Start) -> None:
    sweeper = start()
    understand(client, "restart")
    server.kill()
    sweeper.wait_for("nothing overdue can be looked after")
    server.start()
    lapse(client, "restart")
    assert isinstance(end(client, "restart"), Result)
    assert sweeper.wait_for("is looked after again").count("nothing overdue can be looked after") == 1
    assert sweeper.terminate() == 0 and not client.exists(keys.SWEEPER)


def test_redis_that_comes_later_and_what_it_says_of_itself(
    server: RedisServer, client: "redis.Redis", start: Start, tmp_path: Path
) -> None:
    path = tmp_path / "heartbeat"
    server.terminate()
    sweeper = start(acts="nothing overdue can be looked after", HEARTBEAT_FILE=str(path))
    assert json.loads(path.read_text())["state"] == "ready"  # that Redis is away is not its failure
    server.start()
    sweeper.wait_for("this sweeper acts")

    def beats() -> list[Heartbeat]:
        found = [client.get(keys.heartbeat(name.decode())) for name in client.smembers(keys.WORKERS)]
        return [beat for body in found if body and (beat := codec.loads(body, Heartbeat)).service == "sweeper"]

    assert eventually(lambda: [beat.state for beat in beats() if beat.worker.endswith(f"-{sweeper.pid}")]) == ["ready"]
    sweeper.interrupt()
    assert sweeper.wait() == 0


def test_a_wrong_setting_is_a_sentence(start: Start) -> None:
    sweeper = start(acts="REDIS_URL", REDIS_URL="http://localhost")
    assert sweeper.wait() == 1
    assert sweeper.output.startswith("sweeper: REDIS_URL='http://localhost': use ")
