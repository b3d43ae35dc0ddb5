"""One request of 6 s audio against stock whisper: `tests.bench.request`, as rows of the table."""

from tests.bench import request
from tests.bench.row import Row, Scale

GOAL = 2.0
DEFAULT_ENGINE, DEFAULT = "openai-whisper", ("exact", "full")
"""Engine, precision and context as the settings' defaults have them; the goal is held against these."""


def measure(scale: Scale) -> list[Row]:
    lanes = request.measure(scale.sizes, scale.rounds)
    rows = []
    for size in scale.sizes:
        of_size = [lane for lane in lanes if lane["model"] == size]
        stock = next(lane for lane in of_size if lane["engine"] not in request.LOADERS)
        for engine in request.LOADERS:
            ours = {(lane["precision"], lane["context"]): lane for lane in of_size if lane["engine"] == engine}
            rows.append(
                Row(
                    f"request.{size}.{engine}",
                    f"6 s request, {size} size, {engine}: how many times quicker than stock whisper.transcribe "
                    f"({stock['wall_ms']:.0f} ms)",
                    ", ".join(f"{' '.join(how)} {lane['wall_ratio']:.1f}x" for how, lane in ours.items()),
                    f">= {GOAL:.0f}x with {' '.join(DEFAULT)}, the default" if engine == DEFAULT_ENGINE else "",
                    ours[DEFAULT]["wall_ratio"] >= GOAL if engine == DEFAULT_ENGINE else None,
                    {"stock": stock, "lanes": list(ours.values())},
                )
            )
    return rows
