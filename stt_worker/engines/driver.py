"""From samples to a Transcription with one encoder pass, whatever the engine.

Stock whisper encodes the padded 30 s for the language, again for decoding, and again for each
temperature. Here the language and every temperature read the same encoding; only a guard that
trips on a shortened context asks for a second one, of the padded 30 s. The times of the words
come from the newest one.
"""

import logging
from typing import Any

from contracts.audio import SAMPLE_RATE, Samples
from stt_worker import codes
from stt_worker.engines import guards, loudness, words
from stt_worker.engines.protocol import Attempt, CannotTranscribe, Decode, Engine, Options, TimedWord, Transcription

log = logging.getLogger(__name__)

WINDOW_SECONDS = 30
TEMPERATURES = (0.0, 0.2, 0.4)
TASKS = ("transcribe", "translate")


def transcribe(engine: Engine, samples: Samples, options: Options) -> Transcription:
    """float32[n] at 16 kHz, n at most 30 s. Raises CannotTranscribe for what no retry can cure."""
    check(engine, len(samples), options)
    seconds = len(samples) / SAMPLE_RATE
    context = guards.positions(len(samples), options.context, engine.full_positions)
    encoding = engine.encode(samples, context)
    passes = 1

    language, probability = options.language, None
    if language is None:
        language, probability = "en", None
        if len(engine.languages) > 1:
            language, probability = engine.detect_language(encoding)

    def decode(temperature: float) -> Attempt:
        cap = guards.token_cap(len(samples), language, options.task)
        return engine.decode(encoding, Decode(language, options.task, temperature, cap))

    attempts = [decode(TEMPERATURES[0])]
    if not options.quick and context < engine.full_positions and guards.trouble(attempts[-1], seconds):
        encoding = engine.encode(samples, engine.full_positions)
        passes += 1
        attempts.append(decode(TEMPERATURES[0]))
    for temperature in () if options.quick else TEMPERATURES[1:]:
        if guards.trouble(attempts[-1], seconds) is None:
            break
        attempts.append(decode(temperature))

    best = max(attempts, key=lambda attempt: _merit(attempt, seconds))
    timed = None
    if options.words:
        timed = _timed(engine, encoding, samples, Decode(language, options.task, best.temperature, best.tokens), best)
    return Transcription(best, language, probability, passes, len(attempts), timed)


def _timed(engine: Engine, encoding: Any, samples: Samples, how: Decode, attempt: Attempt) -> tuple[TimedWord, ...]:
    """When the words of a decoding were spoken; empty when that cannot be found: a text without times
    is better than an error."""
    written_in = "en" if how.task == "translate" else how.language
    if not words.grouped(attempt.pieces, written_in):
        return ()
    loud = loudness.loud(samples)
    try:
        alignment = engine.align(encoding, how, attempt.pieces, loud)
    except Exception as error:  # an engine's own, or its library's
        log.warning("word times not found", exc_info=error, extra={"tokens": attempt.tokens, "positions": len(loud)})
        return ()
    return words.timed(attempt.pieces, alignment, loud, written_in)


def check(engine: Engine, samples: int, options: Options) -> None:
    """Raise CannotTranscribe for a request that this engine cannot serve."""
    if samples == 0:
        raise CannotTranscribe(codes.NO_AUDIO, "the utterance holds no samples")
    if samples > WINDOW_SECONDS * SAMPLE_RATE:
        raise CannotTranscribe(
            codes.AUDIO_TOO_LONG,
            f"{samples / SAMPLE_RATE:.1f} s of audio in one utterance; send at most {WINDOW_SECONDS} s at a time",
        )
    if options.task not in TASKS:
        raise CannotTranscribe(codes.BAD_TASK, f"task {options.task!r} is unknown; use one of: {', '.join(TASKS)}")
    only_english = engine.languages == {"en"}
    if options.language is not None and options.language not in engine.languages:
        why = "it knows English only" if only_english else "it does not know that language"
        raise CannotTranscribe(
            codes.UNSUPPORTED_LANGUAGE, f"model {engine.model} cannot take language {options.language!r}: {why}"
        )
    if options.task == "translate" and only_english:
        raise CannotTranscribe(codes.UNSUPPORTED_TASK, f"model {engine.model} knows English only and cannot translate")


def _merit(attempt: Attempt, seconds: float) -> tuple[bool, bool, float]:
    """Prefer no trouble, then the model's own end, then the likelier text."""
    return guards.trouble(attempt, seconds) is None, not attempt.stopped, attempt.avg_logprob
