"""A bucket of an S3-compatible service that keeps the files of recordings as `{prefix}/{job}/{file}`.

boto3 speaks to it and finds credentials as it always does. Only what every such service has is asked for:
no checksums of newer kinds, no deletion of several at once.
"""

import os
from collections.abc import Iterator
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from contracts.env import SettingError
from fastapi_service.recordings.multipart import Multipart
from fastapi_service.recordings.s3_errors import NOT_THERE, code, told

JOBS = "job-"
REGION = "us-east-1"
CONFIG = Config(
    connect_timeout=5,
    read_timeout=30,
    retries={"mode": "standard", "total_max_attempts": 4},
    max_pool_connections=32,
    request_checksum_calculation="when_required",
    response_checksum_validation="when_required",
)
NOT_OFFERED = {"NotImplemented", "MethodNotAllowed"}


class Bucket:
    def __init__(self, bucket: str, prefix: str) -> None:
        """AWS_* are read here and now. Raises SettingError."""
        endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL") or None
        region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or REGION
        try:
            session = boto3.session.Session()
            self._client: Any = session.client("s3", region_name=region, endpoint_url=endpoint, config=CONFIG)
        except (ValueError, BotoCoreError) as error:
            raise SettingError(f"AWS_ENDPOINT_URL_S3={endpoint!r}, AWS_REGION={region!r}: {error}") from None
        self._bucket = bucket
        self._prefix = f"{prefix}/" if prefix else ""
        self._where = f"bucket {bucket} at {self._client.meta.endpoint_url}"

    def check(self) -> None:
        with told(self._where, "listing"):
            self._client.list_objects_v2(Bucket=self._bucket, Prefix=self._prefix + JOBS, MaxKeys=1)

    def sink(self, name: str) -> Multipart:
        return Multipart(self._client, self._target(name), self._where, name)

    def read(self, name: str, start: int, end: int | None) -> bytes:
        if end is not None and end <= start:
            return b""
        last = "" if end is None else end - 1
        asked = {} if end is None and start == 0 else {"Range": f"bytes={start}-{last}"}
        with told(self._where, name):
            try:
                found: bytes = self._client.get_object(**self._target(name), **asked)["Body"].read()
            except ClientError as error:
                if code(error.response) != "InvalidRange":
                    raise
                return b""
            return found

    def size(self, name: str) -> int:
        with told(self._where, name):
            try:
                return int(self._client.head_object(**self._target(name))["ContentLength"])
            except ClientError as error:
                if code(error.response) in NOT_THERE:
                    self.check()  # an answer without a body cannot say that it is the bucket which is not there
                raise

    def remove(self, name: str) -> None:
        with told(self._where, name):
            self._client.delete_object(**self._target(name))

    def erase(self, job: str) -> None:
        with told(self._where, job):
            for found in self._listed(f"{self._prefix}{job}/"):
                self._client.delete_object(Bucket=self._bucket, Key=found["Key"])

    def jobs(self) -> dict[str, float]:
        newest: dict[str, float] = {}
        with told(self._where, "listing"):
            for found in self._listed(self._prefix + JOBS):
                job, inside, _ = found["Key"].removeprefix(self._prefix).partition("/")
                if inside:
                    newest[job] = max(newest.get(job, 0.0), found["LastModified"].timestamp())
        return newest

    def clean(self, before: float) -> int:
        """Not every service tells of unfinished uploads; those that do not have rules of their own for them."""
        old = []
        with told(self._where, "listing unfinished uploads"):
            try:
                pages = self._client.get_paginator("list_multipart_uploads")
                for page in pages.paginate(Bucket=self._bucket, Prefix=self._prefix + JOBS):
                    old += [found for found in page.get("Uploads", ()) if found["Initiated"].timestamp() < before]
                for found in old:
                    target = {"Bucket": self._bucket, "Key": found["Key"]}
                    self._client.abort_multipart_upload(**target, UploadId=found["UploadId"])
            except ClientError as error:
                if code(error.response) not in NOT_OFFERED:
                    raise
        return len(old)

    def _target(self, name: str) -> dict[str, str]:
        return {"Bucket": self._bucket, "Key": self._prefix + name}

    def _listed(self, prefix: str) -> Iterator[dict[str, Any]]:
        for page in self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix):
            yield from page.get("Contents", ())
