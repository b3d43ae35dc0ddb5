"""Counters and histograms of the results and dead letters that pass, since this exporter began.

Fed by `follower`; Prometheus takes a counter that begins anew for what it is. Live speech and recordings
are told apart (`source`), as the one waits for milliseconds and the other may wait for minutes.
"""

import dataclasses
from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Histogram

from contracts import words
from contracts.messages import Error, Result, Timings
from contracts.names import LABELS
from contracts.routing import is_recording
from listener_service.gauges import PREFIX, STAGES
from listener_service.line import UNJUDGED

LIVE, RECORDING = "live", "recording"
SOURCES = (LIVE, RECORDING)
PARTS = tuple(f.name.removesuffix("_ms") for f in dataclasses.fields(Timings) if f.name != "total_ms")
"""Of the way of an utterance, as in `Timings`."""

SECONDS = (0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 20, 30, 60, 300, 1800)
FACTORS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10)

MOST_CODES = 100
OTHER = "other"
"""The code of further ones: each is a series that Prometheus keeps."""


class Traffic:
    def __init__(self, registry: CollectorRegistry) -> None:
        def counter(name: str, help: str, *labels: str) -> Counter:
            return Counter(PREFIX + name, help, labels, registry=registry)

        def histogram(name: str, help: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
            return Histogram(PREFIX + name, help, labels, buckets=buckets, registry=registry)

        self._utterances = counter("utterances", "Utterances with words.", "source")
        self._dropped = counter("utterances_dropped", "Utterances whose text a filter emptied.", "source")
        self._words = counter("words", "Words understood.", "source")
        self._speech = counter("speech_seconds", "Audio of utterances with a result.", "source")
        self._sentiments = counter("sentiments", "Utterances by sentiment.", "source", "label")
        self._errors = counter("errors", "Utterances that ended with an error.", "source", "code")
        self._letters = counter("dead_letters", "Utterances given up.", "stage")
        self._missed = counter("missed_results", "Results removed before this exporter read them.")
        self._parts = histogram("stage_seconds", "Where the time of an utterance went.", SECONDS, "source", "stage")
        self._total = histogram("end_to_end_seconds", "Last voiced sample to result.", SECONDS, "source")
        self._factor = histogram("real_time_factor", "Time in the model over audio.", FACTORS, "source")
        self._codes: set[str] = set()
        self._begin()

    def result(self, result: Result) -> None:
        source = _source(result.session)
        if result.dropped or not result.text.strip():
            self._dropped.labels(source).inc()
        else:
            self._utterances.labels(source).inc()
            self._words.labels(source).inc(words.count(result.text))
            label = result.sentiment.label
            self._sentiments.labels(source, label if label in LABELS else UNJUDGED).inc()
        seconds = max(0.0, result.end - result.start)
        self._speech.labels(source).inc(seconds)
        self._time(source, result.timings, seconds)

    def error(self, error: Error) -> None:
        if len(self._codes) < MOST_CODES:
            self._codes.add(error.code)
        self._errors.labels(_source(error.session or ""), error.code if error.code in self._codes else OTHER).inc()

    def dead_letter(self, stage: str) -> None:
        self._letters.labels(stage if stage in STAGES else OTHER).inc()

    def missed(self, count: int) -> None:
        self._missed.inc(count)

    def _time(self, source: str, timings: Timings, seconds: float) -> None:
        for part in PARTS:
            ms: float | None = getattr(timings, f"{part}_ms")
            if ms is not None:
                self._parts.labels(source, part).observe(ms / 1000)
        if timings.total_ms is not None:
            self._total.labels(source).observe(timings.total_ms / 1000)
        if timings.stt_ms is not None and seconds > 0:
            self._factor.labels(source).observe(timings.stt_ms / 1000 / seconds)

    def _begin(self) -> None:
        """Every series at 0: of one that begins with its first event `increase` sees nothing."""
        per_source: Mapping[Counter | Histogram, tuple[str, ...]] = {
            self._sentiments: (*LABELS, UNJUDGED),
            self._parts: PARTS,
        }
        for source in SOURCES:
            for metric in (self._utterances, self._dropped, self._words, self._speech, self._total, self._factor):
                metric.labels(source)
            for metric, values in per_source.items():
                for value in values:
                    metric.labels(source, value)
        for stage in (*STAGES, OTHER):
            self._letters.labels(stage)


def _source(session: str) -> str:
    return RECORDING if is_recording(session) else LIVE
