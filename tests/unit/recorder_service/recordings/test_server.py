import email.utils
from pathlib import Path

import pytest

from recorder_service.closing import Refused
from recorder_service.gateways import Unreachable
from recorder_service.options import Waits
from recorder_service.recordings.export import export
from recorder_service.recordings.following import Following
from recorder_service.recordings.server import Access, Problem, Server, retry_after
from recorder_service.recordings.upload import Unfit, Upload, Wishes
from tests.eventually import PATIENCE
from tests.ports import free_port
from tests.unit.recorder_service.recordings.played_http import SILENCE, Answer, PlayedHttp, refusal

WAITS = Waits(first=0.002, longest=0.01, told=0.02, patience=PATIENCE, dead=PATIENCE)
JOB = {"id": "job-1", "existing": False}


def server(played: PlayedHttp, notes: list[str], waits: Waits = WAITS) -> Server:
    return Server(Access(played.url, waits=waits), notes.append)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / 'a "talk".mp3'
    path.write_bytes(bytes(range(256)) * 1000)
    return path


def test_an_upload_is_repeated_with_its_key_until_it_is_answered(file: Path) -> None:
    full = refusal(507, "storage_full", "the server has no room", Retry_After="60")
    told: list[int] = []
    with PlayedHttp(SILENCE, full, Answer(502, b"<html>"), Answer(202, JOB)) as played:
        notes: list[str] = []
        with server(played, notes) as talking:
            wishes = Wishes("en", words=True, reference="order 7")
            upload = Upload(file, wishes, lambda _, done, size: told.append(done))
            assert upload.send(talking) == JOB
    assert len({asked.headers["Idempotency-Key"] for asked in played.asked}) == 1
    assert {asked.line for asked in played.asked} == {
        "POST /v1/jobs?task=transcribe&words=true&priority=normal&language=en"
    }
    assert all(file.read_bytes() in asked.body and b"order 7" in asked.body for asked in played.asked)
    assert told.count(len(file.read_bytes())) == 4
    lost, told_full, proxy = notes
    assert lost.startswith(f"Lost the connection to {played.url}: ") and "; trying again in " in lost
    assert told_full.startswith("the server has no room; trying again in 0.0 s") and WAITS.told < 0.05
    assert proxy.startswith("The server answered 502 Bad Gateway; trying again")


def test_each_file_has_a_key_of_its_own(file: Path) -> None:
    with PlayedHttp(Answer(202, JOB), Answer(202, JOB)) as played, server(played, []) as talking:
        for _ in range(2):
            Upload(file, Wishes(), lambda *_: None).send(talking)
    assert len({asked.headers["Idempotency-Key"] for asked in played.asked}) == 2


def test_a_refusal_that_is_meant_is_not_repeated(file: Path) -> None:
    with PlayedHttp(refusal(422, "invalid_request", "language 'xx' is not known")) as played:
        with server(played, []) as talking, pytest.raises(Problem, match="language 'xx' is not known"):
            Upload(file, Wishes("xx"), lambda *_: None).send(talking)
    with PlayedHttp(Answer(301, headers={"Location": "https://speech.example/v1/jobs"})) as played:
        with server(played, []) as talking, pytest.raises(Refused, match="https://speech.example/v1/jobs: use --url"):
            Upload(file, Wishes(), lambda *_: None).send(talking)


def test_it_gives_up_with_the_last_reason(file: Path) -> None:
    notes: list[str] = []
    with PlayedHttp(*[refusal(429, "full", "the server keeps 3 recordings already")] * 2) as played:
        impatient = Waits(first=0.002, longest=0.01, told=0.02, patience=0.0001)
        with server(played, notes, impatient) as talking, pytest.raises(Problem, match="keeps 3 recordings"):
            Upload(file, Wishes(), lambda *_: None).send(talking)
    assert notes[-1].startswith("Gave up after")


def test_nobody_there_is_said_at_once() -> None:
    notes: list[str] = []
    with Server(Access(f"http://127.0.0.1:{free_port()}", waits=WAITS), notes.append) as nobody:
        with pytest.raises(Unreachable, match="Cannot connect to http://127.0.0.1:"):
            nobody.json("GET", "/v1/jobs")
    assert notes == []


def test_somebody_else_there_is_said_as_well() -> None:
    with PlayedHttp(Answer(200, b"<html>")) as played, server(played, []) as talking:
        with pytest.raises(Refused, match="is not this service"):
            talking.json("GET", "/v1/jobs")


def test_what_is_too_large_is_not_begun_with(file: Path) -> None:
    with PlayedHttp(Answer(200, {"jobs": [], "before": None, "most_bytes": 1000})) as played:
        with Server(Access(played.url, "secret", waits=WAITS), [].append) as talking:
            with pytest.raises(Refused, match="256,000 bytes, and the server takes 1,000 at most"):
                Upload(file, Wishes(), lambda *_: None).send(talking)
    assert played.asked[0].headers["Authorization"] == "Bearer secret"


def test_a_file_that_is_not_there_is_said_before_anything_is_sent(tmp_path: Path) -> None:
    with pytest.raises(Unfit, match="There is no file"):
        Upload(tmp_path / "none.mp3", Wishes(), lambda *_: None)


def events(*numbers: int, name: str = "progress") -> bytes:
    return b"".join(f"id: {number}\nevent: {name}\ndata: {{}}\n\n".encode() for number in numbers)


def test_events_go_on_after_the_last_one_that_came() -> None:
    over = Answer(200, {"status": "completed"})
    answers = (
        Answer(200, events(1, 2) + b"id: 3\ndata: ha", cut=True),
        refusal(503, "storage_unavailable", "try again in a moment", Retry_After="0"),
        SILENCE,
        Answer(200, events(3)),
        Answer(200, events(4, name="completed"), cut=True),
        over,
    )
    notes: list[str] = []
    with PlayedHttp(*answers) as played, server(played, notes) as talking:
        following = Following(talking, "job-1")
        assert [event.id for event in following.events()] == ["1", "2", "3", "4"]
    assert following.state == {"status": "completed"}
    assert [asked.headers.get("Last-Event-ID") for asked in played.asked] == [None, "2", "2", "2", "3", None]
    assert played.asked[-1].line == "GET /v1/jobs/job-1"
    assert notes[-1].startswith(f"{played.url} ended the connection; trying again in")


def test_a_failed_recording_that_is_taken_up_again_is_followed_on() -> None:
    answers = (
        Answer(200, events(1, name="failed")),
        Answer(200, {"status": "running"}),
        Answer(200, events(2, name="completed")),
        Answer(200, {"status": "completed"}),
    )
    with PlayedHttp(*answers) as played, server(played, []) as talking:
        following = Following(talking, "job-1")
        assert [event.name for event in following.events()] == ["failed", "completed"]
    assert played.asked[2].headers["Last-Event-ID"] == "1"


def test_a_result_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "a.srt"
    path.write_text("as it was")
    with PlayedHttp(refusal(409, "not_finished", "it is running")) as played, server(played, []) as talking:
        with pytest.raises(Problem, match="it is running"):
            export(talking, "job-1", "srt", path)
    assert path.read_text() == "as it was"
    with PlayedHttp(Answer(200, b"half", cut=True), Answer(200, b"whole")) as played, server(played, []) as talking:
        export(talking, "job-1", "srt", path)
    assert [other.name for other in tmp_path.iterdir()] == ["a.srt"]
    assert path.read_text() == "whole"


def test_when_to_come_back_is_told_in_seconds_or_as_a_date() -> None:
    assert retry_after("30", 0.0) == 30.0
    assert retry_after(email.utils.formatdate(1_000_060, usegmt=True), 1_000_000.0) == 60.0
    assert retry_after(email.utils.formatdate(0, usegmt=True), 1_000_000.0) == 0.0
    assert [retry_after(text, 0.0) for text in (None, "", "soon", "-3")] == [0.0] * 4
