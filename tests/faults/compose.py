"""Kills every container of a running compose stack, one after another, while the recorder speaks to it
through nginx, and checks that each utterance came once, to the client and into the log:

    docker compose up -d --build --wait
    python -m tests.faults.compose [--url wss://localhost/ws] [--file models/demo.flac] [--rounds 1]

Ends with 0 when nothing is missing or doubled. It kills with SIGKILL and starts again, as Docker itself
does with a container that dies.
"""

import argparse
import asyncio
import subprocess
import sys
from collections import Counter
from pathlib import Path

from contracts.messages import Done, Error, Ready, Result
from listener_service import line
from recorder_service.conversation import Conversation
from recorder_service.options import Options
from recorder_service.sources import AudioFile
from tests.eventually import eventually

SERVICES = ("fastapi_service", "stt_worker", "analyzer_worker", "redis", "listener_service", "sweeper", "nginx")
LOG = Path("logs/result_listener.log")
FIRST_SECONDS, PAUSE_SECONDS, LOG_SECONDS = 4.0, 5.0, 30.0


class Heard:
    """What the client was told, and what its connection went through."""

    def __init__(self) -> None:
        self.ends: Counter[int] = Counter()
        self.session = ""
        self.utterances = -1
        self.resumed = 0

    def show(self, message: object, offset: float) -> None:
        if isinstance(message, Result) or (isinstance(message, Error) and message.utterance is not None):
            self.session = message.session or ""
            self.ends[message.utterance or 0] += 1
        elif isinstance(message, Done):
            self.utterances = message.utterances
        elif isinstance(message, Ready):
            self.resumed += message.resumed

    def note(self, sentence: str) -> None:
        say(f"  {sentence}")


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


async def compose(*words: str) -> None:
    command = ["docker", "compose", *words]
    process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    _, errors = await process.communicate()
    if process.returncode:
        raise SystemExit(f"{' '.join(command)}: {errors.decode().strip()}")


async def kill_in_turn(rounds: int) -> None:
    await asyncio.sleep(FIRST_SECONDS)
    for service in SERVICES * rounds:
        say(f"kill {service}")
        await compose("kill", service)
        await compose("start", service)
        await asyncio.sleep(PAUSE_SECONDS)


def logged(session: str) -> Counter[int]:
    """How often each utterance of the session stands in the log."""
    lines = [line.parse(text) for text in LOG.read_text().splitlines() if not text.endswith(line.TORN)]
    own = [entry for entry in lines if entry.fields.get("session") == session and "utterance" in entry.fields]
    return Counter(int(entry.fields["utterance"]) for entry in own)


async def run(url: str, file: Path, rounds: int) -> int:
    heard = Heard()
    insecure = Options(urls=(url,), insecure=True)
    killing = asyncio.create_task(kill_in_turn(rounds))
    await Conversation(AudioFile(file), insecure, heard).run()
    await killing
    wanted = Counter(range(1, heard.utterances + 1))
    await asyncio.to_thread(eventually, lambda: logged(heard.session).total() >= heard.utterances, LOG_SECONDS)
    written = logged(heard.session)
    say(f"session {heard.session}: {heard.utterances} utterances, connection resumed {heard.resumed} times")
    say(f"client: missing {wanted - heard.ends or 'none'}, doubled {heard.ends - wanted or 'none'}")
    say(f"log:    missing {wanted - written or 'none'}, doubled {written - wanted or 'none'}")
    return 0 if heard.ends == wanted == written else 1


def main() -> int:
    parser = argparse.ArgumentParser(description="Kill the containers of a compose stack while somebody speaks.")
    parser.add_argument("--url", default="wss://localhost/ws")
    parser.add_argument("--file", type=Path, default=Path("models/demo.flac"))
    parser.add_argument("--rounds", type=int, default=1)
    options = parser.parse_args()
    return asyncio.run(run(options.url, options.file, options.rounds))


if __name__ == "__main__":
    sys.exit(main())
