"""What a webhook says, and its headers."""

import json
from collections.abc import Mapping

from pydantic import BaseModel, Field

from fastapi_service.recordings import job as jobs
from fastapi_service.recordings.job import State
from fastapi_service.routes.job_answers import JobAnswer, told


class WebhookEvent(BaseModel):
    id: str = Field(description="The same in every attempt: who has had it has had it")
    type: str = Field(description="job.completed, job.failed or job.cancelled")
    created_at: float = Field(description="When the job ended, unix seconds")
    job: JobAnswer = Field(description="As GET /v1/jobs/{id} told it at its end")
    result: str | None = Field(description="Where its result is, below this service's address; null: it has none")


def body(event: str, state: State) -> bytes:
    """The same bytes in every attempt."""
    job = told(state)
    result = job.links.result if state.status == "completed" else None
    made = WebhookEvent(
        id=event, type=f"job.{state.status}", created_at=state.ended or state.job.created, job=job, result=result
    )
    return json.dumps(made.model_dump(), ensure_ascii=False, separators=(",", ":")).encode()


def state(fields: Mapping[bytes, bytes]) -> State:
    """Of the job at its end, which was copied into the event. Raises jobs.Unreadable."""
    found = jobs.state(fields)
    if found is None:
        raise jobs.Unreadable(fields)
    return found
