import json
import re
import subprocess
import sys
import time

import pytest

from contracts import codec
from fastapi_service.main import create_app
from fastapi_service.recordings.job import Job, Options
from fastapi_service.recordings.webhooks import delivery, event, sender, signature
from fastapi_service.recordings.webhooks.delivery import Rules
from fastapi_service.routes.job_answers import told
from fastapi_service.settings import Settings
from scripts.procfile import ROOT

DOCS = (ROOT / "docs" / "webhooks.md").read_text()
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
JOB = Job("job-1", "a.wav", 10, "00", 1.0, Options(webhook="https://a.example/"))


def fields(status: str) -> dict[bytes, bytes]:
    return {b"record": codec.dumps(JOB).encode(), b"status": status.encode(), b"ended": b"5", b"tries": b"3"}


@pytest.mark.parametrize("status", ["completed", "failed", "cancelled"])
def test_says_what_the_job_says(status: str) -> None:
    state = event.state(fields(status))
    said = json.loads(event.body("evt-1", state))
    assert said == {
        "id": "evt-1",
        "type": f"job.{status}",
        "created_at": 5.0,
        "job": told(state).model_dump(),
        "result": "/v1/jobs/job-1/result" if status == "completed" else None,
    }
    assert event.body("evt-1", state) == event.body("evt-1", event.state(fields(status)))


def test_openapi_tells_of_them() -> None:
    described = create_app(Settings()).openapi()["webhooks"]
    assert set(described) == {"job.completed", "job.failed", "job.cancelled"}
    parameters = {each["name"] for each in described["job.completed"]["post"]["parameters"]}
    assert parameters == {"webhook-id", "webhook-timestamp", "webhook-signature"}


def test_the_example_in_the_docs_has_all_its_fields() -> None:
    shown = json.loads(re.findall(r"```json\n(.*?)```", DOCS, re.DOTALL)[0])
    made = json.loads(event.body("evt-1", event.state(fields("completed"))))
    assert list(shown) == list(made) and list(shown["job"]) == list(made["job"])


@pytest.mark.parametrize(("language", "program"), [("python", [sys.executable, "-"]), ("js", ["node", "-"])])
def test_the_verifying_examples_in_the_docs_verify(language: str, program: list[str]) -> None:
    """Each defines `verify(secret, headers, body)`; here it is tried on what was signed, and on what was not."""
    (example,) = re.findall(rf"```{language}\n(.*?)```", DOCS, re.DOTALL)
    now, body = int(time.time()), event.body("evt-1", event.state(fields("completed")))
    signed = signature.read(f"{signature.PREFIX}{'QUFB' * 12},{SECRET}").sign("evt-1", now, body)
    headers = {"webhook-id": "evt-1", "webhook-timestamp": str(now), "webhook-signature": signed}
    tried = [
        (headers, body.decode()),
        (headers, body.decode() + " "),
        (headers | {"webhook-id": "evt-2"}, body.decode()),
        (headers | {"webhook-signature": "v1,AAAA v1a," + signed.split(",")[-1]}, body.decode()),
        (headers | {"webhook-timestamp": str(now - 3600)}, body.decode()),
    ]
    asked = [json.dumps([SECRET, *each]) for each in tried]
    if language == "python":
        calls = "".join(f"\ns, h, b = {each}\nprint(int(verify(s, h, b.encode())))" for each in asked)
    else:
        call = "\n{ const [s, h, b] = %s; console.log(Number(verify(s, h, Buffer.from(b)))); }"
        calls = "".join(call % each for each in asked)
    done = subprocess.run(program, input=example + calls, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1", "0", "0", "0", "0"]


def test_pauses_grow_and_a_receiver_may_ask_for_longer() -> None:
    rules = Rules()
    for tries, planned in enumerate(rules.pauses, 1):
        assert 0.8 * planned <= delivery.pause(tries, None, rules) <= 1.2 * planned
    assert delivery.pause(1, 90, rules) == 90
    assert delivery.pause(1, 10**8, rules) == 3600
    assert delivery.pause(3, 1, rules) >= 96
    assert rules.lease_seconds > rules.attempt_seconds + 2


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_answers_that_are_a_delivery(status: int) -> None:
    assert sender.judge(status, "", 0).reason == ""


@pytest.mark.parametrize("status", [301, 302, 303, 304, 307, 308, 410])
def test_answers_that_are_final(status: int) -> None:
    outcome = sender.judge(status, "", 0)
    assert outcome.final and str(status) in outcome.reason


@pytest.mark.parametrize("status", [400, 401, 404, 408, 409, 425, 429, 500, 502, 503, 504])
def test_answers_that_may_be_others_later(status: int) -> None:
    outcome = sender.judge(status, "", 0)
    assert not outcome.final and str(status) in outcome.reason


def test_retry_after() -> None:
    assert sender.judge(503, "120", 0).retry_after == 120
    assert sender.judge(503, "Thu, 01 Jan 1970 00:02:00 GMT", 30).retry_after == 90
    assert sender.judge(503, "Thu, 01 Jan 1970 00:02:00 GMT", 300).retry_after == 0
    for text in ("", "soon", "-5", "1.5"):
        assert sender.judge(503, text, 0).retry_after is None
