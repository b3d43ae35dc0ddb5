"""Which number formats this processor gains by: tried once, when the model is loaded.

exact: 32-bit weights; only the vocabulary product is screened in 8 bits (same tokens). fast: also
8-bit decoder weights and a bfloat16 encoder, each only where a trial shows it quicker and close.
"""

import copy
import logging
import time
from typing import Any

import torch
from torch import Tensor, nn

from stt_worker.engines import int8
from stt_worker.engines.attention import ExactVocabulary, Vocabulary

log = logging.getLogger(__name__)

TRIALS = 3
GAIN = 0.8
"""Keep a format that takes less than this share of the time."""
TOLERANCE = 0.05
"""Largest relative error (of norms) of an encoding."""


def vocabulary(weight: Tensor, first_special: int, dtype: torch.dtype) -> Vocabulary:
    """The quicker of the two that give the same tokens."""
    if weight.device.type == "cpu" and dtype == torch.float32 and int8.available():
        return int8.ScreenedVocabulary(weight, first_special)
    return ExactVocabulary(weight, dtype)


def quicker_encoder(encoder: nn.Module, n_mels: int, positions: int) -> tuple[nn.Module, torch.dtype]:
    """`encoder` or its bfloat16 copy, and what to feed it."""
    lowered = lower(copy.deepcopy(encoder), torch.bfloat16)
    generator = torch.Generator().manual_seed(0)
    mel = torch.rand(1, n_mels, 2 * positions, generator=generator) * 2 - 1
    with torch.inference_mode():
        reference, slow = _timed(encoder, mel)
        rounded, quick = _timed(lowered, mel.bfloat16())
    error = float((reference - rounded.float()).norm() / reference.norm())
    kept = quick < GAIN * slow and error < TOLERANCE
    log.info("tried a bfloat16 encoder", extra={"kept": kept, "times_faster": round(slow / quick, 2), "error": error})
    return (lowered, torch.bfloat16) if kept else (encoder, torch.float32)


def lower(module: nn.Module, dtype: torch.dtype) -> nn.Module:
    """Cast the weights of matrix products, in place; the stock LayerNorm wants its own in 32 bits."""
    for child in module.modules():
        if isinstance(child, nn.Linear | nn.Conv1d):
            child.to(dtype)
    return module


def _timed(encoder: Any, mel: Tensor) -> tuple[Tensor, float]:
    best = float("inf")
    for _ in range(TRIALS):
        begin = time.process_time()
        features = encoder(mel)
        best = min(best, time.process_time() - begin)
    return features, best
