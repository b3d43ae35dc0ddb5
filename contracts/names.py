"""Names that two processes must agree on: tasks, queues, channels, streams.

A name is spelled here once and nowhere else in Python; a contract test holds the other files
(Procfile, Dockerfiles, compose) to these.
"""

PROTOCOL_VERSION = 1

TRANSCRIBE_TASK = "stt_worker.transcribe_audio"
ANALYZE_TASK = "analyzer_worker.analyze_text"
PREPARE_TASK = "fastapi_service.prepare_recording"

STT_QUEUE = "stt_queue"
STT_PARTIAL_QUEUE = "stt_partial_queue"
ANALYZER_QUEUE = "analyzer_queue"
STT_JOB_QUEUE = "stt_job_queue"
ANALYZER_JOB_QUEUE = "analyzer_job_queue"
JOB_QUEUE = "job_queue"
"""Recordings' own: a worker takes from its live queue first."""

RESULT_CHANNEL = "result_channel"
RESULTS_STREAM = "results"
LISTENER_GROUP = "listener"
DEAD_LETTERS_STREAM = "dead_letters"
DEAD_WEBHOOKS_STREAM = "dead_webhooks"

STT_STAGE, ANALYZER_STAGE, PREPARE_STAGE = "stt", "analyzer", "prepare"

POSITIVE = "POSITIVE"
NEGATIVE = "NEGATIVE"
NEUTRAL = "NEUTRAL"
LABELS = (POSITIVE, NEGATIVE, NEUTRAL)

GAVE_UP = "gave_up"
"""Code of the error that ends an utterance which was started again and again and never finished."""

JOB_PREFIX = "job-"
"""Sessions whose id starts so are recordings: each chunk of one is an utterance of its session."""

PROBE_PREFIX = "probe-"
"""Sessions whose id starts so are readiness probes: their results reach no log and no statistics."""
