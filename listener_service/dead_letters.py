"""Utterances that were given up: `python -m listener_service.dead_letters list | show ID | replay ID`.

    list           one line each: when, whose, at which stage, after how many starts, why
    show ID        all that is kept of one, with the words if they were understood
    replay ID      put it back to be worked on; `replay --all` does it with each

A replayed utterance keeps its number; its result follows its error, in the page and in the log.
REDIS_URL says which Redis. Exit status: 0 done, 1 no such dead letter or one that cannot be
replayed, 2 the options or a setting will not do, 3 Redis does not answer, 141 nobody reads what it
writes (`| head`).
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence

from contracts import env
from contracts.command import moment, on_redis, say, table
from listener_service.letters import REFUSED, REPLAYED, UNKNOWN, Letter, Letters
from listener_service.settings import Shared

PROGRAM = "dead_letters"
COLUMNS = ("id", "when", "session", "utterance", "stage", "starts", "reason")


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=PROGRAM, description="Utterances that were given up.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="one line each")
    show = commands.add_parser("show", help="all that is kept of one, with its words")
    show.add_argument("id", help="as in the list")
    replay = commands.add_parser("replay", help="put back to be worked on")
    replay.add_argument("id", nargs="?", help="as in the list")
    replay.add_argument("--all", action="store_true", help="each of them")
    chosen = parser.parse_args(arguments)
    if chosen.command == "replay" and bool(chosen.id) == chosen.all:
        replay.error("name an ID or say --all")
    return chosen


def run(chosen: argparse.Namespace, letters: Letters) -> int:
    """The exit status. Raises RedisError."""
    if chosen.command == "list":
        rows = [_row(letter) for letter in letters.all()]
        say(table([COLUMNS, *rows]) if rows else "no dead letters")
        return 0
    if chosen.command == "replay" and chosen.all:
        statuses = [replay(letters, letter) for letter in letters.all()]
        say(f"{statuses.count(0)} of {len(statuses)} put back")
        return max(statuses, default=0)
    letter = letters.one(chosen.id)
    if letter is None:
        sys.stderr.write(f"{chosen.id}: {REFUSED[UNKNOWN]}; `{PROGRAM} list` shows all\n")
        return 1
    if chosen.command == "replay":
        return replay(letters, letter)
    say(description(letter, letters))
    return 0


def replay(letters: Letters, letter: Letter) -> int:
    outcome = letters.replay(letter)
    if outcome != REPLAYED:
        sys.stderr.write(f"{letter.id}: not replayed: {REFUSED[outcome]}\n")
        return 1
    say(f"{letter.id}: utterance {letter.utterance} of session {letter.session} put back")
    return 0


def description(letter: Letter, letters: Letters) -> str:
    audio = letters.audio(letter)
    kept = f"{audio.seconds:.1f} s, for {audio.expires_in_seconds // 60} more minutes" if audio else "not kept"
    facts = [*zip(COLUMNS, _row(letter), strict=True), ("audio", kept)]
    lines = [f"{name:<10} {text}" for name, text in facts]
    for name, text in (("request", letter.request), ("transcript", letter.transcript)):
        lines.append(f"{name:<10} {_readable(text)}")
    return "\n".join(lines)


def _row(letter: Letter) -> tuple[str, ...]:
    numbers = str(letter.utterance), letter.stage or "-", str(letter.starts)
    return letter.id, moment(letter.at), letter.session, *numbers, letter.reason


def _readable(text: bytes) -> str:
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False) if text else "-"
    except ValueError:
        return repr(text)


def main() -> int:
    chosen = parse(sys.argv[1:])
    return on_redis(
        PROGRAM, lambda: env.read(Shared, os.environ).redis_url, lambda client: run(chosen, Letters(client))
    )


if __name__ == "__main__":
    sys.exit(main())
