"""The whole pipeline with the shipped models: what is said comes out, in order, once, with its label."""

import json
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import soxr
from websockets.sync.client import connect

from listener_service import line
from tests.eventually import PATIENCE, eventually
from tests.processes import Pipeline
from tests.speech import Clip, Speaker, clips, of_kind, said, speak, words

RATE = 16_000
CLIPS = clips()
KOREAN = clips("ko")


def logged(pipeline: Pipeline, session: str) -> list[line.Line]:
    """The session's result lines."""
    lines = [line.parse(text) for text in pipeline.result_log.read_text().splitlines()]
    return [entry for entry in lines if entry.kind != line.STATISTICS and entry.fields.get("session") == session]


def write(path: Path, samples: np.ndarray, rate: int = RATE) -> Path:
    soundfile.write(path, samples, rate, subtype="FLOAT" if path.suffix == ".wav" else None)
    return path


@pytest.mark.parametrize("clip", CLIPS, ids=[clip.file for clip in CLIPS])
def test_a_sentence_comes_out_with_its_words_and_its_label(pipeline: Pipeline, clip: Clip) -> None:
    messages = speak(pipeline.url, clip.path)
    assert said(messages) == words(clip.text)
    assert {result["sentiment"]["label"] for result in of_kind(messages, "result")} == {clip.label}


@pytest.mark.parametrize("clip", KOREAN, ids=[clip.file for clip in KOREAN])
def test_korean_speech_becomes_english_text_with_a_sentiment(pipeline: Pipeline, clip: Clip) -> None:
    messages = speak(pipeline.url, clip.path, "--fast", "--task", "translate")
    assert said(messages) == words(clip.english)
    assert {result["sentiment"]["label"] for result in of_kind(messages, "result")} == {clip.label}


def test_korean_text_is_written_and_not_judged_by_a_model_that_knows_english(pipeline: Pipeline) -> None:
    (result,) = of_kind(speak(pipeline.url, KOREAN[0].path), "result")
    assert (words(result["text"]), result["language"]) == (words(KOREAN[0].text), "ko")
    assert result["sentiment"]["label"] is None
    assert "ko" in result["sentiment"]["reason"]


def sounds() -> dict[str, np.ndarray]:
    """Four seconds each of what is no speech, at the level of speech."""
    random = np.random.default_rng(7)
    time = np.arange(4 * RATE) / RATE
    white = random.normal(0, 0.1, len(time))
    clicks = np.zeros(len(time))
    clicks[random.integers(0, len(time), 40)] = 0.9
    return {
        "silence": np.zeros(len(time)),
        "white noise": white,
        "brown noise": np.cumsum(white) / np.abs(np.cumsum(white)).max() * 0.5,
        "hum": 0.3 * np.sin(2 * np.pi * 50 * time) + 0.1 * np.sin(2 * np.pi * 150 * time),
        "tone": 0.3 * np.sin(2 * np.pi * 440 * time),
        "clicks": clicks,
    }


@pytest.mark.parametrize("sound", sounds())
def test_what_is_no_speech_never_becomes_text(pipeline: Pipeline, tmp_path: Path, sound: str) -> None:
    messages = speak(pipeline.url, write(tmp_path / "sound.wav", sounds()[sound].astype(np.float32)))
    assert said(messages) == []
    assert not [p for p in of_kind(messages, "partial") if p["stable"] or p["tail"]]
    assert messages[-1]["type"] == "done"


@pytest.fixture(scope="module")
def talk(pipeline: Pipeline, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """A minute's worth of messages: several sentences with pauses between, in one session."""
    pause = np.zeros(RATE, np.float32)
    parts = [part for clip in CLIPS[:4] for part in (soundfile.read(clip.path, dtype="float32")[0], pause)]
    path = write(tmp_path_factory.mktemp("talk") / "talk.flac", np.concatenate(parts))
    return speak(pipeline.url, path, "--language", "en")


def test_sentences_of_a_session_come_in_order(talk: list[dict[str, Any]]) -> None:
    assert said(talk) == [word for clip in CLIPS[:4] for word in words(clip.text)]


def test_events_are_numbered_without_a_gap_and_done_is_last(talk: list[dict[str, Any]]) -> None:
    durable = of_kind(talk, "transcript", "result", "error")
    assert [event["seq"] for event in durable] == list(range(1, len(durable) + 1))
    assert [message["type"] for message in talk].index("ready") == 0
    assert [message["type"] for message in talk].index("done") == len(talk) - 1
    results = of_kind(talk, "result")
    assert talk[-1]["utterances"] == len(results)
    assert len({result["utterance"] for result in results}) == len(results)


def test_a_transcript_precedes_its_result_and_says_the_same(talk: list[dict[str, Any]]) -> None:
    transcripts = {message["utterance"]: message for message in of_kind(talk, "transcript")}
    for result in of_kind(talk, "result"):
        transcript = transcripts[result["utterance"]]
        assert transcript["seq"] < result["seq"]
        for name in ("text", "start", "end", "language", "trace", "session"):
            assert transcript[name] == result[name], name


def test_what_is_accepted_only_grows_up_to_all_of_it(talk: list[dict[str, Any]]) -> None:
    accepted = [message["samples"] for message in of_kind(talk, "accepted")]
    assert accepted == sorted(accepted)
    assert accepted[-1] == talk[-1]["samples"]


def test_the_log_says_what_the_socket_said(pipeline: Pipeline, talk: list[dict[str, Any]]) -> None:
    results = of_kind(talk, "result")
    lines = eventually(lambda: len(found := logged(pipeline, talk[0]["session"])) >= len(results) and found)
    assert [(entry.kind, entry.text) for entry in lines] == [(r["sentiment"]["label"], r["text"]) for r in results]
    for entry, result in zip(lines, results, strict=True):
        assert entry.score == pytest.approx(result["sentiment"]["score"], abs=0.0006)
        assert entry.fields["utterance"] == str(result["utterance"])


def test_speech_reaches_no_log_but_the_results(pipeline: Pipeline, talk: list[dict[str, Any]]) -> None:
    for name in ("redis", "fastapi_service", "stt_worker", "analyzer_worker"):
        output = pipeline[name].output.lower()
        assert not [r["text"] for r in of_kind(talk, "result") if r["text"].lower() in output], name


def test_two_speakers_at_once_do_not_mix(pipeline: Pipeline) -> None:
    first, second = CLIPS[0], CLIPS[1]
    speakers = [Speaker(pipeline.url, clip.path) for clip in (first, second)]
    both = [speaker.messages() for speaker in speakers]
    assert [said(messages) for messages in both] == [words(first.text), words(second.text)]
    assert both[0][0]["session"] != both[1][0]["session"]
    for messages in both:
        assert {m["session"] for m in messages} == {messages[0]["session"]}


def test_words_come_while_speaking_and_stable_ones_stay(pipeline: Pipeline) -> None:
    longest = max(CLIPS[:8], key=lambda clip: soundfile.info(clip.path).duration)
    messages = Speaker(pipeline.url, longest.path).messages()
    partials = of_kind(messages, "partial")
    assert partials, "no words before the end of the utterance"
    for earlier, later in zip(partials, partials[1:], strict=False):
        if earlier["utterance"] == later["utterance"]:
            assert words(later["stable"])[: len(words(earlier["stable"]))] == words(earlier["stable"])
    assert said(messages) == words(longest.text)


def test_a_recording_at_another_rate_in_stereo_has_the_same_words(pipeline: Pipeline, tmp_path: Path) -> None:
    samples, rate = soundfile.read(CLIPS[0].path, dtype="float32")
    stereo = np.stack([soxr.resample(samples, rate, 44_100)] * 2, axis=1)
    messages = speak(pipeline.url, write(tmp_path / "cd.flac", stereo, 44_100))
    assert messages[0]["sample_rate"] == 44_100
    assert said(messages) == words(CLIPS[0].text)


def test_a_transcript_becomes_a_logged_result_though_the_gateway_dies(pipeline: Pipeline) -> None:
    samples, _ = soundfile.read(CLIPS[0].path, dtype="float32")
    pipeline["analyzer_worker"].signal(signal.SIGSTOP)
    with connect(pipeline.ws_url, open_timeout=PATIENCE, ping_interval=None) as socket:
        for block in np.array_split(samples, len(samples) // 1024):
            socket.send(block.tobytes())
        socket.send('{"type":"stop"}')
        while (message := json.loads(socket.recv(PATIENCE)))["type"] != "transcript":
            assert message["type"] != "result"
        pipeline.kill("fastapi_service")
    pipeline["analyzer_worker"].signal(signal.SIGCONT)
    (entry,) = eventually(lambda: logged(pipeline, message["session"]))
    assert words(entry.text) == words(CLIPS[0].text)
    pipeline.restart("fastapi_service")
    pipeline.wait_ready()
    assert said(speak(pipeline.url, CLIPS[1].path)) == words(CLIPS[1].text)
