"""What is asked of recordings that are accepted and not worked on: a gateway, a Redis and a conductor, and nobody
who decodes. They expire in the shortest time that can be set.
"""

import itertools
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
import redis

from contracts import keys
from scripts import procfile
from tests.e2e.test_recordings import events
from tests.eventually import PATIENCE, eventually
from tests.processes import Process, RedisServer, clean_environ
from tests.running_gateway import RunningGateway
from tests.traces import Traces

TTL_SECONDS = 10
AT_ONCE = 8
COUNTER = itertools.count()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with RedisServer(tmp_path_factory.mktemp("waiting")) as server:
        yield server


@pytest.fixture(scope="module")
def store(server: RedisServer) -> Iterator["redis.Redis"]:
    with redis.Redis.from_url(server.url) as client:
        yield client


@pytest.fixture(scope="module")
def traces(store: "redis.Redis", tmp_path_factory: pytest.TempPathFactory) -> Traces:
    return Traces(store, tmp_path_factory.mktemp("recordings"))


@pytest.fixture(scope="module")
def gateway(
    server: RedisServer, traces: Traces, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningGateway]:
    """At the end all that was sent must have gone."""
    shared = {"REDIS_URL": server.url, "STORAGE_URL": str(traces.folder), "RESULT_TTL_SECONDS": str(TTL_SECONDS)}
    directory, line = tmp_path_factory.mktemp("conductor"), procfile.lines()["conductor"]
    with (
        RunningGateway(server.url, storage_url=str(traces.folder), result_ttl_seconds=TTL_SECONDS) as running,
        Process("conductor", line, directory, clean_environ(**shared)),
    ):
        yield running
        with httpx.Client(base_url=running.url, timeout=PATIENCE) as api:
            for secret in ("mine", "other", "many"):
                api.headers["Authorization"] = f"Bearer {secret}"
                for job in api.get("/v1/jobs", params={"limit": 100}).json()["jobs"]:
                    api.delete(job["links"]["self"])
        eventually(lambda: traces.all() == [])


@pytest.fixture
def client(gateway: RunningGateway) -> Iterator[Callable[..., httpx.Client]]:
    made: list[httpx.Client] = []

    def make(secret: str | None = "mine") -> httpx.Client:
        headers = {"Authorization": f"Bearer {secret}"} if secret else {}
        made.append(httpx.Client(base_url=gateway.url, headers=headers, timeout=PATIENCE))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def api(client: Callable[..., httpx.Client]) -> httpx.Client:
    return client()


def sound() -> bytes:
    """Another one each time."""
    return b"sound %d" % next(COUNTER)


def sent(api: httpx.Client, content: bytes = b"", **headers: str) -> dict[str, Any]:
    answer = api.post("/v1/jobs", content=content or sound(), headers=headers)
    assert answer.status_code in (200, 202), answer.text
    job: dict[str, Any] = answer.json()
    return job


def at_once(ask: Callable[[], httpx.Response]) -> list[httpx.Response]:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return [asked.result() for asked in [pool.submit(ask) for _ in range(AT_ONCE)]]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (b"talk.wav", "talk.wav"),
        (b"../../etc/passwd", "passwd"),
        (rb"C:\\Users\\me\\talk.wav", "talk.wav"),
        (b"..", "recording"),
        (b"", "recording"),
        (b" . ", "recording"),
        (b"a\x00b\x1b[31m.wav", "ab[31m.wav"),
        ("gepr\u202eslaf.wav".encode(), "geprslaf.wav"),
        ("회의 🎤.m4a".encode(), "회의 🎤.m4a"),
        (b"\xff\xfe.wav", "��.wav"),
        (b"x" * 300 + b".wav", "x" * 251 + ".wav"),
        (b"<script>alert(1)<.wav", "<script>alert(1)<.wav"),
    ],
)
def test_a_name_is_shown_without_its_path_and_odd_characters(
    api: httpx.Client, traces: Traces, name: bytes, shown: str
) -> None:
    part = b'--b\r\nContent-Disposition: form-data; name="file"; filename="%s"\r\n\r\n%s\r\n--b--\r\n' % (name, sound())
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    answer = api.post("/v1/jobs", headers=headers, content=part)
    assert (answer.status_code, answer.json()["name"]) == (202, shown)
    assert traces.files_of(answer.json()["id"]) == ["upload"]


def test_options_may_come_after_the_file_and_the_last_one_counts(api: httpx.Client) -> None:
    part = b'--b\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n%s\r\n'
    fields = [(b"language", b"", b"ko"), (b"language", b"", b"en-GB"), (b"words", b"", b"true"), (b"other", b"", b"x")]
    body = b"".join(part % each for each in [(b"anything", b'; filename="a"', sound()), *fields]) + b"--b--\r\n"
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    job = api.post("/v1/jobs", params={"language": "fr", "priority": "low"}, headers=headers, content=body).json()
    assert (job["language"], job["words"], job["priority"]) == ("en", True, "low")


def test_two_cancels_at_once_are_one(api: httpx.Client, traces: Traces) -> None:
    job = sent(api)
    answers = at_once(lambda: api.delete(job["links"]["self"]))
    assert {(answer.status_code, answer.json()["status"]) for answer in answers} == {(200, "cancelled")}
    assert [event for _, event, _ in events(api, job)].count("cancelled") == 1
    eventually(lambda: traces.files_of(job["id"]) == [])


def test_another_callers_recording_is_not_there(
    api: httpx.Client, client: Callable[..., httpx.Client], traces: Traces
) -> None:
    job = sent(api)
    for stranger in (client("other"), client(None)):
        for method, rest in (("GET", ""), ("DELETE", ""), ("GET", "/events"), ("GET", "/result")):
            assert stranger.request(method, job["links"]["self"] + rest).status_code == 404
    refused = api.delete(job["links"]["self"], headers={"Sec-Fetch-Site": "cross-site"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "cross_site")
    assert api.get(job["links"]["self"]).json()["status"] == "queued" and traces.files_of(job["id"]) == ["upload"]


def test_no_result_before_the_end(api: httpx.Client) -> None:
    job = sent(api)
    refused = api.get(job["links"]["result"])
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "not_finished")
    api.delete(job["links"]["self"])
    refused = api.get(job["links"]["result"])
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "cancelled")
    refused = api.get(job["links"]["result"], params={"format": "pdf"})
    assert (refused.status_code, refused.json()["error"]["field"]) == (422, "format")


def test_events_from_any_place_end_with_the_end(api: httpx.Client) -> None:
    job = sent(api)
    api.delete(job["links"]["self"])
    seen = events(api, job)
    assert [event for _, event, _ in seen] == ["cancelled"], "what was there before is erased"
    newest = int(seen[-1][0])
    assert events(api, job, last=str(newest)) == seen[-1:]
    for beyond in (newest + 1, 10**14):
        assert events(api, job, last=str(beyond)) == seen
    for garbage in ("-1", "1.5", "newest", "١", "1" * 41):
        refused = api.get(job["links"]["events"], headers={"Last-Event-ID": garbage.encode()})
        assert refused.status_code == 422, garbage
        assert api.get(job["links"]["events"], params={"after": garbage}).status_code == 422


def test_an_idempotency_key(api: httpx.Client, client: Callable[..., httpx.Client], traces: Traces) -> None:
    content, key = sound(), {"Idempotency-Key": "order 7"}
    first = sent(api, content, **key)
    again = api.post("/v1/jobs", content=content, headers=key)
    assert (again.status_code, again.json()["id"], again.json()["existing"]) == (200, first["id"], True)
    before = set(traces.files())
    for params, body in (({}, sound()), ({"words": "true"}, content)):
        refused = api.post("/v1/jobs", params=params, content=body, headers=key)
        assert (refused.status_code, refused.json()["error"]["code"]) == (422, "idempotency_conflict")
    assert set(traces.files()) <= before
    assert sent(client("other"), content, **key)["id"] != first["id"]
    api.delete(first["links"]["self"])
    again = api.post("/v1/jobs", content=content, headers=key)
    assert (again.json()["id"], again.json()["status"]) == (first["id"], "cancelled")


@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "at once"}], ids=["alone", "with a key"])
def test_the_same_at_the_same_moment_is_one(api: httpx.Client, traces: Traces, headers: dict[str, str]) -> None:
    content, before = sound(), set(traces.files())
    answers = at_once(lambda: api.post("/v1/jobs", content=content, headers=headers))
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert sorted(answer.status_code for answer in answers) == [200] * (AT_ONCE - 1) + [202]
    assert len(set(traces.files()) - before) == 2  # its folder and its file


def test_different_ones_under_one_key_at_the_same_moment(api: httpx.Client) -> None:
    answers = at_once(lambda: api.post("/v1/jobs", content=sound(), headers={"Idempotency-Key": "for all"}))
    assert sorted(answer.status_code for answer in answers) == [202] + [422] * (AT_ONCE - 1)


def test_the_list_page_by_page_has_each_once(client: Callable[..., httpx.Client]) -> None:
    api = client("many")
    sent_ids = {answer.json()["id"] for answer in at_once(lambda: api.post("/v1/jobs", content=sound()))}
    found, before = [], None
    while True:
        params = {"limit": 3} | ({"before": before} if before else {})
        page = api.get("/v1/jobs", params=params).json()
        found += page["jobs"]
        before = page["before"]
        if before is None:
            break
    assert sorted(job["id"] for job in found) == sorted(sent_ids)
    for params in ({"limit": 0}, {"limit": 101}, {"limit": "x"}, {"before": "x"}, {"before": "-1"}, {"before": ""}):
        assert api.get("/v1/jobs", params=params).status_code == 422, params
    assert api.get("/v1/jobs", params={"before": "9" * 40, "limit": 1}).json()["jobs"]
    assert client(None).get("/v1/jobs").status_code == 401


def test_what_has_expired_is_not_there_any_more(api: httpx.Client, traces: Traces, store: "redis.Redis") -> None:
    content = sound()
    job = sent(api, content)
    cancelled = api.delete(job["links"]["self"]).json()
    assert cancelled["expires_at"] - cancelled["ended_at"] == TTL_SECONDS
    eventually(lambda: api.get(job["links"]["self"]).status_code == 404)
    for method, rest in (("DELETE", ""), ("GET", "/events"), ("GET", "/result")):
        assert api.request(method, job["links"]["self"] + rest).status_code == 404
    assert job["id"] not in [listed["id"] for listed in api.get("/v1/jobs", params={"limit": 100}).json()["jobs"]]
    assert traces.of(job["id"]) == [] and store.zscore(keys.JOBS, job["id"]) is None
    assert sent(api, content)["id"] != job["id"]
