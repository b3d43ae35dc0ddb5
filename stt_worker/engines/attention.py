"""The stock decoder's layers with a memory: cross-attention keys of an encoding are computed once,
whoever reads it (language detection, each temperature), and so is its first token.

Runs the stock modules themselves; what is replaced is only the bookkeeping that the stock code
does with forward hooks, once per decoding.
"""

from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention


class Vocabulary(Protocol):
    """Hidden states [n, d] -> float32 logits [n, vocabulary]."""

    def __call__(self, hidden: Tensor) -> Tensor: ...


class ExactVocabulary:
    """The stock product with the token embedding, its cast done once."""

    def __init__(self, embedding: Tensor, dtype: torch.dtype) -> None:
        self.weight = embedding.detach().to(dtype).T

    def __call__(self, hidden: Tensor) -> Tensor:
        return (hidden @ self.weight).float()


@dataclass
class Memory:
    """One encoding and what was already computed from it. `length` tokens are in `own`, whose
    tensors have room for the model's whole text context."""

    features: Tensor
    cross: list[tuple[Tensor, Tensor]]
    own: list[tuple[Tensor, Tensor]]
    length: int = 0
    start_logits: Tensor | None = None


class CachedDecoder:
    """A stock `TextDecoder` for one utterance at a time."""

    def __init__(self, decoder: Any, vocabulary: Vocabulary) -> None:
        self.decoder = decoder
        self.vocabulary = vocabulary
        self.heads: int = decoder.blocks[0].attn.n_head
        self.context: int = decoder.positional_embedding.shape[0]

    def remember(self, features: Tensor) -> Memory:
        """Features [1, positions, d] of the encoder -> a fresh memory."""
        cross, own = [], []
        for block in self.decoder.blocks:
            attention = block.cross_attn
            split = (self._split(attention.key(features)), self._split(attention.value(features)))
            cross.append((split[0].contiguous(), split[1].contiguous()))  # read once per token, so in reading order
            room = (1, self.heads, self.context, features.shape[-1] // self.heads)
            own.append((features.new_empty(room), features.new_empty(room)))
        return Memory(features, cross, own)

    def at_start(self, memory: Memory, start_token: int) -> Tensor:
        """Logits [vocabulary] after the start token: they tell the language and whether anybody
        speaks. Also rewinds the memory to that token."""
        if memory.start_logits is None:
            memory.length = 0
            token = torch.tensor([[start_token]], device=memory.features.device)
            memory.start_logits = self.vocabulary(self._hidden(memory, token)[0])[0]
        memory.length = 1
        return memory.start_logits

    def next_logits(self, memory: Memory, tokens: Tensor) -> Tensor:
        """Logits [vocabulary] after the last of `tokens` [1, n], which continue what is in memory."""
        return self.vocabulary(self._hidden(memory, tokens)[0, -1:])[0]

    def watch(self, memory: Memory, tokens: Tensor, heads: list[tuple[int, int]]) -> tuple[Tensor, Tensor]:
        """Reads `tokens` [1, n] from the beginning: how well each of the heads (layer, head) then finds each
        position to match [heads, n, positions] (before the softmax), and the hidden states [n, d]."""
        memory.length = 0
        queries: list[Tensor] = []
        hidden = self._hidden(memory, tokens, queries)[0]
        scores = [queries[layer][0, head] @ memory.cross[layer][0][0, head].T for layer, head in heads]
        return torch.stack(scores) * queries[0].shape[-1] ** -0.5, hidden

    def _hidden(self, memory: Memory, tokens: Tensor, queries: list[Tensor] | None = None) -> Tensor:
        """`queries` gets those of the cross-attention, [1, heads, n, d / heads] for each layer."""
        begin, end = memory.length, memory.length + tokens.shape[-1]
        decoder = self.decoder
        x = decoder.token_embedding(tokens) + decoder.positional_embedding[begin:end]
        x = x.to(memory.features.dtype)
        mask = None
        if end - begin > 1:
            mask = torch.ones(end - begin, end, dtype=torch.bool, device=x.device).tril(begin)
        for block, own, cross in zip(decoder.blocks, memory.own, memory.cross, strict=True):
            x = x + self._attend_to_text(block.attn, block.attn_ln(x), own, begin, mask)
            query = self._split(block.cross_attn.query(block.cross_attn_ln(x)))
            if queries is not None:
                queries.append(query)
            x = x + self._attend(block.cross_attn, query, *cross, None)
            x = x + block.mlp(block.mlp_ln(x))
        memory.length = end
        return decoder.ln(x)  # type: ignore[no-any-return]  # a torch module returns Any

    def _attend_to_text(
        self, attention: Any, x: Tensor, own: tuple[Tensor, Tensor], begin: int, mask: Tensor | None
    ) -> Tensor:
        keys, values = own
        end = begin + x.shape[1]
        keys[:, :, begin:end] = self._split(attention.key(x))
        values[:, :, begin:end] = self._split(attention.value(x))
        return self._attend(attention, self._split(attention.query(x)), keys[:, :, :end], values[:, :, :end], mask)

    def _attend(self, attention: Any, query: Tensor, keys: Tensor, values: Tensor, mask: Tensor | None) -> Tensor:
        mixed = scaled_dot_product_attention(query, keys, values, attn_mask=mask)
        return attention.out(mixed.transpose(1, 2).flatten(2))  # type: ignore[no-any-return]

    def _split(self, x: Tensor) -> Tensor:
        """[1, n, d] -> [1, heads, n, d / heads]."""
        return x.view(*x.shape[:2], self.heads, -1).transpose(1, 2)
