"""One recording's way through a pipeline, with what it cost each process."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import soundfile  # type: ignore[import-untyped]  # ships no type information

from contracts.audio import SAMPLE_RATE
from tests.bench import speech
from tests.bench.usage import cpu_seconds, forget_peak, peak_mb
from tests.processes import Pipeline, Process

PAUSE_SECONDS = 1.0
TILE_SECONDS = 60
LOOK_SECONDS = 0.05
PATIENCE_SECONDS = 3600
ENDS = ("completed", "failed", "cancelled")


@dataclass(frozen=True)
class Run:
    """`upload` until it was accepted, `prepared` its decoding and voice detection alone, `answer` from accepted to
    completed; all in seconds. By process: CPU seconds, and the peak of its memory in MB."""

    seconds: float
    bytes: int
    upload: float
    prepared: float
    answer: float
    cpu: dict[str, float]
    memory: dict[str, float]


def write(path: Path, seconds: float) -> Path:
    """Sentences with pauses between them, a minute of them again and again, as FLAC."""
    tile = speech.talk(min(seconds, TILE_SECONDS), PAUSE_SECONDS)
    left = round(seconds * SAMPLE_RATE)
    with soundfile.SoundFile(path, "w", SAMPLE_RATE, 1, "PCM_16") as file:
        while left > 0:
            file.write(tile[:left])
            left -= len(tile)
    return path


class Sender:
    """Each recording is another caller's, so that the same file is worked on anew."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline
        self._api = httpx.Client(base_url=pipeline.url, timeout=PATIENCE_SECONDS)
        self._sent = 0

    def close(self) -> None:
        self._api.close()

    def send(self, path: Path) -> dict[str, Any]:
        self._sent += 1
        own = {"Authorization": f"Bearer bench {self._sent}"}
        with path.open("rb") as file:
            answer = self._api.post("/v1/jobs", params={"language": "en"}, headers=own, content=file)
        job: dict[str, Any] = answer.raise_for_status().json()
        return job | {"own": own}

    def state(self, job: Mapping[str, Any]) -> dict[str, Any]:
        state: dict[str, Any] = self._api.get(job["links"]["self"], headers=job["own"]).raise_for_status().json()
        return state

    def erase(self, job: Mapping[str, Any]) -> None:
        self._api.delete(job["links"]["self"], headers=job["own"]).raise_for_status()

    def run(self, path: Path, processes: Mapping[str, Process]) -> Run:
        """Raises RuntimeError if it fails."""
        for process in processes.values():
            forget_peak(process.pid)
        before = {name: cpu_seconds(process.pid) for name, process in processes.items()}
        began = time.monotonic()
        job = self.send(path)
        accepted = time.monotonic()
        state = self.state(job)
        while state["status"] not in ENDS:
            if time.monotonic() - accepted > PATIENCE_SECONDS:
                raise TimeoutError(f"no result of {path.name} within {PATIENCE_SECONDS} s")
            time.sleep(LOOK_SECONDS)
            state = self.state(job)
        answered = time.monotonic()
        if state["status"] != "completed":
            raise RuntimeError(f"{path.name} is {state['status']}: {state['error']}")
        run = Run(
            seconds=state["seconds"],
            bytes=path.stat().st_size,
            upload=round(accepted - began, 3),
            prepared=self._prepared(job["id"]),
            answer=round(answered - accepted, 3),
            cpu={name: round(cpu_seconds(p.pid) - before[name], 2) for name, p in processes.items()},
            memory={name: round(peak_mb(process.pid)) for name, process in processes.items()},
        )
        self.erase(job)
        return run

    def _prepared(self, job_id: str) -> float:
        """As the recordings worker's log has it."""
        lines = self._pipeline["recordings_worker"].output.splitlines()
        (line,) = [line for line in lines if "recording prepared" in line and f"job={job_id} " in line]
        return float(line.rpartition("spent=")[2].split()[0])
