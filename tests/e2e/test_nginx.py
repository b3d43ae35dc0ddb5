"""The front door as shipped: a real nginx with our template and certificate script, in front of a
gateway that says what reached it."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from contracts import codec
from contracts.messages import Error
from tests import front_door
from tests.eventually import PATIENCE, eventually
from tests.front_door import FrontDoor, unverified
from tests.ports import free_port
from tests.processes import Process, clean_environ

pytestmark = pytest.mark.skipif(bool(front_door.missing()), reason=str(front_door.missing()))

MEBIBYTE = bytes(1 << 20)


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    port = free_port()
    with echo_gateway(tmp_path_factory.mktemp("gateway"), port) as process:
        process.wait_for("Uvicorn running")
        yield f"127.0.0.1:{port}"


def echo_gateway(directory: Path, port: int) -> Process:
    command = f"python -m uvicorn tests.e2e.echo_gateway:app --port {port}"
    return Process("echo_gateway", command, directory, clean_environ())


@pytest.fixture(scope="module")
def door(gateway: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FrontDoor]:
    with FrontDoor(tmp_path_factory.mktemp("nginx"), gateway) as nginx:
        yield nginx


@pytest.fixture
def client(door: FrontDoor) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=door.url, verify=unverified(), timeout=PATIENCE) as session:
        yield session


def open_socket(door: FrontDoor, path: str = "/ws", **headers: str) -> connect:
    address = door.url.replace("https", "wss") + path
    return connect(address, ssl=unverified(), additional_headers=headers, proxy=None, open_timeout=PATIENCE)


def test_plain_http_is_sent_to_https_with_path_and_query(door: FrontDoor) -> None:
    answer = httpx.get(f"http://127.0.0.1:{door.http_port}/a/b?c=d", timeout=PATIENCE)
    assert (answer.status_code, answer.headers["location"]) == (301, f"{door.url}/a/b?c=d")


def test_plain_http_on_the_https_port_is_sent_to_https(door: FrontDoor) -> None:
    answer = httpx.get(f"http://127.0.0.1:{door.https_port}/a", timeout=PATIENCE)
    assert (answer.status_code, answer.headers["location"]) == (301, f"{door.url}/a")


def test_an_acme_challenge_is_answered_in_plain_http(door: FrontDoor) -> None:
    proofs = door.certs / "acme" / ".well-known" / "acme-challenge"
    proofs.mkdir(parents=True, exist_ok=True)
    (proofs / "token").write_text("token.proof")
    address = f"http://127.0.0.1:{door.http_port}/.well-known/acme-challenge/"
    assert httpx.get(address + "token", timeout=PATIENCE).text == "token.proof"
    assert httpx.get(address + "other", timeout=PATIENCE).status_code == 404


@pytest.mark.parametrize(("version", "spoken"), [("tls1_3", True), ("tls1_2", True), ("tls1_1", False)])
def test_tls_versions(door: FrontDoor, version: str, spoken: bool) -> None:
    line = ["openssl", "s_client", "-connect", f"127.0.0.1:{door.https_port}", f"-{version}", "-cipher"]
    done = subprocess.run([*line, "ALL:@SECLEVEL=0"], input=b"", capture_output=True, check=False, timeout=PATIENCE)
    assert (done.returncode == 0) is spoken, done.stderr


def test_security_headers_come_once_and_the_pages_policy_is_the_gateways(client: httpx.Client) -> None:
    headers = client.get("/").headers
    assert headers.get_list("x-frame-options") == ["DENY"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "microphone=(self)" in headers["permissions-policy"]
    assert headers["content-security-policy"] == "default-src 'self'"
    assert headers["server"] == "nginx", "the version is nobody's business"
    assert "strict-transport-security" not in headers, "not with a self-signed certificate"


def test_the_gateway_hears_the_real_address_whatever_the_client_claims(client: httpx.Client) -> None:
    seen = client.get("/", headers={"X-Forwarded-For": "10.9.8.7", "X-Real-IP": "10.9.8.7"}).json()
    assert seen["x-forwarded-for"] == seen["x-real-ip"] == "127.0.0.1"
    assert seen["x-forwarded-proto"] == "https"
    assert seen["host"] == client.base_url.netloc.decode()


def test_a_trusted_proxy_is_believed(gateway: str, tmp_path: Path) -> None:
    with FrontDoor(tmp_path, gateway, {"TRUSTED_PROXIES": "127.0.0.1,10.0.0.0/8"}) as door:
        claimed = {"X-Forwarded-For": "203.0.113.5, 10.1.1.1"}
        seen = httpx.get(door.url, verify=unverified(), headers=claimed, timeout=PATIENCE).json()
    assert seen["x-forwarded-for"] == "203.0.113.5"


@pytest.mark.parametrize("path", ["/ws", "/ws/"])
def test_a_socket_goes_through(door: FrontDoor, path: str) -> None:
    with open_socket(door, path) as socket:
        assert json.loads(socket.recv())["x-forwarded-for"] == "127.0.0.1"
        socket.send(bytes(4096))
        assert socket.recv() == bytes(4096)


def test_sockets_per_address_are_limited_in_words(gateway: str, tmp_path: Path) -> None:
    with FrontDoor(tmp_path, gateway, {"NGX_SOCKETS_PER_IP": "2"}) as door:
        with open_socket(door), open_socket(door):
            with pytest.raises(InvalidStatus) as refused, open_socket(door):
                pass
            assert refused.value.response.status_code == 429
            assert codec.loads(refused.value.response.body or b"", Error).code == "too_many"
            page = httpx.get(door.url, verify=unverified(), timeout=PATIENCE)
            assert page.status_code == 200, "only sockets are full"

        def again() -> bool:
            try:
                with open_socket(door):
                    return True
            except InvalidStatus:
                return False

        assert eventually(again), "a closed socket makes room"


def test_a_hundred_requests_at_once_are_fine_and_a_flood_is_not(gateway: str, tmp_path: Path) -> None:
    with FrontDoor(tmp_path, gateway, {"NGX_REQUESTS_PER_SECOND": "1"}) as door:
        with httpx.Client(base_url=door.url, verify=unverified(), timeout=PATIENCE) as client:
            assert {client.get("/").status_code for _ in range(100)} == {200}
            answers = (client.get("/") for _ in range(2000))
            refused = next(answer for answer in answers if answer.status_code != 200)
    assert refused.status_code == 429
    assert refused.headers["retry-after"] == "5"
    assert codec.loads(refused.content, Error).retryable


def test_a_hundred_megabytes_are_taken_and_more_is_refused(client: httpx.Client) -> None:
    assert client.post("/upload", content=MEBIBYTE * 100).json() == {"bytes": 100 << 20}
    refused = client.post("/upload", content=MEBIBYTE * 101)
    assert refused.status_code == 413
    assert codec.loads(refused.content, Error).code == "too_large"
    assert refused.headers["x-frame-options"] == "DENY"


def test_a_recording_may_be_as_large_as_the_gateway_takes_it(
    gateway: str, client: httpx.Client, tmp_path: Path
) -> None:
    assert client.post("/v1/jobs", content=MEBIBYTE * 101).json() == {"bytes": 101 << 20}
    with FrontDoor(tmp_path, gateway, {"MAX_UPLOAD_BYTES": str(2 << 20)}) as door:
        with httpx.Client(base_url=door.url, verify=unverified(), timeout=PATIENCE) as other:
            assert other.post("/v1/jobs", content=MEBIBYTE * 2).json() == {"bytes": 2 << 20}
            refused = other.post("/v1/jobs", content=MEBIBYTE * 4)
    assert refused.status_code == 413
    told = refused.json()["error"]
    assert (told["code"], told["field"]) == ("too_large", "file")
    assert str(2 << 20) in told["message"]


def test_a_recording_is_passed_on_while_it_arrives(client: httpx.Client) -> None:
    """The second half is sent only once the gateway has had the first."""

    def halves() -> Iterator[bytes]:
        yield MEBIBYTE
        assert eventually(lambda: int(client.get("/arrived").text) == 1 << 20)
        yield MEBIBYTE

    assert client.post("/v1/jobs", content=halves()).json() == {"bytes": 2 << 20}


@pytest.mark.parametrize("path", ["/v1/jobs/1/events", "/tokens/analysis-progress/1"])
def test_events_are_passed_on_when_they_come(client: httpx.Client, path: str) -> None:
    with client.stream("GET", path, headers={"Accept-Encoding": "gzip"}) as stream:
        lines = stream.iter_lines()
        assert next(lines) == "data: first"
        assert "content-encoding" not in stream.headers
        client.post("/go")
        assert "data: second" in lines


def test_text_is_compressed(client: httpx.Client) -> None:
    assert client.get("/style.css").headers["content-encoding"] == "gzip"


def test_no_query_string_is_logged(door: FrontDoor, client: httpx.Client) -> None:
    client.get("/seen-in-the-log?token=secret", headers={"Referer": "https://x/?token=secret"})
    assert "secret" not in door.wait_for('"GET /seen-in-the-log HTTP/')


def test_a_gateway_that_is_away_is_said_in_words_and_found_again(tmp_path: Path) -> None:
    port = free_port()
    with FrontDoor(tmp_path, f"127.0.0.1:{port}") as door:
        with httpx.Client(base_url=door.url, verify=unverified(), timeout=PATIENCE) as client:
            away = client.get("/")
            assert (away.status_code, away.headers["retry-after"]) == (503, "5")
            assert codec.loads(away.content, Error).code == "gateway_away"
            for path in ("/v1/jobs", "/tokens/1/upload-audio", "/v1/audio/transcriptions"):
                told = client.post(path, content=b"sound").json()["error"]
                assert (told["code"], told["type"]) == ("gateway_away", "server_error")
            page = client.post("/", headers={"Accept": "text/html,*/*"})
            assert page.status_code == 503
            assert page.headers["content-type"].startswith("text/html")
            assert page.headers["x-content-type-options"] == "nosniff"
            with echo_gateway(tmp_path, port):
                assert eventually(lambda: client.get("/").status_code == 200)
