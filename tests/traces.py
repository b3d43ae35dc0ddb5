"""What recordings have left behind in a Redis and in a folder that keeps them."""

from pathlib import Path

import redis

from contracts import keys

MARKS = (b"done:", b"idem:")
"""Of an hour and of a day, without a word of the recording: that it is not to be worked on, which request came."""


class Traces:
    def __init__(self, store: "redis.Redis", folder: Path) -> None:
        self._store = store
        self.folder = folder

    def all(self) -> list[str]:
        """Of all recordings; none: nothing is kept of any."""
        kinds = (b"job:", b"jobs:", b"session:job-", b"sess:job-", b"segment:job-", b"audio:job-", b"open:job-")
        kinds += b"dead:job-", b"same:"
        found = [name.decode() for name in self._store.scan_iter(count=1000) if name.startswith(kinds)]
        listed = [*self._store.zrange(keys.JOBS, 0, -1), *self._store.zrange(keys.PENDING, 0, -1)]
        return found + [name.decode() for name in listed] + self.files()

    def of(self, job_id: str) -> list[str]:
        names = [name for name in self._store.scan_iter(f"*{job_id}*", count=1000) if not name.startswith(MARKS)]
        listed = [name for name in self._store.zrange(keys.PENDING, 0, -1) if name.startswith(job_id.encode())]
        known = [job_id] if self._store.zscore(keys.JOBS, job_id) is not None else []
        files = [name for name in self.files() if name.startswith(job_id)]
        return [name.decode() for name in names + listed] + known + files

    def files_of(self, job_id: str) -> list[str]:
        return [str(path.relative_to(self.folder / job_id)) for path in (self.folder / job_id).rglob("*")]

    def files(self) -> list[str]:
        return [str(path.relative_to(self.folder)) for path in self.folder.rglob("*")]
