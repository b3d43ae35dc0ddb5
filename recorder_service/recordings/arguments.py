"""The command lines of `upload`, `jobs`, `result` and `cancel`."""

import argparse
import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from recorder_service.recordings.export import FORMS, STDOUT

DEFAULT_URL = "http://localhost:8000"
COMMANDS = ("upload", "jobs", "result", "cancel")
MOST_LISTED = 100


def server_url(address: str) -> str:
    """The server's address, also from that of its socket: wss://host/ws -> https://host."""
    parts = urlsplit(address if "://" in address else f"http://{address}")
    scheme = {"ws": "http", "wss": "https"}.get(parts.scheme, parts.scheme)
    try:
        fits = scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        fits = False
    if not fits:
        raise argparse.ArgumentTypeError(f"{address!r} is no address like {DEFAULT_URL}")
    return f"{scheme}://{parts.netloc}{parts.path.rstrip('/').removesuffix('/ws')}"


def secret(text: str) -> str:
    if not (text.isascii() and text.isprintable() and text.strip() == text and text):
        raise argparse.ArgumentTypeError("a secret is made of printable ASCII characters")
    return text


def add(commands: Any) -> None:
    """To argparse's subparsers, whose type is private."""
    _upload(commands.add_parser("upload", help="send recordings to be worked on"))
    jobs = commands.add_parser("jobs", help="list one's own recordings")
    jobs.add_argument("--limit", type=_count, default=20, help=f"at most so many, up to {MOST_LISTED}; default 20")
    jobs.add_argument("--json", action="store_true", help="each as a JSON line")
    result = commands.add_parser("result", help="what was said in a recording")
    result.add_argument("id", metavar="ID")
    result.add_argument("--follow", action="store_true", help="wait for its end and show the words")
    _output(result)
    cancel = commands.add_parser("cancel", help="stop the work on recordings and erase their sound")
    cancel.add_argument("ids", metavar="ID", nargs="+")
    cancel.add_argument("--erase", action="store_true", help="also what is completed or failed, with its result")
    for parser in (jobs, result, cancel):
        _access(parser)


def _upload(upload: argparse.ArgumentParser) -> None:
    upload.add_argument("files", metavar="FILE", type=Path, nargs="+", help="any sound or video")
    upload.add_argument("--follow", action="store_true", help="show the words as they come, and wait for the end")
    _output(upload)
    upload.add_argument("--json", action="store_true", help="the server's answer and its events as JSON lines")
    upload.add_argument("--language", help="two letters, for example en or ko; default: automatic")
    upload.add_argument("--task", choices=("transcribe", "translate"), default="transcribe")
    upload.add_argument("--words", action="store_true", help="also the time of each word")
    upload.add_argument("--priority", choices=("high", "normal", "low"), default="normal")
    upload.add_argument("--webhook", metavar="URL", help="is told of the end")
    upload.add_argument("--reference", help="a word of yours that comes back unchanged")
    _access(upload)


def _output(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--format", choices=FORMS, help="of the result; default: what OUTPUT ends with, or txt")
    parser.add_argument("--output", metavar="FILE", help=f"where to write the result; {STDOUT}: standard output")


def _access(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--url", type=server_url, default=DEFAULT_URL, help=f"default {DEFAULT_URL}")
    parser.add_argument(
        "--token",
        type=secret,
        default=os.environ.get("RECORDER_TOKEN") or None,
        metavar="SECRET",
        help="any long secret of yours: only who has it sees your recordings; better in RECORDER_TOKEN, "
        "which no list of processes shows",
    )
    parser.add_argument("--insecure", action="store_true", help="accept a certificate nobody vouches for")


def _count(text: str) -> int:
    if not (text.isdecimal() and 1 <= int(text) <= MOST_LISTED):
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 to {MOST_LISTED}")
    return int(text)
