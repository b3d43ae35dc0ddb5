"""Kills every container of a running compose stack, one after another, while the recorder speaks to it
through nginx and a recording is worked on, and checks that each utterance and each part of the recording came
once, to the client and into the log, and that their words are those that were said:

    docker compose up -d --build --wait
    python -m tests.faults.compose [--url wss://localhost/ws] [--file models/demo.flac] [--rounds 1]

Ends with 0 when nothing is missing, doubled or misheard. It kills with SIGKILL and starts again, as Docker itself
does with a container that dies. The words are compared where FILE has a .json beside it that says them.
"""

import argparse
import asyncio
import json
import secrets
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np
import soundfile

from contracts.messages import Error, Result
from contracts.socket_messages import Done, Ready
from listener_service import line
from recorder_service.conversation import Conversation
from recorder_service.options import Options
from recorder_service.recordings.arguments import server_url
from recorder_service.recordings.following import Following
from recorder_service.recordings.server import Access, Server
from recorder_service.recordings.upload import Upload, Wishes
from recorder_service.sources import AudioFile
from tests.eventually import eventually
from tests.speech import words

SERVICES = (
    "recordings_worker",  # first: it has the recording at once, and not for long
    "conductor",
    "fastapi_service",
    "stt_worker",
    "analyzer_worker",
    "redis",
    "listener_service",
    "sweeper",
    "nginx",
)
LOG = Path("logs/result_listener.log")
FIRST_SECONDS, PAUSE_SECONDS, LOG_SECONDS = 4.0, 5.0, 30.0
SPOKEN, RECORDED = 2, 8
"""How often the file is said, and is in the recording, each round: enough for all the kills."""


class Heard:
    """What the client was told, and what its connection went through."""

    def __init__(self) -> None:
        self.ends: Counter[int] = Counter()
        self.texts: dict[int, str] = {}
        self.session = ""
        self.utterances = -1
        self.resumed = 0

    def show(self, message: object, offset: float) -> None:
        if isinstance(message, Result) or (isinstance(message, Error) and message.utterance is not None):
            self.session = message.session or ""
            self.ends[message.utterance or 0] += 1
            self.texts[message.utterance or 0] = message.text if isinstance(message, Result) else ""
        elif isinstance(message, Done):
            self.utterances = message.utterances
        elif isinstance(message, Ready):
            self.resumed += message.resumed

    def note(self, sentence: str) -> None:
        say(f"  {sentence}")


class Recorded:
    """A recording on its way through the service; what became of it."""

    def __init__(self, url: str, file: Path) -> None:
        self.session = ""
        self.ends: Counter[int] = Counter()
        self.texts: list[str] = []
        self.stands = "not sent"
        self._file = file
        access = Access(server_url(url), secrets.token_urlsafe(), insecure=True)
        self._server = Server(access, lambda sentence: say(f"  recording: {sentence}"))

    def send(self) -> None:
        self.session = Upload(self._file, Wishes(), lambda *_: None).send(self._server)["id"]
        self.stands = "accepted"

    def follow(self) -> None:
        """To its end."""
        for event in Following(self._server, self.session).events():
            told = event.json()
            if event.name == "segment":
                self.ends[told["utterance"]] += 1
            self.stands = f"{told['stage']}, {told['progress']} %" if event.name == "progress" else event.name
        result = self._server.json("GET", f"/v1/jobs/{self.session}/result")
        self.texts = [segment["text"] for segment in result["segments"]]


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


async def compose(*arguments: str) -> None:
    command = ["docker", "compose", *arguments]
    process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    _, errors = await process.communicate()
    if process.returncode:
        raise SystemExit(f"{' '.join(command)}: {errors.decode().strip()}")


async def kill_in_turn(rounds: int, recorded: Recorded) -> None:
    for service in SERVICES * rounds:
        say(f"kill {service} (recording: {recorded.stands})")
        await compose("kill", service)
        await compose("start", service)
        await asyncio.sleep(PAUSE_SECONDS)


def logged(session: str) -> Counter[int]:
    """How often each utterance of the session stands in the log."""
    lines = [line.parse(text) for text in LOG.read_text().splitlines() if not text.endswith(line.TORN)]
    own = [entry for entry in lines if entry.fields.get("session") == session and "utterance" in entry.fields]
    return Counter(int(entry.fields["utterance"]) for entry in own)


def repeated(file: Path, times: int, folder: Path) -> Path:
    sound, rate = soundfile.read(file, dtype="int16")
    path = folder / f"{file.stem}-{times}.flac"
    soundfile.write(path, np.concatenate([sound] * times), rate)
    return path


def right(texts: list[str], file: Path, times: int) -> bool:
    """True also where nobody knows what was said."""
    known = file.with_suffix(".json")
    if not known.is_file():
        return True
    said = [word for sentence in json.loads(known.read_text()) for word in words(sentence["text"])]
    return [word for text in texts for word in words(text)] == said * times


def judge(what: str, session: str, ends: Counter[int], count: int) -> bool:
    wanted = Counter(range(1, count + 1))
    eventually(lambda: logged(session).total() >= count, LOG_SECONDS)
    written = logged(session)
    say(f"{what} {session}: {count} parts")
    say(f"  client: missing {wanted - ends or 'none'}, doubled {ends - wanted or 'none'}")
    say(f"  log:    missing {wanted - written or 'none'}, doubled {written - wanted or 'none'}")
    return ends == wanted == written


async def run(url: str, file: Path, rounds: int, folder: Path) -> int:
    heard, recorded = Heard(), Recorded(url, repeated(file, RECORDED * rounds, folder))
    spoken = AudioFile(repeated(file, SPOKEN * rounds, folder))
    talking = asyncio.create_task(Conversation(spoken, Options(urls=(url,), insecure=True), heard).run())
    await asyncio.sleep(FIRST_SECONDS)
    await asyncio.to_thread(recorded.send)
    following = asyncio.create_task(asyncio.to_thread(recorded.follow))
    await kill_in_turn(rounds, recorded)
    await asyncio.gather(talking, following)
    texts = [heard.texts[utterance] for utterance in sorted(heard.texts)]
    verdicts = [
        await asyncio.to_thread(judge, "speech", heard.session, heard.ends, heard.utterances),
        await asyncio.to_thread(judge, "recording", recorded.session, recorded.ends, len(recorded.texts)),
        right(texts, file, SPOKEN * rounds),
        right(recorded.texts, file, RECORDED * rounds),
    ]
    say(f"connection resumed {heard.resumed} times; words of speech right: {verdicts[2]}, of recording: {verdicts[3]}")
    return 0 if all(verdicts) else 1


def main() -> int:
    parser = argparse.ArgumentParser(description="Kill the containers of a compose stack while somebody speaks.")
    parser.add_argument("--url", default="wss://localhost/ws")
    parser.add_argument("--file", type=Path, default=Path("models/demo.flac"))
    parser.add_argument("--rounds", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(run(options.url, options.file, options.rounds, Path(folder)))


if __name__ == "__main__":
    sys.exit(main())
