"""Gathers the evidence after a run: reads Redis, the log and the clients, changes nothing."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import redis

from contracts import keys
from contracts.names import (
    ANALYZER_JOB_QUEUE,
    ANALYZER_QUEUE,
    JOB_QUEUE,
    LISTENER_GROUP,
    RESULTS_STREAM,
    STT_JOB_QUEUE,
    STT_PARTIAL_QUEUE,
    STT_QUEUE,
)
from listener_service.line import LOST, STATISTICS, TORN, NotALine, parse
from tests.faults.client import Client
from tests.faults.evidence import ERROR, RESULT, Connection, Entry, Event, Evidence, Had, Kept, Log, Witness

KINDS = {"transcript": "Transcript", "result": RESULT, "error": ERROR}
QUEUES = (STT_QUEUE, STT_PARTIAL_QUEUE, ANALYZER_QUEUE, STT_JOB_QUEUE, ANALYZER_JOB_QUEUE, JOB_QUEUE)
EMPTY = ("audio:*", "segment:*", "open:*")


class Trimmings:
    """What the harness itself removed from streams, before it did."""

    def __init__(self) -> None:
        self.events: dict[str, list[Event]] = {}
        self.results: list[Entry] = []


def evidence(client: "redis.Redis", files: Sequence[Path], clients: Sequence[Client], trimmings: Trimmings) -> Evidence:
    names = sorted(key.decode().partition(":")[2] for key in client.scan_iter("session:*", count=1000))
    entries = [entry(*one) for one in client.xrange(RESULTS_STREAM)]
    return Evidence(
        sessions={name: _kept(client, name, trimmings.events.get(name, [])) for name in names},
        witnesses=[witness(one) for one in clients],
        results=sorted({one.id: one for one in [*trimmings.results, *entries]}.values(), key=lambda one: one.n or 0),
        log=read_log(files),
        trimmed=frozenset(one.n or 0 for one in trimmings.results),
        left_over=left_over(client),
    )


def left_over(client: "redis.Redis") -> dict[str, int]:
    """How much is in what should be empty when nothing is under way."""
    sizes = {queue: client.llen(queue) for queue in QUEUES}
    sizes |= {keys.UNACKED: client.hlen(keys.UNACKED), keys.UNACKED_INDEX: client.zcard(keys.UNACKED_INDEX)}
    sizes[keys.PENDING] = client.zcard(keys.PENDING)
    sizes |= {pattern: sum(1 for _ in client.scan_iter(pattern, count=1000)) for pattern in EMPTY}
    groups: Any = client.xinfo_groups(RESULTS_STREAM) if client.exists(RESULTS_STREAM) else []
    mine = [group for group in groups if group["name"] == LISTENER_GROUP.encode()]
    if mine:
        newest: Any = client.xrevrange(RESULTS_STREAM, count=1)
        behind = newest and newest[0][0] != mine[0]["last-delivered-id"]
        sizes["results not read"] = int(bool(behind))
        sizes["results not acknowledged"] = int(mine[0]["pending"])
    return {key: int(size) for key, size in sizes.items() if size}


def event(body: bytes) -> Event:
    data = json.loads(body)
    kind = KINDS[data["type"]]
    return Event(data["seq"], kind, data["utterance"], data.get("start"), data.get("end"), data.get("code", ""))


def entry(entry_id: bytes, fields: dict[bytes, bytes]) -> Entry:
    data = json.loads(fields[b"body"])
    return Entry(entry_id.decode(), int(fields[b"n"]), data["session"], data["utterance"], KINDS[data["type"]])


def _kept(client: "redis.Redis", session: str, trimmed: Sequence[Event]) -> Kept:
    state: Any = client.hmget(keys.session(session), "utterances", "seq")
    accepted, seq = (int(value or 0) for value in state)
    present = [event(fields[b"body"]) for _, fields in client.xrange(keys.events(session)) or ()]
    gone = {one.seq: one for one in trimmed if one.seq not in {other.seq for other in present}}
    events = sorted([*gone.values(), *present], key=lambda one: one.seq)
    return Kept(accepted, seq, events, frozenset(gone))


def witness(client: Client) -> Witness:
    done = client.told[-1].done if client.told else None
    return Witness(
        name=client.name,
        connections=[Connection(one.session, one.after, one.seqs, one.gone) for one in client.told],
        had=[Had(one.session, one.seq, one.kind, one.utterance) for one in client.had],
        spoken=client.speech.spoken,
        given=client.speech.given,
        accepted=max([told.accepted for told in client.told], default=0),
        done=(done.samples, done.utterances) if done else None,
        left=client.left,
        trouble=client.trouble,
    )


def read_log(files: Sequence[Path]) -> Log:
    """Every line of the log and its rotated files, the oldest file first."""
    lines: list[Entry] = []
    lost: set[int] = set()
    unreadable: list[str] = []
    counted: tuple[int, int] | None = None
    notices = 0
    for text in (text for path in files if path.exists() for text in path.read_text().splitlines()):
        if text.endswith(TORN):
            continue
        try:
            line = parse(text)
        except NotALine:
            unreadable.append(text)
            continue
        fields = line.fields
        if line.kind == STATISTICS:
            if fields["scope"] == "all":
                said = sum(int(fields[name]) for name in ("utterances", "dropped", "errors"))
                counted = said, len(lines) + notices
        elif fields.get("code") == LOST and "before" in fields:
            notices += 1
            lost |= set(range(int(fields["first"]), int(fields["n"]) + 1))
        else:
            kind = ERROR if line.kind == ERROR.upper() else RESULT
            n = int(fields["n"]) if "n" in fields else None
            lines.append(Entry(fields["id"], n, fields.get("session", ""), int(fields.get("utterance", 0)), kind))
    return Log(lines, frozenset(lost), notices, unreadable, counted)
