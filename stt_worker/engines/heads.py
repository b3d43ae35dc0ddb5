"""Which attention heads of a decoder follow the sound, by the shape of the model.

The stock package knows them for its own models; a fine-tuned one, whatever its file is called, keeps those
of the model that it came from. For any other shape it is a guess, as it is in the stock package.
"""

import base64
import gzip

import numpy as np
from whisper import _ALIGNMENT_HEADS

Heads = list[tuple[int, int]]

SHAPES = {(4, 6): "tiny", (6, 8): "base", (12, 12): "small", (24, 16): "medium", (32, 20): "large-v2", (4, 20): "turbo"}
"""Decoder layers and heads of each."""


def heads(dims: dict[str, int]) -> Heads:
    """(layer, head) of each; `dims` are the dimensions in a stock checkpoint."""
    shape = dims["n_text_layer"], dims["n_text_head"]
    name = SHAPES.get(shape, "")
    if name == "large-v2" and dims["n_mels"] == 128:
        name = "large-v3"
    if dims["n_vocab"] < 51865 and f"{name}.en" in _ALIGNMENT_HEADS:
        name += ".en"
    if name:
        mask = np.frombuffer(gzip.decompress(base64.b85decode(_ALIGNMENT_HEADS[name])), dtype=bool)
        return [(int(layer), int(head)) for layer, head in np.argwhere(mask.reshape(shape))]
    layers, each = shape
    first = 0 if layers <= 2 else layers // 2  # of two layers both, measured with the shipped model
    return [(layer, head) for layer in range(first, layers) for head in range(each)]
