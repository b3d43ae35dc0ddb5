"""What the API says of a job; pydantic's models, so that OpenAPI has them."""

from typing import Any

from pydantic import BaseModel, Field

from fastapi_service.recordings.job import State


class JobProblem(BaseModel):
    code: str = Field(description="One word for programs", examples=["not_audio"])
    message: str = Field(description="What was wrong and what would do, for people")


class JobLinks(BaseModel):
    self: str
    events: str = Field(description="Server-Sent Events: progress, text as it comes, the end")
    result: str = Field(description="Once the job is completed")


class JobAnswer(BaseModel):
    id: str
    status: str = Field(description="queued, running, completed, failed or cancelled")
    stage: str = Field(description="queued, prepare, transcribe, merge or done")
    progress: int = Field(description="Percent of the work, by what is finished; 100 when it is completed")
    message: str = Field(description="The same in words")
    name: str = Field(description="The file's name, as it came")
    bytes: int
    seconds: float | None = Field(description="Of sound; null until it is decoded")
    language: str | None = Field(description="As asked for; null: found by the model")
    task: str
    words: bool
    priority: str
    model: str | None
    reference: str | None = Field(description="The client's own word")
    token: str | None = Field(description="The label of what was read, of the /tokens routes")
    error: JobProblem | None = Field(description="Why it failed")
    note: str | None = Field(description="What was wrong with a recording that was read all the same")
    created_at: float = Field(description="Unix seconds, like all that end in _at")
    ended_at: float | None
    expires_at: float | None = Field(description="When it and its result are erased")
    links: JobLinks


class TakenAnswer(JobAnswer):
    existing: bool = Field(description="This recording, with these options, was here already: this is its job")


class JobsAnswer(BaseModel):
    jobs: list[JobAnswer] = Field(description="The newest first")
    unreadable: list[str] = Field(description="Ids of those that this version of the server cannot read")
    before: str | None = Field(description="For the next page; null: there is none")
    most_bytes: int = Field(description="Of one recording; larger ones are refused")


def told(state: State) -> JobAnswer:
    return JobAnswer(**_facts(state))


def taken(state: State, existing: bool) -> TakenAnswer:
    return TakenAnswer(**_facts(state), existing=existing)


def links(job_id: str) -> JobLinks:
    here = f"/v1/jobs/{job_id}"
    return JobLinks(self=here, events=f"{here}/events", result=f"{here}/result")


def _facts(state: State) -> dict[str, Any]:
    job, options, problem = state.job, state.job.options, state.problem
    return {
        "id": job.id,
        "status": state.status,
        "stage": state.stage,
        "progress": state.progress,
        "message": state.message,
        "name": job.name,
        "bytes": job.bytes,
        "seconds": state.seconds if state.cut else None,  # until then: how far the decoder is
        "language": options.language,
        "task": options.task,
        "words": options.words,
        "priority": options.priority,
        "model": options.model,
        "reference": options.reference,
        "token": job.token,
        "error": JobProblem(code=problem.code, message=problem.message) if problem else None,
        "note": state.note or None,
        "created_at": job.created,
        "ended_at": state.ended,
        "expires_at": state.expires,
        "links": links(job.id),
    }
