"""How `pytest -n 2` shares the files: each is one process's alone, and the busy ones are all of the same.

(The `xdist_group` of pytest-xdist 3.8 does nothing under pytest 9.2.)
"""

from xdist.scheduler import LoadScopeScheduling

BUSY = {
    "tests/faults/test_seeds.py",
    "tests/faults/test_scenarios.py",
    *(
        f"tests/e2e/test_{name}.py"
        for name in (
            *("analyzer_models", "bench", "browsers", "demo", "engines", "engines_words", "pipeline", "redis_kinds"),
            *("images", "run", "monitoring", "shipped_models", "stt_worker", "stt_worker_life", "task_events"),
        )
    ),
}
"""They keep a processor busy by themselves: one after another, while the other process has those that mostly wait."""


def is_busy(nodeid: str) -> bool:
    return nodeid.split("::")[0] in BUSY


class InTwo(LoadScopeScheduling):
    def _split_scope(self, nodeid: str) -> str:
        return "busy" if is_busy(nodeid) else nodeid.split("::")[0]
