"""What OpenAPI says of webhooks: requests that this service makes, none that it answers."""

from fastapi import FastAPI, Header

from contracts.job_messages import ENDS
from fastapi_service.recordings.webhooks.event import WebhookEvent


def describe(app: FastAPI) -> None:
    for status in ENDS:
        app.webhooks.add_api_route(
            f"job.{status}", ended, methods=["POST"], operation_id=f"job_{status}", tags=["recordings"]
        )


def ended(
    event: WebhookEvent,
    webhook_id: str = Header(description="The event's id, the same in every attempt"),
    webhook_timestamp: int = Header(description="When this attempt was made, unix seconds"),
    webhook_signature: str = Header(description="`v1,` and the base64 of HMAC-SHA256 over id.timestamp.body"),
) -> None:
    """Sent to the job's `webhook` at its end; any 2xx is a delivery. Signed as Standard Webhooks say."""
