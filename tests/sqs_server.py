"""A server that speaks Amazon SQS, as a process of its own on a port of its own: moto's, which keeps all in memory."""

import functools
from pathlib import Path
from typing import Any

from tests.s3_server import S3Server

PREFIX = "test-"


class SqsServer(S3Server):
    """`.broker_environ` is what a process needs to have its queues there, also their visibility; `.queues` sees
    what is really there. What it holds is lost when it ends."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self.broker_url = f"sqs://{PREFIX}"
        keys = {name: value for name, value in self.storage_environ.items() if name.endswith("KEY") or "KEY_ID" in name}
        self.aws_environ = {"AWS_ENDPOINT_URL_SQS": self.url, **keys}
        self.broker_environ = {"BROKER_URL": self.broker_url, **self.aws_environ}

    @functools.cached_property
    def queues(self) -> Any:
        return self.service("sqs")

    def url_of(self, queue: str) -> str:
        return str(self.queues.get_queue_url(QueueName=PREFIX + queue)["QueueUrl"])

    def counts(self, queue: str) -> tuple[int, int]:
        """How many messages wait, and how many somebody has."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = self.queues.get_queue_attributes(QueueUrl=self.url_of(queue), AttributeNames=names)["Attributes"]
        return int(found[names[0]]), int(found[names[1]])
