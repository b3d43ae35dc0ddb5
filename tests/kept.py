"""A storage of recordings for tests, and what is really in it."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from fastapi_service.recordings.storage import Storage, open_storage
from tests.s3_server import BUCKET, S3Server

PLACES = ["folder", "bucket"]


@dataclass
class Kept:
    """`everything` lists all that is there, unfinished things too; `slip_in` puts something there of another's."""

    url: str
    everything: Callable[[], list[str]]
    slip_in: Callable[[str], object]

    @functools.cached_property
    def storage(self) -> Storage:
        storage = open_storage(self.url)
        storage.check()
        return storage


def in_folder(path: Path) -> Kept:
    def slip_in(name: str) -> None:
        (path / name).parent.mkdir(exist_ok=True)
        (path / name).touch()

    return Kept(str(path), lambda: [str(found) for found in path.rglob("*")], slip_in)


def in_bucket(server: S3Server, prefix: str) -> Kept:
    """For a process that has the server's `storage_environ`."""

    def everything() -> list[str]:
        found = server.client.list_objects_v2(Bucket=BUCKET, Prefix=f"{prefix}/").get("Contents", ())
        return [each["Key"] for each in found] + [key for key in server.unfinished() if key.startswith(f"{prefix}/")]

    def slip_in(name: str) -> None:
        server.client.put_object(Bucket=BUCKET, Key=f"{prefix}/{name}", Body=b"")

    return Kept(f"s3://{BUCKET}/{prefix}", everything, slip_in)
