"""An openai-whisper checkpoint (.pt) becomes a CTranslate2 folder for faster-whisper, offline.

`python -m models.convert_speech IN OUT`.

Any size, English-only or multilingual. Needs torch, openai-whisper, ctranslate2 and tokenizers; loads nothing else.
"""

import base64
import itertools
import json
import sys
from pathlib import Path

import numpy as np
import torch
import whisper
from ctranslate2.specs import LayerSpec, WhisperSpec
from tokenizers import AddedToken, Tokenizer, decoders, pre_tokenizers
from tokenizers.models import BPE
from whisper.model import ModelDimensions
from whisper.tokenizer import get_tokenizer

TIMESTAMPS = 1501


def convert(path: Path, out_dir: Path) -> Path:
    """Raises ValueError where `path` is no openai-whisper checkpoint; `out_dir` is complete or not there at all."""
    checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    if not isinstance(checkpoint, dict) or not {"dims", "model_state_dict"} <= checkpoint.keys():
        raise ValueError(f"{path} is not an openai-whisper checkpoint: it has no dims and model_state_dict")
    dims = ModelDimensions(**checkpoint["dims"])
    weights = {name: value.float().numpy() for name, value in checkpoint["model_state_dict"].items()}
    tokens = token_texts(dims.n_vocab)
    spec = WhisperSpec(dims.n_audio_layer, dims.n_audio_head, dims.n_text_layer, dims.n_text_head)
    fill_encoder(spec.encoder, weights)
    fill_decoder(spec.decoder, weights)
    spec.register_vocabulary(tokens)
    speech = stock_tokenizer(dims.n_vocab)
    spec.config.suppress_ids = [*speech.non_speech_tokens, speech.sot, speech.sot_prev, speech.sot_lm, speech.no_speech]
    spec.config.suppress_ids_begin = [*speech.encode(" "), speech.eot]
    spec.config.lang_ids = list(speech.all_language_tokens)
    layers = range(dims.n_text_layer // 2, dims.n_text_layer)
    spec.config.alignment_heads = [list(pair) for pair in itertools.product(layers, range(dims.n_text_head))]
    spec.validate()
    spec.optimize()
    work = out_dir.with_name(out_dir.name + ".part")
    work.mkdir(parents=True, exist_ok=True)
    spec.save(str(work))
    tokenizer_of(tokens).save(str(work / "tokenizer.json"))
    (work / "preprocessor_config.json").write_text(json.dumps({"feature_size": dims.n_mels}))
    return work.rename(out_dir)


def stock_tokenizer(n_vocab: int) -> whisper.tokenizer.Tokenizer:
    multilingual = n_vocab >= 51865
    return get_tokenizer(multilingual, num_languages=n_vocab - 51765 - int(multilingual))


def token_texts(n_vocab: int) -> list[str]:
    """Every token as byte-level BPE writes it, in the order of the ids."""
    stock = stock_tokenizer(n_vocab).encoding
    letters = byte_letters()
    specials = {index: text for text, index in stock._special_tokens.items()}
    ranks = _ranks(n_vocab)
    known = specials | {rank: "".join(letters[byte] for byte in raw) for raw, rank in ranks.items()}
    texts = [
        known.get(index, f"<|unused{index}|>") for index in range(n_vocab)
    ]  # 50256 is "": so CTranslate2 knows a multilingual one
    if len(set(texts)) != n_vocab:
        raise ValueError(f"the tokens of a vocabulary of {n_vocab} are not distinct")
    return texts


def tokenizer_of(tokens: list[str]) -> Tokenizer:
    """A tokenizer.json equal to the tiktoken file: its merges are found again from the ranks."""
    ranks = _ranks(len(tokens))
    letters = byte_letters()
    spell = ["".join(letters[byte] for byte in raw) for raw in sorted(ranks, key=ranks.__getitem__)]
    merges = []
    for raw, rank in sorted(ranks.items(), key=lambda pair: pair[1]):
        if len(raw) > 1:
            left, right = _halves(raw, rank, ranks)
            merges.append((spell[ranks[left]], spell[ranks[right]]))
    inner = Tokenizer(BPE({text: index for index, text in enumerate(spell)}, merges))
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    rest = tokens[len(spell) :]
    timestamps = rest[-TIMESTAMPS:]
    inner.add_special_tokens([AddedToken(text, special=True, normalized=False) for text in rest[:-TIMESTAMPS]])
    inner.add_tokens([AddedToken(text, special=False, normalized=False) for text in timestamps])
    return inner


def fill_encoder(spec: LayerSpec, weights: dict[str, np.ndarray]) -> None:
    for name in ("conv1", "conv2"):
        conv = getattr(spec, name)
        conv.weight, conv.bias = weights[f"encoder.{name}.weight"], weights[f"encoder.{name}.bias"]
    spec.position_encodings.encodings = weights["encoder.positional_embedding"]
    _norm(spec.layer_norm, weights, "encoder.ln_post")
    for index, layer in enumerate(spec.layer):
        block = f"encoder.blocks.{index}"
        _attention(layer.self_attention, weights, f"{block}.attn", "qkv")
        _feed_forward(layer.ffn, weights, block)


def fill_decoder(spec: LayerSpec, weights: dict[str, np.ndarray]) -> None:
    spec.embeddings.weight = weights["decoder.token_embedding.weight"]
    spec.projection.weight = weights["decoder.token_embedding.weight"]
    spec.position_encodings.encodings = weights["decoder.positional_embedding"]
    _norm(spec.layer_norm, weights, "decoder.ln")
    for index, layer in enumerate(spec.layer):
        block = f"decoder.blocks.{index}"
        _attention(layer.self_attention, weights, f"{block}.attn", "qkv")
        _attention(layer.attention, weights, f"{block}.cross_attn", "q", "kv")
        _feed_forward(layer.ffn, weights, block)


def _attention(spec: LayerSpec, weights: dict[str, np.ndarray], name: str, *fused: str) -> None:
    """CTranslate2 holds query, key and value in one matrix, or the query by itself; Whisper's key has no bias."""
    names = {"q": "query", "k": "key", "v": "value"}
    zeros = np.zeros_like(weights[f"{name}.query.bias"])
    for linear, group in zip(spec.linear, fused, strict=False):
        parts = [f"{name}.{names[letter]}" for letter in group]
        linear.weight = np.concatenate([weights[f"{part}.weight"] for part in parts])
        linear.bias = np.concatenate([weights.get(f"{part}.bias", zeros) for part in parts])
    _linear(spec.linear[-1], weights, f"{name}.out")
    _norm(spec.layer_norm, weights, f"{name}_ln")


def _feed_forward(spec: LayerSpec, weights: dict[str, np.ndarray], block: str) -> None:
    _linear(spec.linear_0, weights, f"{block}.mlp.0")
    _linear(spec.linear_1, weights, f"{block}.mlp.2")
    _norm(spec.layer_norm, weights, f"{block}.mlp_ln")


def _linear(spec: LayerSpec, weights: dict[str, np.ndarray], name: str) -> None:
    spec.weight, spec.bias = weights[f"{name}.weight"], weights[f"{name}.bias"]


def _norm(spec: LayerSpec, weights: dict[str, np.ndarray], name: str) -> None:
    spec.gamma, spec.beta = weights[f"{name}.weight"], weights[f"{name}.bias"]


def byte_letters() -> dict[int, str]:
    """GPT-2's spelling: a printable byte is itself, any other the next letter from U+0100 on."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    return {byte: chr(byte) for byte in printable} | {byte: chr(256 + index) for index, byte in enumerate(others)}


def _ranks(n_vocab: int) -> dict[bytes, int]:
    name = "multilingual" if n_vocab >= 51865 else "gpt2"
    lines = (Path(whisper.__file__).parent / "assets" / f"{name}.tiktoken").read_text().splitlines()
    pairs = (line.split() for line in lines if line)
    return {base64.b64decode(text): int(rank) for text, rank in pairs}


def _halves(raw: bytes, rank: int, ranks: dict[bytes, int]) -> tuple[bytes, bytes]:
    """The last pair that was joined to make `raw`: merge by rank, as tiktoken does, with lower ranks only."""
    parts = [raw[at : at + 1] for at in range(len(raw))]
    while len(parts) > 2:
        best = min(range(len(parts) - 1), key=lambda at: ranks.get(parts[at] + parts[at + 1], rank))
        parts[best : best + 2] = [parts[best] + parts[best + 1]]
    return parts[0], parts[1]


if __name__ == "__main__":
    convert(Path(sys.argv[1]), Path(sys.argv[2]))
