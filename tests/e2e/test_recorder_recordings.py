"""Recordings from the command line, with the shipped models and every process of the Procfile."""

import json
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from recorder_service.options import Waits
from recorder_service.recordings.following import Following
from recorder_service.recordings.server import Access, Server
from recorder_service.recordings.upload import Upload, Wishes
from scripts.procfile import ROOT
from tests import front_door
from tests.e2e.relay import Relay
from tests.e2e.test_recordings import recording
from tests.eventually import PATIENCE, eventually
from tests.front_door import FrontDoor
from tests.ports import free_port
from tests.processes import Pipeline, Process, clean_environ
from tests.speech import Clip, clips, words

CLIPS = clips()[4:8]
COMMAND = [sys.executable, "-m", "recorder_service"]
TOKEN = "of the command line"
LINE = re.compile(r"\[\d\d:\d\d\.\d - \d\d:\d\d\.\d\] (?P<text>.*)  (?P<label>[A-Z]+) [+-]\d\.\d\d")


def run(url: str, *arguments: str, token: str = TOKEN) -> "subprocess.CompletedProcess[str]":
    done = subprocess.run(
        [*COMMAND, *arguments, "--url", url],
        cwd=ROOT,
        env=clean_environ(RECORDER_TOKEN=token),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done


def said(text: str) -> list[tuple[list[str], str]]:
    """Words and label of each line that is a segment."""
    return [(words(found["text"]), found["label"]) for line in text.splitlines() if (found := LINE.fullmatch(line))]


def expected(chosen: list[Clip]) -> list[tuple[list[str], str]]:
    return [(words(clip.text), clip.label) for clip in chosen]


def test_two_recordings_are_followed_one_after_the_other(pipeline: Pipeline, tmp_path: Path) -> None:
    one = recording(tmp_path / "one.flac", CLIPS[:2], seed=11)
    two = recording(tmp_path / "two.flac", CLIPS[2:], seed=12)
    done = run(pipeline.url, "upload", str(one), str(two), "--follow", "--reference", "order 7")
    assert done.returncode == 0, done.stderr
    first, second = done.stdout.removeprefix("one.flac:\n").split("two.flac:\n")
    assert (said(first), said(second)) == (expected(CLIPS[:2]), expected(CLIPS[2:]))
    assert "two.flac: completed." in done.stderr

    listed = [json.loads(line) for line in run(pipeline.url, "jobs", "--json").stdout.splitlines()]
    ours = {job["name"]: job for job in listed if job["reference"] == "order 7"}
    assert set(ours) == {"one.flac", "two.flac"}
    shown = run(pipeline.url, "jobs").stdout
    assert re.search(rf"{ours['one.flac']['id']}  .*  completed  100 %  +0:\d\d  one.flac", shown)
    assert ours["one.flac"]["id"] not in run(pipeline.url, "jobs", token="another one").stdout

    folder = tmp_path / "subtitles"
    folder.mkdir()
    again = run(pipeline.url, "upload", str(one), str(two), "--format", "srt", "--output", str(folder))
    assert (again.returncode, again.stdout) == (0, ""), again.stderr
    assert again.stderr.count("it was here already") == 2
    assert "00:00:0" in (folder / "one.srt").read_text()
    second_id = ours["two.flac"]["id"]
    assert run(pipeline.url, "result", second_id, "--format", "srt").stdout == (folder / "two.srt").read_text()
    assert run(pipeline.url, "result", second_id, token="another one").returncode == 1


def test_its_events_as_json_and_its_result_in_a_file(pipeline: Pipeline, tmp_path: Path) -> None:
    file, output = recording(tmp_path / "a.flac", CLIPS[:1], seed=13), tmp_path / "a.json"
    done = run(pipeline.url, "upload", str(file), "--json", "--words", "--output", str(output))
    assert done.returncode == 0, done.stderr
    job, *events = [json.loads(line) for line in done.stdout.splitlines()]
    (segment,) = [event["data"] for event in events if event["event"] == "segment"]
    assert (events[-1]["event"], events[-1]["data"]["job"], segment["job"]) == ("completed", job["id"], job["id"])
    result = json.loads(output.read_text())
    assert [words(part["text"]) for part in result["segments"]] == [words(CLIPS[0].text)]


def test_what_is_no_recording_is_status_1_and_the_others_are_worked_on(pipeline: Pipeline, tmp_path: Path) -> None:
    notes = tmp_path / "notes.mp3"
    notes.write_text("not a recording\n" * 1000)
    done = run(pipeline.url, "upload", str(notes), str(recording(tmp_path / "a.flac", CLIPS[:1], seed=14)), "--follow")
    assert done.returncode == 1
    assert said(done.stdout) == expected(CLIPS[:1])
    assert "notes.mp3: failed: The file is not a recording" in done.stderr
    refused = run(pipeline.url, "upload", str(notes), "--language", "klingon")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "notes.mp3: language 'klingon' is not known" in refused.stderr


def test_interrupted_it_goes_on_at_the_server_until_it_is_cancelled(pipeline: Pipeline, tmp_path: Path) -> None:
    file = recording(tmp_path / "long.flac", CLIPS * 12, seed=15)
    command = [*COMMAND, "upload", str(file), "--follow", "--url", pipeline.url]
    client = subprocess.Popen(
        command,
        cwd=ROOT,
        env=clean_environ(RECORDER_TOKEN=TOKEN),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert client.stdout
    first = client.stdout.readline()
    client.send_signal(signal.SIGINT)
    rest, errors = client.communicate(timeout=PATIENCE)
    assert said(first + rest)[0] == expected(CLIPS)[0]
    assert client.returncode == 130, errors
    found = re.search(r"The server goes on with long.flac: `result (job-\S+) --follow` shows it", errors)
    assert found, errors
    cancelled = run(pipeline.url, "cancel", found[1])
    assert (cancelled.returncode, cancelled.stderr) == (0, f"{found[1]} is cancelled.\n")
    followed = run(pipeline.url, "result", found[1], "--follow")
    assert followed.returncode == 1
    assert f"{found[1]}: was cancelled" in followed.stderr


def test_what_has_ended_is_erased_only_when_that_is_said(pipeline: Pipeline, tmp_path: Path) -> None:
    job_id = run(pipeline.url, "upload", str(recording(tmp_path / "a.flac", CLIPS[:1], seed=16))).stdout.strip()
    assert run(pipeline.url, "result", job_id, "--follow").returncode == 0
    kept = run(pipeline.url, "cancel", job_id, "job-unknown")
    assert kept.returncode == 1
    assert "it is completed; --erase removes it" in kept.stderr and "there is no such recording" in kept.stderr
    assert run(pipeline.url, "cancel", job_id, "--erase").returncode == 0
    assert run(pipeline.url, "result", job_id).returncode == 1


def test_a_link_cut_in_the_middle_of_the_upload_and_of_the_words(pipeline: Pipeline, tmp_path: Path) -> None:
    file = recording(tmp_path / "a.wav", CLIPS * 2, seed=17)
    waits = Waits(first=0.05, longest=0.5, dead=PATIENCE, patience=PATIENCE)
    notes: list[str] = []
    with Relay(pipeline.port) as relay, Server(Access(relay.url, TOKEN, waits=waits), notes.append) as server:

        def cut_once(name: str, sent: int, size: int) -> None:
            if sent > size / 2 and not notes and not cuts:
                cuts.append(sent)
                relay.cut()

        cuts: list[int] = []
        job = Upload(file, Wishes(), cut_once).send(server)
        assert cuts and len(notes) == 1 and notes[0].startswith("Lost the connection"), notes
        following, events = Following(server, job["id"]), []
        for event in following.events():
            events.append(event)
            if len(events) in (1, 6):
                relay.cut()
    ids = [int(event.id) for event in events]
    assert ids == sorted(set(ids))
    segments = sorted((event.json() for event in events if event.name == "segment"), key=lambda data: data["utterance"])
    assert [(words(data["text"]), data["sentiment"]["label"]) for data in segments] == expected(CLIPS * 2)
    assert (events[-1].name, following.state["status"]) == ("completed", "completed")


def test_a_gateway_that_is_killed_and_comes_back(pipeline: Pipeline, tmp_path: Path) -> None:
    file = recording(tmp_path / "a.flac", CLIPS * 4, seed=18)
    command = f'"{sys.executable}" -m recorder_service upload "{file}" --follow --url {pipeline.url}'
    with Process("client", command, tmp_path, clean_environ()) as client:
        eventually(lambda: said(client.output))
        pipeline.kill("fastapi_service")
        pipeline.restart("fastapi_service")
        assert client.wait() == 0, client.output
        assert said(client.output) == expected(CLIPS * 4)
    pipeline.wait_ready()


def test_nobody_who_reads_is_status_141(pipeline: Pipeline, tmp_path: Path) -> None:
    command = [*COMMAND, "upload", str(recording(tmp_path / "a.flac", CLIPS[:1], seed=19)), "--follow"]
    with subprocess.Popen(
        [*command, "--url", pipeline.url],
        cwd=ROOT,
        env=clean_environ(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as client:
        assert client.stdout and client.stderr
        client.stdout.close()
        errors = client.stderr.read()
    assert client.returncode == 141, errors
    assert "Traceback" not in errors and "Exception" not in errors


@pytest.mark.skipif(bool(front_door.missing()), reason=str(front_door.missing()))
def test_a_certificate_nobody_vouches_for_is_accepted_when_that_is_said(pipeline: Pipeline, tmp_path: Path) -> None:
    with FrontDoor(tmp_path, f"127.0.0.1:{pipeline.port}") as door:
        refused = run(door.url, "jobs")
        assert refused.returncode == 3
        assert "its certificate is not trusted" in refused.stderr and "--insecure" in refused.stderr
        assert run(door.url, "jobs", "--insecure").returncode == 0


def test_nobody_there_is_status_3_and_what_will_not_do_is_status_2(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"RIFF")
    file, nobody = str(tmp_path / "a.wav"), f"http://127.0.0.1:{free_port()}"
    unreached = run(nobody, "upload", file)
    assert unreached.returncode == 3
    assert f"Cannot connect to {nobody}" in unreached.stderr
    for arguments, reason in (
        (["upload", str(tmp_path / "none.wav")], "There is no file"),
        (["upload", file, "--json", "--format", "srt"], "name a file for the result"),
        (["upload", file, "--output", str(tmp_path / "none" / "a.srt")], "There is no folder"),
    ):
        done = run(nobody, *arguments)
        assert (done.returncode, reason in done.stderr) == (2, True), done.stderr
    without = run(nobody, "jobs", token="")
    assert without.returncode == 2
    assert "RECORDER_TOKEN" in without.stderr
