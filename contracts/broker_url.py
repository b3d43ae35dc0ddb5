"""BROKER_URL: where Celery's queues are. Empty is the Redis of REDIS_URL, `sqs://` Amazon SQS or what speaks like it.

Pure. The service, its region and its credentials come from AWS_*, as for an `s3://` storage.
"""

import re

SCHEME = "sqs"
LONGEST_PREFIX = 50
"""A queue's whole name may have 80 characters."""

USE = (
    "leave it empty for the Redis of REDIS_URL, or use sqs:// or sqs://PREFIX for queues of Amazon SQS whose names"
    " begin so (letters, digits, - and _), with the service and its credentials in AWS_ENDPOINT_URL_SQS, AWS_REGION,"
    " AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
)

_ADDRESS = re.compile(rf"{SCHEME}://([A-Za-z0-9_-]{{0,{LONGEST_PREFIX}}})/?", re.IGNORECASE)


class BadBroker(ValueError):
    """Not to be used; the message says why, without the address."""


def prefix(text: str) -> str | None:
    """What the names of the SQS queues begin with; None when the queues are in Redis. Raises BadBroker."""
    if not text:
        return None
    found = _ADDRESS.fullmatch(text)
    if not found:
        raise BadBroker(USE)
    return found[1]
