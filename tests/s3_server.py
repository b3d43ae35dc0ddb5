"""A server that speaks S3, as a process of its own on a port of its own: moto's, which keeps all in memory."""

import functools
import urllib.request
from pathlib import Path
from typing import Any

import boto3

from tests.eventually import PATIENCE, eventually
from tests.ports import free_port
from tests.processes import Process, clean_environ

BUCKET = "recordings"


class S3Server(Process):
    """`.storage_url` and `.storage_environ` are what a process needs to keep its recordings in the bucket made
    here; `.client` sees what is really there. What it holds is lost when it ends."""

    def __init__(self, directory: Path) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.storage_url = f"s3://{BUCKET}/kept"
        self.storage_environ = {
            "AWS_ENDPOINT_URL_S3": self.url,
            "AWS_ACCESS_KEY_ID": "test-key",
            "AWS_SECRET_ACCESS_KEY": "test-secret",
        }
        # who asks and whether he may is looked at after so many requests only; see `be_strict`
        environ = clean_environ(INITIAL_NO_AUTH_ACTION_COUNT=str(10**9))
        super().__init__("s3", f"python -m moto.server -H 127.0.0.1 -p {self.port}", directory, environ)

    def start(self) -> None:
        super().start()
        eventually(lambda: self._ask("data.json") == 200)
        self.client.create_bucket(Bucket=BUCKET)

    def service(self, name: str) -> Any:
        keys = {"aws_access_key_id": "test-key", "aws_secret_access_key": "test-secret"}
        return boto3.session.Session().client(name, region_name="us-east-1", endpoint_url=self.url, **keys)

    @functools.cached_property
    def client(self) -> Any:
        return self.service("s3")

    def unfinished(self, bucket: str = BUCKET) -> list[str]:
        """Keys of the multipart uploads that are neither complete nor aborted."""
        return [found["Key"] for found in self.client.list_multipart_uploads(Bucket=bucket).get("Uploads", ())]

    def be_strict(self, strict: bool) -> None:
        """Whether requests are held to users, keys and policies."""
        self._ask("reset-auth", b"0" if strict else b"1000000000")

    def _ask(self, path: str, data: bytes | None = None) -> int:
        request = urllib.request.Request(f"{self.url}/moto-api/{path}", data, {"Content-Type": "text/plain"})
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return int(answer.status)
