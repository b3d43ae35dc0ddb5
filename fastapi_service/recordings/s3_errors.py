"""What an S3-compatible service answers instead of doing it, as StorageErrors in words."""

import contextlib
from collections.abc import Iterator
from typing import Any

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    HTTPClientError,
    IncompleteReadError,
    NoCredentialsError,
    PartialCredentialsError,
)
from botocore.exceptions import (
    ConnectionError as Unconnected,
)

from fastapi_service.recordings.storage_errors import NotThere, StorageAway, StorageError, StorageFull

NOT_THERE = {"NoSuchKey", "404", "NotFound"}
FULL = {"XMinioStorageFull", "XMinioAdminBucketQuotaExceeded", "QuotaExceeded", "InsufficientStorage", "StorageFull"}
UNKNOWN_KEY = {
    *("InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken", "InvalidClientTokenId"),
    *("AuthorizationHeaderMalformed", "RequestTimeTooSkewed"),
}
REFUSED = {"AccessDenied", "403", "Forbidden", "AllAccessDisabled", "AccountProblem"}
MOVED = {"PermanentRedirect", "301", "IllegalLocationConstraintException"}
KEYS = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"


@contextlib.contextmanager
def told(where: str, what: str) -> Iterator[None]:
    """`where`: the bucket and its service."""
    try:
        yield
    except ClientError as error:
        raise _answered(error.response, where, what) from error
    except (NoCredentialsError, PartialCredentialsError, CredentialRetrievalError) as error:
        raise StorageAway(f"no credentials for {where} ({error}): set {KEYS}") from error
    except (Unconnected, HTTPClientError, IncompleteReadError) as error:
        hint = "see that it runs and that AWS_ENDPOINT_URL_S3 is its address"
        raise StorageAway(f"{where} does not answer for {what} ({error}): {hint}") from error
    except BotoCoreError as error:
        raise StorageAway(f"{where} cannot be asked for {what} ({error}): look at the AWS_* settings") from error


def code(response: dict[str, Any]) -> str:
    return str(response.get("Error", {}).get("Code", ""))


def _answered(response: dict[str, Any], where: str, what: str) -> StorageError:
    found, message = code(response), response.get("Error", {}).get("Message", "")
    reason = f"{found}: {message}" if message else found
    if found in NOT_THERE:
        return NotThere(f"{what} is not in {where}: it was never stored, or deleted meanwhile")
    if found == "NoSuchUpload":
        return NotThere(f"{what} was given up by {where} while it was written: see the rules of the bucket")
    if found in FULL or response.get("ResponseMetadata", {}).get("HTTPStatusCode") == 507:
        return StorageFull(f"no room for {what} in {where} ({reason}): free some, or raise the quota")
    if found == "NoSuchBucket":
        return StorageAway(f"there is no {where}: make it, or correct STORAGE_URL")
    if found in UNKNOWN_KEY:
        return StorageAway(f"{where} does not take the credentials ({reason}): look at {KEYS}")
    if found in REFUSED:
        return StorageAway(f"{where} does not allow {what} ({reason}): docs/storage.md lists the permissions needed")
    if found in MOVED:
        return StorageAway(f"{where} is in another region ({reason}): set AWS_REGION")
    return StorageAway(f"{where} failed for {what} ({reason}): look at the service")
