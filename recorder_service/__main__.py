"""`python -m recorder_service stream FILE`, or `--mic`: captions and sentiments on the terminal.
`upload FILE...`, `jobs`, `result ID`, `cancel ID`: whole recordings, which the server works on alone.

Exit status: 0 every utterance had its result, every recording was taken or, where that is waited for,
completed; 1 one was not, or the server refused; 2 the file or the options will not do; 3 no connection;
130 interrupted (`stream`: twice; the first Ctrl-C ends the recording and waits for what is still to
come); 141 nobody reads what it writes (`| head`).
"""

import argparse
import asyncio
import os
import signal
import sys
from pathlib import Path
from urllib.parse import urlsplit

from recorder_service.closing import Refused
from recorder_service.conversation import Conversation
from recorder_service.displays import Captions, JsonLines
from recorder_service.gateways import Unreachable
from recorder_service.options import Options
from recorder_service.recordings import arguments as recordings
from recorder_service.recordings import commands
from recorder_service.recordings.upload import Unfit
from recorder_service.sources import AudioFile, BadAudio, Microphone, Source

DEFAULT_URL = "ws://localhost:8000/ws"


def socket_url(address: str) -> str:
    """The socket's address, also from that of the page: https://host -> wss://host/ws."""
    parts = urlsplit(address if "://" in address else f"ws://{address}")
    scheme = {"http": "ws", "https": "wss"}.get(parts.scheme, parts.scheme)
    if scheme not in ("ws", "wss") or not parts.hostname:
        raise argparse.ArgumentTypeError(f"{address!r} is no address like {DEFAULT_URL}")
    return parts._replace(scheme=scheme, path="/ws" if parts.path in ("", "/") else parts.path).geturl()


def socket_urls(addresses: str) -> list[str]:
    return [socket_url(address.strip()) for address in addresses.split(",")]


def parse(arguments: list[str]) -> argparse.Namespace:
    if "--mic" in arguments and "stream" not in arguments:
        arguments = ["stream", *arguments]
    parser = argparse.ArgumentParser(prog="recorder_service", description="Stream audio, read captions and sentiments.")
    subparsers = parser.add_subparsers(dest="command", required=True)
    stream = subparsers.add_parser("stream", help="a file or the microphone, as it is heard")
    stream.add_argument("file", type=Path, nargs="?", help="a WAV or FLAC file")
    stream.add_argument("--mic", action="store_true", help="the default microphone instead of a file")
    stream.add_argument(
        "--url",
        type=socket_urls,
        action="extend",
        help=f"default {DEFAULT_URL}; several (again, or with commas): after a break the next one goes on",
    )
    stream.add_argument("--fast", action="store_true", help="as fast as the server takes it, not in real time")
    stream.add_argument("--json", action="store_true", help="the server's messages as JSON lines")
    stream.add_argument("--language", help="two letters, for example en or ko; default: automatic")
    stream.add_argument("--task", choices=("transcribe", "translate"), default="transcribe")
    stream.add_argument("--insecure", action="store_true", help="accept a certificate nobody vouches for")
    recordings.add(subparsers)
    chosen = parser.parse_args(arguments)
    if chosen.command == "stream" and bool(chosen.file) == chosen.mic:
        stream.error("name a FILE or say --mic")
    return chosen


async def run(chosen: argparse.Namespace) -> int:
    source: Source = Microphone() if chosen.mic else AudioFile(chosen.file, chosen.fast)
    options = Options(tuple(chosen.url or [DEFAULT_URL]), chosen.language, chosen.task, chosen.insecure)
    conversation = Conversation(source, options, JsonLines() if chosen.json else Captions())
    task = asyncio.create_task(conversation.run())
    interrupts = 0

    def interrupted() -> None:
        nonlocal interrupts
        interrupts += 1
        if interrupts == 1:
            source.stop()
        else:
            task.cancel()

    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, interrupted)
    try:
        await task
    except asyncio.CancelledError:
        return 130
    except (BrokenPipeError, ExceptionGroup) as error:
        if isinstance(error, ExceptionGroup) and error.subgroup(BrokenPipeError) is None:
            raise
        return unread()
    return 1 if conversation.failures else 0


def unread() -> int:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for what Python still flushes at its end
    return 141


def main() -> int:
    chosen = parse(sys.argv[1:])
    try:
        return asyncio.run(run(chosen)) if chosen.command == "stream" else commands.run(chosen)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        return unread()
    except (BadAudio, Unfit) as error:
        status, sentence = 2, str(error)
    except Unreachable as error:
        status, sentence = 3, str(error)
    except Refused as error:
        status, sentence = 1, str(error)
    sys.stderr.write(sentence + "\n")
    return status


if __name__ == "__main__":
    sys.exit(main())
