"""Weights in 8 bits for the decoder, which waits for memory and not for arithmetic.

Per row of a weight one scale, activations scaled as they come; about 1 % off. torch marks the
tensors behind these operators as deprecated; `available` is asked first, and without them
everything stays at 32 bits.
"""

import warnings
from typing import Any

import torch
from torch import Tensor, nn

CANDIDATES = 64
"""So many best text tokens of the 8-bit product get their exact logits."""


def available() -> bool:
    """Whether this build of torch on this processor multiplies 8-bit matrices."""
    try:
        packed = _pack(torch.eye(16), None)
        product = torch.ops.quantized.linear_dynamic(torch.ones(1, 16), packed, _narrow())
    except (RuntimeError, AttributeError, NotImplementedError):
        return False
    return bool(torch.allclose(product, torch.ones(1, 16), atol=0.05))


class Int8Linear(nn.Module):
    """Stands in for a Linear of the decoder."""

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        bias = None if linear.bias is None else linear.bias.detach()
        self.packed = _pack(linear.weight.detach(), bias)

    def forward(self, x: Tensor) -> Tensor:
        return torch.ops.quantized.linear_dynamic(x, self.packed, _narrow())  # type: ignore[no-any-return]


class ScreenedVocabulary:
    """The vocabulary product, 70 % of the bytes that a token of a small model reads.

    Text tokens are screened with 8-bit weights; the best `CANDIDATES` of them, and all special
    and timestamp tokens, get their exact logits, so that the chosen token is the exact one.
    """

    def __init__(self, embedding: Tensor, first_special: int) -> None:
        weight = embedding.detach()
        self.first_special = first_special
        self.text = weight[:first_special]
        self.special = weight[first_special:].T.contiguous()
        self.packed = _pack(self.text, None)

    def __call__(self, hidden: Tensor) -> Tensor:
        rough = torch.ops.quantized.linear_dynamic(hidden, self.packed, _narrow())
        best = rough.topk(CANDIDATES, dim=-1).indices
        exact = (self.text[best] @ hidden[:, :, None]).squeeze(-1)
        return torch.cat([rough.scatter_(-1, best, exact), hidden @ self.special], dim=-1)


def shrink(decoder: nn.Module) -> None:
    """Replace every Linear inside `decoder`, in place. Cross-attention keys and values of the
    encoding are computed in one large product that gains nothing: they stay as they are."""
    for name, module in list(decoder.named_modules()):
        for child_name, child in list(module.named_children()):
            if isinstance(child, nn.Linear) and not (name.endswith("cross_attn") and child_name in ("key", "value")):
                setattr(module, child_name, Int8Linear(child))


def _pack(weight: Tensor, bias: Tensor | None) -> Any:
    scale = (weight.abs().amax(dim=1) / 127).clamp(min=1e-8)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        zeros = torch.zeros(len(scale), dtype=torch.long)
        quantized = torch.quantize_per_channel(weight.float(), scale, zeros, 0, torch.qint8)
        return torch.ops.quantized.linear_prepack(quantized, bias)


def _narrow() -> bool:
    """Whether to leave a bit of the activations unused, as processors without VNNI need."""
    return not torch.cpu._is_vnni_supported()
