"""The stock decoding rules (suppressed tokens, greedy or sampled choice, end of text) over a shared
`Memory` instead of a fresh encoder pass and fresh caches.

Overrides three methods of openai-whisper's `DecodingTask`; the package's version is pinned.
"""

from typing import Any

import torch
from torch import Tensor
from whisper import DecodingOptions, Whisper
from whisper.decoding import DecodingTask, Inference, LogitFilter

from stt_worker.engines import guards
from stt_worker.engines.attention import CachedDecoder, Memory
from stt_worker.engines.protocol import Attempt, Decode, Piece


def decode(model: Whisper, decoder: CachedDecoder, memory: Memory, how: Decode) -> Attempt:
    """The same request on the same encoding gives the same text, also when it samples."""
    torch.manual_seed(0)
    task = SharedDecoding(model, decoder, memory, how)
    result = task.run(memory.features)[0]
    stopped = task.loop.seen or len(result.tokens) >= how.token_cap
    words = [token for token in result.tokens if token < task.tokenizer.eot]  # the others are special
    return Attempt(
        text=task.tokenizer.decode(words).strip(),
        avg_logprob=float(result.avg_logprob),
        no_speech_prob=float(result.no_speech_prob),
        temperature=how.temperature,
        tokens=len(result.tokens),
        stopped=stopped,
        pieces=tuple(Piece(token, task.tokenizer.encoding.decode_single_token_bytes(token)) for token in words),
    )


class StopAtLoop(LogitFilter):  # type: ignore[misc]  # the package has no type information
    """Allows nothing but the end of text once the text repeats itself."""

    def __init__(self, sample_begin: int, end_of_text: int) -> None:
        self.sample_begin = sample_begin
        self.end_of_text = end_of_text
        self.seen = False

    def apply(self, logits: Tensor, tokens: Tensor) -> None:
        if guards.loops(tokens[0, self.sample_begin :][-24:].tolist()):
            self.seen = True
            logits[:, : self.end_of_text] = -torch.inf
            logits[:, self.end_of_text + 1 :] = -torch.inf
            logits[:, self.end_of_text] = 0.0


class SharedInference(Inference):  # type: ignore[misc]
    """Feeds the decoder only those tokens that the memory does not hold yet."""

    def __init__(self, decoder: CachedDecoder, memory: Memory) -> None:
        self.decoder = decoder
        self.memory = memory

    def logits(self, tokens: Tensor, audio_features: Tensor) -> Tensor:
        """[1, 2, vocabulary]: after the first token and after the last; the stock loop reads those."""
        start = self.decoder.at_start(self.memory, int(tokens[0, 0])) if self.memory.length == 0 else None
        last = self.decoder.next_logits(self.memory, tokens[:, self.memory.length :])
        return torch.stack([last if start is None else start, last])[None]

    def cleanup_caching(self) -> None:
        """The cross-attention keys stay: the next attempt reads them."""


class SharedDecoding(DecodingTask):  # type: ignore[misc]
    def __init__(self, model: Whisper, decoder: CachedDecoder, memory: Memory, how: Decode) -> None:
        options = DecodingOptions(
            task=how.task,
            language=how.language,
            temperature=how.temperature,
            sample_len=how.token_cap,
            without_timestamps=True,
        )
        super().__init__(model, options)
        memory.length = 0
        self.inference = SharedInference(decoder, memory)
        self.loop = StopAtLoop(self.sample_begin, self.tokenizer.eot)
        self.logit_filters.append(self.loop)

    def _get_audio_features(self, mel: Tensor) -> Tensor:
        return mel

    def _detect_language(self, audio_features: Tensor, tokens: Tensor) -> tuple[list[str], Any]:
        return [self.options.language] * audio_features.shape[0], None
