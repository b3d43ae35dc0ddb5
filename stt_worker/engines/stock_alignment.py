"""Word times from the decoder's attention, as in openai-whisper's `timing`, over a shared `Memory`.

Differs from it where that was measured to be better (`docs/benchmark.md`): only the part of the sound that may
be speech takes part, and an even pace counts a little.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from whisper.timing import median_filter

from stt_worker.engines import alignment, loudness
from stt_worker.engines.attention import CachedDecoder, Memory
from stt_worker.engines.heads import Heads
from stt_worker.engines.loudness import Loud
from stt_worker.engines.protocol import Alignment, Piece

MEDIAN_POSITIONS = 7


def align(
    decoder: CachedDecoder, memory: Memory, tokenizer: Any, heads: Heads, pieces: Sequence[Piece], loud: Loud
) -> Alignment:
    """`tokenizer` is that of the language and task of the text. Raises ValueError when the sound has no room
    for so many tokens."""
    opening, ids = [*tokenizer.sot_sequence, tokenizer.no_timestamps], [piece.id for piece in pieces]
    tokens = torch.tensor([[*opening, *ids, tokenizer.eot]], device=memory.features.device)
    scores, hidden = decoder.watch(memory, tokens, heads)
    before = slice(len(opening) - 1, len(opening) - 1 + len(ids))  # where each token is what comes next
    likely = decoder.vocabulary(hidden[before])[:, : tokenizer.eot].softmax(-1)

    first, end = loudness.extent(loud, len(ids) + 1)
    weights = scores[:, :, first:end].float().cpu().softmax(-1)
    spread, mean = torch.std_mean(weights, dim=-2, keepdim=True, unbiased=False)
    weights = median_filter((weights - mean) / spread, MEDIAN_POSITIONS).mean(0)
    match = weights[before.start : before.stop + 1].double().numpy()
    pace = alignment.pace([len(piece.data) for piece in pieces] + [0], loud[first:end])
    starts = alignment.starts(match - pace)
    probabilities = likely[np.arange(len(ids)), ids].tolist()
    return Alignment(tuple(first + start for start in starts), tuple(probabilities))
