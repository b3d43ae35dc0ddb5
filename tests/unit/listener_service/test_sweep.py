import json

import pytest

from contracts import codec, keys
from contracts.ledger import LEASE_MS, MOST_STARTS
from contracts.messages import AnalyzeTask, TranscribeTask, Transcript
from contracts.names import ANALYZER_STAGE, STT_STAGE
from listener_service import again
from listener_service.overdue import Claimed, Entry
from listener_service.sweep import Verdict, judge
from listener_service.underway import FORSAKEN_SECONDS, UnderWay, task_id

CLAIMED = Claimed("a-b_c", 3, deadline=1)
REQUEST = TranscribeTask("a-b_c", 3, audio_key="audio:a-b_c:3", start=1.0, end=2.0, spoken_at=5.0, sent_at=6.0)
TRANSCRIPT = Transcript("a-b_c", 3, 1.0, 2.0, "hi", "en", 0.9, 0.8, "engine", "model", seq=4)
NOTHING = UnderWay({STT_STAGE: frozenset(), ANALYZER_STAGE: frozenset()}, {})


def entry(**changes):
    known = {"request": codec.dumps(REQUEST).encode(), "transcript": codec.dumps(TRANSCRIPT).encode()}
    return Entry(CLAIMED, **(known | changes))


def waiting(stage, *ids):
    return UnderWay(NOTHING.waiting | {stage: frozenset(ids)}, {})


def taken(seconds, task="stt-a-b_c:3"):
    return UnderWay(NOTHING.waiting, {task: seconds})


def test_what_is_nowhere_is_lost():
    assert judge(entry(), NOTHING) is Verdict.LOST


def test_what_waits_in_the_queue_of_its_stage_is_under_way():
    assert judge(entry(), waiting(STT_STAGE, "stt-a-b_c:3")) is Verdict.UNDER_WAY
    assert judge(entry(stage=ANALYZER_STAGE), waiting(ANALYZER_STAGE, "an-a-b_c:3")) is Verdict.UNDER_WAY
    assert judge(entry(stage=ANALYZER_STAGE), waiting(STT_STAGE, "stt-a-b_c:3")) is Verdict.LOST
    assert judge(entry(), waiting(STT_STAGE, "stt-a-b_c:33", "stt-b_c:3")) is Verdict.LOST


def test_what_a_worker_took_is_under_way_until_everybody_has_forgotten_it():
    assert judge(entry(), taken(FORSAKEN_SECONDS - 1)) is Verdict.UNDER_WAY
    assert judge(entry(), taken(FORSAKEN_SECONDS)) is Verdict.LOST


def test_what_cannot_be_read_for_its_length_counts_as_under_way():
    assert judge(entry(), UnderWay({STT_STAGE: None, ANALYZER_STAGE: None}, {})) is Verdict.UNDER_WAY
    assert judge(entry(), UnderWay(NOTHING.waiting, None)) is Verdict.UNDER_WAY


def test_what_was_started_so_often_is_given_up_unless_a_living_worker_has_it():
    worn = entry(starts=MOST_STARTS)
    assert judge(worn, waiting(STT_STAGE, "stt-a-b_c:3")) is Verdict.WORN
    assert judge(worn, taken(LEASE_MS / 1000)) is Verdict.WORN
    assert judge(worn, taken(1.0)) is Verdict.UNDER_WAY
    assert judge(entry(starts=MOST_STARTS - 1), NOTHING) is Verdict.LOST


def test_what_is_gone_has_expired():
    assert judge(Entry(CLAIMED, gone=True), waiting(STT_STAGE, "stt-a-b_c:3")) is Verdict.EXPIRED


def test_the_speech_worker_is_sent_the_request_again():
    message = again.message(entry(), 9.0)
    assert isinstance(message, TranscribeTask)
    assert (message.audio_key, message.spoken_at, message.sent_at) == ("audio:a-b_c:3", 5.0, 9.0)


def test_the_analyzer_is_sent_the_transcript():
    message = again.message(entry(stage=ANALYZER_STAGE), 9.0)
    assert message == AnalyzeTask(TRANSCRIPT, spoken_at=5.0, sent_at=9.0)


@pytest.mark.parametrize(
    "changes",
    [{"request": b""}, {"stage": ANALYZER_STAGE, "transcript": b""}, {"stage": "later"}, {"request": b"\xff"}],
)
def test_what_another_version_wrote_is_an_error_that_can_be_told(changes):
    with pytest.raises(codec.DecodeError):
        again.message(entry(**changes), 9.0)


def test_the_task_of_a_message_is_found_without_reading_its_body():
    headers = {"id": "stt-s:1", "root_id": "x", "parent_id": None}
    message = {"body": "W1tdXQ==", "headers": {"lang": "py", **headers}, "properties": {"correlation_id": "y"}}
    assert task_id(json.dumps(message).encode()) == "stt-s:1" == task_id(json.dumps([message, "", "q"]).encode())
    assert task_id(b"x") == ""


def test_a_task_has_one_id_at_each_stage():
    assert (keys.task_id(STT_STAGE, "s", 1), keys.task_id(ANALYZER_STAGE, "s", 1)) == ("stt-s:1", "an-s:1")
