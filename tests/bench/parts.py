"""Where the time of one utterance went, from its two events and the client's clock: pure arithmetic.

The parts, added up, are exactly the time from the end of speech to the result at the client.
"""

from dataclasses import dataclass

from contracts.messages import Result, Transcript

NAMES = {
    "endpoint": "endpoint wait: last voiced sample received -> utterance accepted",
    "hand_over": "hand-over: stored in Redis, on its way to the queue",
    "stt_queue": "speech queue",
    "stt": "speech inference",
    "commit": "commit of the transcript, on its way to the next queue",
    "analyzer_queue": "analyzer queue",
    "analyzer": "analyzer inference",
    "fan_out": "fan-out: commit of the result -> client",
}
"""In the order in which they happen."""

INFERENCE = ("stt", "analyzer")


@dataclass(frozen=True)
class Seen:
    """One utterance's events and when (unix seconds) the client had them."""

    transcript: Transcript
    transcript_at: float
    result: Result
    result_at: float


@dataclass(frozen=True)
class Parts:
    """All in milliseconds. `overhead` is what is neither endpoint wait nor inference."""

    to_transcript: float
    to_result: float
    overhead: float
    transcript_fan_out: float
    spent: dict[str, float]


def parts(seen: Seen) -> Parts:
    """Raises ValueError for an utterance that did not go the whole way (no words in it)."""
    timings = seen.result.timings
    known = (
        timings.endpoint_ms,
        timings.stt_queue_ms,
        timings.stt_ms,
        timings.analyzer_queue_ms,
        timings.analyzer_ms,
        timings.total_ms,
    )
    if None in known:
        raise ValueError(f"utterance {seen.result.utterance} has no complete timings: {timings}")
    endpoint, stt_queue, stt, analyzer_queue, analyzer, total = (float(ms or 0) for ms in known)
    spoken_at = seen.result.at - total / 1000
    to_result = _ms(spoken_at, seen.result_at)
    spent = {
        "endpoint": endpoint,
        "hand_over": _ms(spoken_at, seen.transcript.at) - endpoint - stt_queue - stt,
        "stt_queue": stt_queue,
        "stt": stt,
        "commit": _ms(seen.transcript.at, seen.result.at) - analyzer_queue - analyzer,
        "analyzer_queue": analyzer_queue,
        "analyzer": analyzer,
        "fan_out": _ms(seen.result.at, seen.result_at),
    }
    return Parts(
        to_transcript=_ms(spoken_at, seen.transcript_at),
        to_result=to_result,
        overhead=to_result - endpoint - stt - analyzer,
        transcript_fan_out=_ms(seen.transcript.at, seen.transcript_at),
        spent=spent,
    )


def _ms(since: float, until: float) -> float:
    return 1000 * (until - since)
