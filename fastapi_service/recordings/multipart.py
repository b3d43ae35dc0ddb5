"""A file on its way into a bucket: whole if it is small, else in parts, of which one is in memory."""

from typing import Any

from fastapi_service.recordings.s3_errors import told

PART_BYTES = 8 << 20
"""S3 wants 5 MiB at least and takes 10,000 parts, which is 80 GB."""


class Multipart:
    """`target` is boto3's Bucket and Key; `where` and `what` say it in words."""

    def __init__(self, client: Any, target: dict[str, str], where: str, what: str) -> None:
        self._client = client
        self._target = target
        self._where = where
        self._what = what
        self._part = bytearray()
        self._parts: list[dict[str, Any]] = []
        self._id: str | None = None

    def write(self, data: bytes | bytearray | memoryview) -> None:
        view = memoryview(data)
        while view:
            room = PART_BYTES - len(self._part)
            self._part += view[:room]
            view = view[room:]
            if len(self._part) == PART_BYTES:
                self._send()

    def finish(self) -> None:
        with told(self._where, self._what):
            if self._id is None:
                self._client.put_object(**self._target, Body=self._part)
                return
            if self._part:
                self._send()
            parts = {"Parts": self._parts}
            self._client.complete_multipart_upload(**self._target, UploadId=self._id, MultipartUpload=parts)

    def abort(self) -> None:
        self._part = bytearray()
        if self._id is not None:
            with told(self._where, self._what):
                self._client.abort_multipart_upload(**self._target, UploadId=self._id)

    def _send(self) -> None:
        with told(self._where, self._what):
            if self._id is None:
                self._id = self._client.create_multipart_upload(**self._target)["UploadId"]
            number = len(self._parts) + 1
            sent = self._client.upload_part(**self._target, UploadId=self._id, PartNumber=number, Body=self._part)
        self._parts.append({"PartNumber": number, "ETag": sent["ETag"]})
        self._part = bytearray()
