"""Recordings: time to the answer and memory against their length, throughput with one speech worker and with two,
and what live speech feels of them; all on the real processes of the Procfile, in one run.
"""

import asyncio
import contextlib
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from scripts import procfile
from tests.bench import recorded, speech
from tests.bench.parts import parts
from tests.bench.percentile import p50_p95
from tests.bench.recorded import Run, Sender
from tests.bench.row import Row, Scale
from tests.bench.talker import converse
from tests.eventually import eventually
from tests.processes import Pipeline, Process

SHOWN = {
    "fastapi_service": "gateway",
    "recordings_worker": "recordings worker",
    "conductor": "conductor",
    "stt_worker": "speech worker",
    "analyzer_worker": "analyzer",
    "redis": "Redis",
}
SECOND = "stt_worker_2"
GROWTH_GOAL = 1.5


def measure(scale: Scale) -> list[Row]:
    with tempfile.TemporaryDirectory() as name, Pipeline(Path(name)) as pipeline:
        directory = Path(name)
        files = [recorded.write(directory / f"{n:g}.flac", 60 * n) for n in scale.recording_minutes]
        processes = {name: pipeline[name] for name in SHOWN}
        with contextlib.closing(Sender(pipeline)) as sender:
            sender.run(recorded.write(directory / "warm.flac", 5), processes)
            runs = [sender.run(file, processes) for file in files]
            one = runs[len(runs) // 2]
            with _second(pipeline) as second:
                two = sender.run(files[len(runs) // 2], processes | {SECOND: second})
            alone = _live(pipeline, scale)
            jobs = [sender.send(files[len(runs) // 2]) for _ in range(scale.recordings_beside)]
            eventually(lambda: any(sender.state(job)["stage"] in ("transcribe", "done") for job in jobs))
            beside = _live(pipeline, scale)
            unfinished = [sender.state(job)["status"] not in recorded.ENDS for job in jobs].count(True)
            for job in jobs:
                sender.erase(job)
    return [*answers(runs), throughput(one, two), prepared(runs[-1]), memory(runs), live(alone, beside, unfinished)]


def answers(runs: Sequence[Run]) -> list[Row]:
    return [
        Row(
            f"recording.{_length(run)}",
            f"recording of {_length(run)} ({run.bytes / 1e6:.1f} MB): accepted -> result",
            f"{run.answer:.1f} s, {run.seconds / run.answer:.0f} times real time; "
            f"upload before that {run.upload:.2f} s",
            figures=asdict(run),
        )
        for run in runs
    ]


def throughput(one: Run, two: Run) -> Row:
    """Per core: by the CPU time of all processes together."""
    rates = [run.seconds / run.answer for run in (one, two)]
    cores = [run.seconds / sum(run.cpu.values()) for run in (one, two)]
    return Row(
        "recording_throughput",
        f"audio seconds per second ({_length(one)}) with one speech worker and with two",
        f"{rates[0]:.0f} and {rates[1]:.0f}, {rates[1] / rates[0]:.2f}x; "
        f"per second of a core {cores[0]:.0f} and {cores[1]:.0f}",
        figures={"one": asdict(one), "two": asdict(two), "ratio": round(rates[1] / rates[0], 3)},
    )


def prepared(run: Run) -> Row:
    cpu = run.cpu["recordings_worker"]
    return Row(
        "recording_prepared",
        f"decoding and voice detection ({_length(run)}), one recordings worker",
        f"{run.seconds / run.prepared:.0f} audio seconds per second, {run.seconds / cpu:.0f} per second of a core",
        figures={"seconds": run.seconds, "spent": run.prepared, "cpu": cpu},
    )


def memory(runs: Sequence[Run]) -> Row:
    """Goal: what holds no whole recording does not grow with it."""
    shown = [f"{what} {', '.join(f'{run.memory[name]:.0f}' for run in runs)}" for name, what in SHOWN.items()]
    growth = {name: round(runs[-1].memory[name] / runs[0].memory[name], 2) for name in SHOWN}
    return Row(
        "recording_memory",
        f"most memory in MB while a recording is worked on ({', '.join(map(_length, runs))})",
        "; ".join(shown),
        f"the longest <= {GROWTH_GOAL}x the shortest",
        max(growth.values()) <= GROWTH_GOAL,
        {"growth": growth},
    )


def live(alone: Mapping[str, float], beside: Mapping[str, float], unfinished: int) -> Row:
    ratio = beside["p95"] / alone["p95"]
    figures = {"alone": dict(alone), "beside": dict(beside), "ratio": round(ratio, 3)}
    return Row(
        "recording_live",
        "live: end of speech -> result, p50 / p95, alone and while recordings are worked on",
        f"{alone['p50']:.0f} / {alone['p95']:.0f} ms and {beside['p50']:.0f} / {beside['p95']:.0f} ms: {ratio:.2f}x",
        figures=figures | {"unfinished_at_the_end": unfinished},
    )


def _live(pipeline: Pipeline, scale: Scale) -> dict[str, float]:
    """The first sentence only warms up."""
    seen, _ = asyncio.run(converse(pipeline.ws_url, speech.sentences(scale.live_sentences + 1)))
    return p50_p95([parts(one).to_result for one in seen[1:] if one.result.text])


@contextlib.contextmanager
def _second(pipeline: Pipeline) -> Iterator[Process]:
    line = procfile.lines()["stt_worker"]
    with Process(SECOND, line, pipeline.directory, pipeline["stt_worker"].environ) as second:
        second.wait_for(" ready.")
        yield second


def _length(run: Run) -> str:
    return f"{run.seconds / 60:g} min" if run.seconds >= 60 else f"{run.seconds:g} s"
