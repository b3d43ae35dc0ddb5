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
from collections.abc import Sequence

from contracts import env
from contracts.command import moment, on_redis, say, table
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
            say(table([COLUMNS, *map(_row, found)]))
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


def _row(one: DeadWebhook) -> tuple[str, ...]:
    return one.id, moment(one.at), one.event, one.job, one.status, one.place, str(one.tries), one.reason


def main() -> int:
    chosen = parse(sys.argv[1:])
    return on_redis(
        PROGRAM, lambda: env.read(Shared, os.environ).redis_url, lambda client: run(chosen, DeadWebhooks(client))
    )


if __name__ == "__main__":
    sys.exit(main())
