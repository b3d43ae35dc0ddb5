"""A bucket that cannot be used: each refusal of a real server in words, and nothing left behind."""

import http.server
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fastapi_service.recordings.multipart import PART_BYTES
from fastapi_service.recordings.storage import Storage, open_storage
from fastapi_service.recordings.storage_errors import StorageAway, StorageError, StorageFull
from tests.ports import free_port
from tests.s3_server import BUCKET, S3Server

ALL = ["check", "put", "read", "size", "open", "jobs", "erase", "clean", "remove"]
SetEnviron = Callable[[dict[str, str]], None]
NO_SERVICE = {"AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "any"}


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with S3Server(tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.fixture
def setenv(monkeypatch: pytest.MonkeyPatch) -> SetEnviron:
    def set_all(environ: dict[str, str]) -> None:
        for name, value in environ.items():
            monkeypatch.setenv(name, value)

    return set_all


@pytest.fixture
def strict(s3: S3Server) -> Iterator[S3Server]:
    yield s3
    s3.be_strict(False)


def ask(storage: Storage, what: str) -> None:
    arguments = {"put": ("job-a/upload", b"x"), "check": (), "jobs": (), "erase": ("job-a",), "clean": (0,)}
    getattr(storage, what)(*arguments.get(what, ("job-a/upload",)))


@pytest.mark.parametrize("what", ALL)
def test_a_bucket_that_is_not_there(s3: S3Server, setenv: SetEnviron, what: str) -> None:
    setenv(s3.storage_environ)
    with pytest.raises(StorageAway, match=f"there is no bucket elsewhere at {s3.url}: make it, or correct STORAGE_URL"):
        ask(open_storage("s3://elsewhere/prefix"), what)


@pytest.mark.parametrize("what", ["check", "put", "read"])
def test_a_service_that_is_not_there(setenv: SetEnviron, what: str) -> None:
    address = f"http://127.0.0.1:{free_port()}"
    setenv(NO_SERVICE | {"AWS_ENDPOINT_URL": address})
    with pytest.raises(StorageAway, match=f"bucket recordings at {address} does not answer .* AWS_ENDPOINT_URL_S3"):
        ask(open_storage("s3://recordings"), what)


def test_a_service_that_goes_away_in_the_middle(
    tmp_path: Path, setenv: SetEnviron, caplog: pytest.LogCaptureFixture
) -> None:
    with S3Server(tmp_path) as server:
        setenv(server.storage_environ)
        storage = open_storage(server.storage_url)
        storage.put("job-a/upload", bytes(PART_BYTES))
        reading = storage.open("job-a/upload")
        reading.read(10)
        with pytest.raises(StorageAway, match="does not answer for job-b/upload"), storage.writing("job-b/upload") as f:
            f.write(bytes(PART_BYTES))
            server.kill()
            f.write(bytes(PART_BYTES))
        with pytest.raises(StorageAway, match="does not answer for job-a/upload"):
            reading.read()
    assert "what was written of an unfinished file stays for now" in caplog.messages


def test_credentials_that_the_service_does_not_know(strict: S3Server, setenv: SetEnviron) -> None:
    setenv(strict.storage_environ | {"AWS_ACCESS_KEY_ID": "AKIAUNKNOWN"})
    storage = open_storage(strict.storage_url)
    strict.be_strict(True)
    for what in ("check", "put"):
        with pytest.raises(StorageAway, match="does not take the credentials .*: look at AWS_ACCESS_KEY_ID"):
            ask(storage, what)


def test_no_credentials(s3: S3Server, setenv: SetEnviron, tmp_path: Path) -> None:
    nowhere = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_EC2_METADATA_DISABLED": "true"}
    files = {"AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "no"), "AWS_CONFIG_FILE": str(tmp_path / "no")}
    setenv(s3.storage_environ | nowhere | files)
    with pytest.raises(StorageAway, match="no credentials for bucket .*: set AWS_ACCESS_KEY_ID and AWS_SECRET"):
        open_storage(s3.storage_url).check()


def test_a_last_part_that_is_refused_takes_the_others_with_it(strict: S3Server, setenv: SetEnviron) -> None:
    iam = strict.service("iam")
    iam.create_user(UserName="abort-only")
    key = iam.create_access_key(UserName="abort-only")["AccessKey"]
    may = {"Effect": "Allow", "Action": ["s3:AbortMultipartUpload"], "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [may]})
    iam.put_user_policy(UserName="abort-only", PolicyName="abort-only", PolicyDocument=document)
    keys = {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
    setenv(strict.storage_environ | keys)
    file = open_storage(strict.storage_url).writing("job-a/upload")
    file.write(bytes(PART_BYTES + 1))
    assert strict.unfinished() == ["kept/job-a/upload"]
    strict.be_strict(True)
    with pytest.raises(StorageAway, match=r"does not allow job-a/upload \(AccessDenied.*docs/storage.md"), file:
        pass
    strict.be_strict(False)
    assert strict.unfinished() == []
    assert "Contents" not in strict.client.list_objects_v2(Bucket=BUCKET)


class Refusing(http.server.BaseHTTPRequestHandler):
    """Answers everything as a full service does: `refusal` is the status and the code."""

    refusal = (507, "XMinioStorageFull")

    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        status, code = self.refusal
        body = f"<Error><Code>{code}</Code><Message>No more.</Message></Error>".encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.mark.parametrize(
    ("status", "code", "kind", "words"),
    [
        (507, "XMinioStorageFull", StorageFull, "no room for job-a/upload .*raise the quota"),
        (507, "Unheard", StorageFull, "no room for job-a/upload"),
        (403, "QuotaExceeded", StorageFull, "no room for job-a/upload"),
        (400, "XMinioAdminBucketQuotaExceeded", StorageFull, "no room for job-a/upload"),
        (503, "SlowDown", StorageAway, "failed for job-a/upload .SlowDown: No more.*look at the service"),
        (301, "PermanentRedirect", StorageAway, "another region .*set AWS_REGION"),
        (403, "RequestTimeTooSkewed", StorageAway, "does not take the credentials"),
    ],
)
def test_a_service_without_room(
    setenv: SetEnviron, status: int, code: str, kind: type[StorageError], words: str
) -> None:
    """No server that can be had here has quotas; what those that have them answer is in their documentation."""
    handler = type("Full", (Refusing,), {"refusal": (status, code)})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever).start()
        setenv(NO_SERVICE | {"AWS_ENDPOINT_URL_S3": f"http://127.0.0.1:{server.server_port}"})
        try:
            with pytest.raises(kind, match=words):
                open_storage("s3://recordings").put("job-a/upload", b"x")
        finally:
            server.shutdown()
