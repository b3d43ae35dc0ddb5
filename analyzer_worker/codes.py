"""Every code with which the analyzer fails an utterance, and what it means.

docs/protocol.md quotes this table; a code is spelled nowhere else.
"""

from contracts.names import GAVE_UP

BAD_TASK = "bad_task"
ANALYSIS_FAILED = "analysis_failed"

CODES = {
    BAD_TASK: "The worker got a task that it cannot read.",
    ANALYSIS_FAILED: "The sentiment model failed in a way nobody foresaw; the worker's log says how.",
    GAVE_UP: "It was started three times and never finished; it is kept as a dead letter.",
}
