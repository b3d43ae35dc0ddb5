"""Webhooks that were given up: `python -m fastapi_service.recordings.webhooks list | replay ID | drop ID`.

    list           how many are still due, then one line each of those given up: when, which, where, why
    replay ID      due at once, with all its attempts again, under the same event id
    drop ID        forget it; both take `--all` instead of an ID

REDIS_URL says which Redis. Exit status: 0 done, 1 no such webhook, 2 the options or a setting will not
do, 3 Redis does not answer, 141 nobody reads what it writes (`| head`).
"""

import argparse
import os
import sys
import time
from collections.abc import Sequence

import redis

from contracts import connect, env, redis_url
from fastapi_service.recordings.webhooks.dead import DeadWebhook, DeadWebhooks
from fastapi_service.settings import Shared

PROGRAM = "webhooks"
COLUMNS = ("id", "when", "event", "job", "end", "to", "attempts", "reason")


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=PROGRAM, description="Webhooks that were given up.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="one line each")
    for name, help in (("replay", "to be delivered after all"), ("drop", "forget it")):
        command = commands.add_parser(name, help=help)
        command.add_argument("id", nargs="?", help="as in the list")
        command.add_argument("--all", action="store_true", help="each of them")
    chosen = parser.parse_args(arguments)
    if chosen.command != "list" and bool(chosen.id) == chosen.all:
        parser.error(f"{chosen.command}: name an ID or say --all")
    return chosen


def run(chosen: argparse.Namespace, dead: DeadWebhooks) -> int:
    """The exit status. Raises RedisError."""
    if chosen.command == "list":
        say(f"{dead.due()} due, {len(found := dead.all())} given up")
        if found:
            say(table(found))
        return 0
    if chosen.all:
        statuses = [do(chosen.command, dead, one) for one in dead.all()]
        say(f"{statuses.count(True)} of {len(statuses)} done")
        return 0 if all(statuses) else 1
    one = dead.one(chosen.id)
    if one is None:
        sys.stderr.write(f"{chosen.id}: there is no such webhook (any more); `{PROGRAM} list` shows all\n")
        return 1
    return 0 if do(chosen.command, dead, one) else 1


def do(command: str, dead: DeadWebhooks, one: DeadWebhook) -> bool:
    done = dead.replay(one) if command == "replay" else dead.drop(one)
    words = {"replay": "is due again", "drop": "was dropped"}[command] if done else "is not there any more"
    say(f"{one.id}: {one.event} of {one.job} {words}")
    return done


def table(found: Sequence[DeadWebhook]) -> str:
    rows = [COLUMNS, *(_row(one) for one in found)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(COLUMNS) - 1)]
    return "\n".join("  ".join([*map(str.ljust, row, widths), row[-1]]) for row in rows)


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def _row(one: DeadWebhook) -> tuple[str, ...]:
    when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(one.at))
    return one.id, when, one.event, one.job, one.status, one.place, str(one.tries), one.reason


def main() -> int:
    chosen = parse(sys.argv[1:])
    try:
        settings = env.read(Shared, os.environ)
    except env.SettingError as error:
        sys.stderr.write(f"{PROGRAM}: {error}\n")
        return 2
    try:
        with connect.connect(settings.redis_url) as client:
            status = run(chosen, DeadWebhooks(client))
        sys.stdout.flush()
    except redis.RedisError as error:
        host, port = redis_url.parse(settings.redis_url).hosts[0]
        hint = "set REDIS_URL to the one that is meant (`make run` starts it at redis://localhost:6399/0)"
        sys.stderr.write(f"{PROGRAM}: no answer from Redis at {host}:{port}: {error}; {hint}\n")
        return 3
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for what Python still flushes at its end
        return 141
    return status


if __name__ == "__main__":
    sys.exit(main())
