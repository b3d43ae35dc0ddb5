"""Listener processes that write one log from one Redis, and what can be asked of it."""

from collections.abc import Iterable
from pathlib import Path
from typing import Self

import redis

from contracts.commit import commit
from contracts.messages import Result, Sentiment, Timings
from contracts.names import LISTENER_GROUP, RESULTS_STREAM
from listener_service.line import STATISTICS, TORN, Line, parse
from listener_service.place import order
from scripts import procfile
from tests.processes import Process, clean_environ


class Listeners:
    """Use as a context manager; it ends what it started."""

    def __init__(self, redis_url: str, directory: Path) -> None:
        self.url = redis_url
        self.redis = redis.Redis.from_url(redis_url)
        self.directory = directory
        self.log = directory / "logs" / "result_listener.log"
        self.snapshot = self.log.with_name(f"{self.log.name}.statistics.json")
        self._running: list[Process] = []

    def start(self, name: str = "listener_service", **settings: str) -> Process:
        own = {"REDIS_URL": self.url, "RESULT_LOG": str(self.log), "STATISTICS_SECONDS": "0"}
        environ = clean_environ(**(own | settings))
        process = Process(name, procfile.lines()["listener_service"], self.directory, environ)
        process.start()
        self._running.append(process)
        return process

    def say(self, *utterances: int, session: str = "s1", text: str = "I love this") -> None:
        for utterance in utterances:
            assert self.say_again(utterance, session, text)

    def say_again(self, utterance: int, session: str = "s1", text: str = "I love this") -> int | None:
        """None when it was said before."""
        sentiment = Sentiment("POSITIVE", 0.98, {"POSITIVE": 0.99, "NEGATIVE": 0.01, "NEUTRAL": 0.0}, "m")
        timings = Timings(total_ms=400.0)
        event = Result(session, utterance, 1.0, 2.0, text, "en", 0.9, sentiment, "e", "base", timings=timings)
        return commit(self.redis, event)

    def files(self) -> list[Path]:
        """The log and its rotated files, the oldest first."""
        rotated = self.log.parent.glob(f"{self.log.name}.[0-9]*")
        return [*sorted(rotated, key=lambda path: -int(path.suffix[1:])), self.log]

    def lines(self, *paths: Path, statistics: bool = False) -> list[Line]:
        """Every line of the log, or of these files; one that is not a line raises."""
        existing = [path for path in paths or (self.log,) if path.exists()]
        # a line that a kill has cut off is told from whole ones by its end; its event follows whole
        texts = [text for path in existing for text in path.read_text().splitlines() if not text.endswith(TORN)]
        found = [parse(text) for text in texts]
        return [line for line in found if (line.kind == STATISTICS) == statistics]

    def utterances(self, *paths: Path, session: str | None = None) -> list[int]:
        """Numbers of the utterances in the log, in the order of its lines."""
        lines = [line for line in self.lines(*paths) if session in (None, line.fields.get("session"))]
        return [int(line.fields["utterance"]) for line in lines if "utterance" in line.fields]

    def written(self) -> int:
        """How many lines there are, whole or not."""
        return self.log.read_bytes().count(b"\n") if self.log.exists() else 0

    def totals(self) -> dict[str, str]:
        """Fields of the newest statistics line over all sessions."""
        return [line.fields for line in self.lines(statistics=True) if line.fields["scope"] == "all"][-1]

    def unacknowledged(self) -> int:
        """How many entries nobody has taken or acknowledged yet; all of them before there is a group."""
        entries = self.ids()
        groups = self.redis.xinfo_groups(RESULTS_STREAM) if entries else []
        for group in groups:
            if group["name"] == LISTENER_GROUP.encode():
                read = group["last-delivered-id"].decode()
                return int(group["pending"]) + sum(1 for entry_id in entries if order(entry_id) > order(read))
        return len(entries)

    def ids(self) -> list[str]:
        """Of the entries in the stream."""
        return [entry_id.decode() for entry_id, _ in self.redis.xrange(RESULTS_STREAM)]

    def terminate(self, processes: Iterable[Process] | None = None) -> None:
        for process in self._running if processes is None else processes:
            if process.running:
                process.terminate()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.terminate()
        self.redis.close()
