from prometheus_client import CollectorRegistry

from contracts.messages import Error, Result, Sentiment, Timings
from listener_service.traffic import MOST_CODES, Traffic

TIMINGS = Timings(
    endpoint_ms=400.0, stt_queue_ms=20.0, stt_ms=600.0, analyzer_queue_ms=10.0, analyzer_ms=30.0, total_ms=1100.0
)


class Counted:
    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.traffic = Traffic(self.registry)

    def __getitem__(self, name: str) -> float:
        """As it is written to be scraped, without its prefix; 0 for a series that there is not."""
        name, _, labels = name.partition("{")
        pairs = dict(pair.split("=") for pair in labels.rstrip("}").split(",") if pair)
        return self.registry.get_sample_value(f"live_sentiment_{name}", pairs) or 0.0


def result(
    session: str = "s", text: str = "I love this", label: str | None = "POSITIVE", dropped: str | None = None
) -> Result:
    sentiment = Sentiment(label, 0.9, {}, "m")
    return Result(session, 1, 1.0, 3.0, text, "en", 0.9, sentiment, "e", "base", dropped=dropped, timings=TIMINGS)


def test_a_result_is_counted_with_its_words_its_sentiment_and_where_its_time_went() -> None:
    seen = Counted()
    seen.traffic.result(result())
    seen.traffic.result(result(text="참 좋네요", label=None))
    assert seen["utterances_total{source=live}"] == 2
    assert seen["words_total{source=live}"] == 5
    assert seen["speech_seconds_total{source=live}"] == 4.0
    assert seen["sentiments_total{source=live,label=POSITIVE}"] == 1
    assert seen["sentiments_total{source=live,label=UNJUDGED}"] == 1
    assert seen["stage_seconds_count{source=live,stage=stt}"] == 2
    assert seen["stage_seconds_sum{source=live,stage=endpoint}"] == 0.8
    assert seen["stage_seconds_bucket{source=live,stage=stt,le=0.5}"] == 0
    assert seen["stage_seconds_bucket{source=live,stage=stt,le=0.75}"] == 2
    assert seen["end_to_end_seconds_sum{source=live}"] == 2.2
    assert seen["real_time_factor_sum{source=live}"] == 0.6


def test_a_recording_is_counted_apart() -> None:
    seen = Counted()
    seen.traffic.result(result("job-a"))
    seen.traffic.error(Error("job-a", "gave_up", "…", utterance=0))
    assert (seen["utterances_total{source=recording}"], seen["utterances_total{source=live}"]) == (1, 0)
    assert seen["errors_total{source=recording,code=gave_up}"] == 1


def test_what_a_filter_emptied_has_no_words_and_no_sentiment() -> None:
    seen = Counted()
    seen.traffic.result(result(text="", dropped="no_speech", label=None))
    assert (seen["utterances_dropped_total{source=live}"], seen["utterances_total{source=live}"]) == (1, 0)
    assert seen["sentiments_total{source=live,label=UNJUDGED}"] == 0
    assert seen["end_to_end_seconds_count{source=live}"] == 1


def test_a_stage_that_did_not_run_and_an_utterance_of_no_length_are_in_no_histogram() -> None:
    seen = Counted()
    sentiment = Sentiment(None, None, {}, "m")
    times = Timings(stt_ms=5.0)
    seen.traffic.result(Result("s", 1, 2.0, 2.0, "so", "en", 0.9, sentiment, "e", "base", timings=times))
    assert seen["stage_seconds_count{source=live,stage=stt}"] == 1
    assert seen["stage_seconds_count{source=live,stage=analyzer}"] == 0
    assert seen["real_time_factor_count{source=live}"] == seen["end_to_end_seconds_count{source=live}"] == 0


def test_labels_do_not_grow_without_end() -> None:
    seen = Counted()
    for number in range(MOST_CODES + 5):
        seen.traffic.error(Error("s", f"code-{number}", "…", utterance=number))
    seen.traffic.error(Error("s", "code-0", "…", utterance=0))
    seen.traffic.dead_letter("stt")
    seen.traffic.dead_letter("what nobody knows")
    seen.traffic.result(result(label="ECSTATIC"))
    assert seen["errors_total{source=live,code=code-0}"] == 2
    assert seen["errors_total{source=live,code=other}"] == 5
    assert (seen["dead_letters_total{stage=stt}"], seen["dead_letters_total{stage=other}"]) == (1, 1)
    assert seen["sentiments_total{source=live,label=UNJUDGED}"] == 1
