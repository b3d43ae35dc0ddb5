"""An openai-whisper checkpoint -> a CTranslate2 model directory, offline.

CTranslate2's own converter starts from a Hugging Face model; this fills its specification from
the stock checkpoint directly, and writes the vocabulary that the whisper package carries.
"""

import tempfile
from pathlib import Path
from typing import Any

from ctranslate2.converters.utils import fuse_linear
from ctranslate2.specs import common_spec, whisper_spec
from whisper.tokenizer import Tokenizer, get_tokenizer

from stt_worker import checkpoint
from stt_worker.engines.byte_text import to_text
from stt_worker.engines.heads import heads

State = dict[str, Any]


def convert(path: Path, directory: Path) -> Path:
    """Write the model to `directory` (made in one step, so that a killed run leaves nothing half
    done) and return it. Raises ModelError when `path` is no checkpoint."""
    content = checkpoint.read(path)
    dims, state = content["dims"], {name: value.float().numpy() for name, value in content["model_state_dict"].items()}
    spec = whisper_spec.WhisperSpec(
        dims["n_audio_layer"], dims["n_audio_head"], dims["n_text_layer"], dims["n_text_head"]
    )
    _encoder(spec.encoder, state)
    _decoder(spec.decoder, state)
    multilingual = dims["n_vocab"] >= 51865
    languages = dims["n_vocab"] - 51765 - int(multilingual)
    tokenizer = get_tokenizer(multilingual, num_languages=languages)
    spec.register_vocabulary(vocabulary(tokenizer, dims["n_vocab"]))
    _configure(spec.config, tokenizer, dims)
    spec.validate()
    spec.optimize(quantization=None)
    directory.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=directory.parent) as unfinished:
        made = Path(unfinished) / "model"
        made.mkdir()
        spec.save(str(made))
        made.replace(directory)
    return directory


def vocabulary(tokenizer: Tokenizer, size: int) -> list[str]:
    """Every token as text; see `byte_text` for those of the text."""
    encoding = tokenizer.encoding
    special = {number: name for name, number in encoding._special_tokens.items()}
    return [special[n] if n in special else to_text(encoding.decode_single_token_bytes(n)) for n in range(size)]


def _encoder(spec: Any, state: State) -> None:
    for name in ("conv1", "conv2"):
        getattr(spec, name).weight = state[f"encoder.{name}.weight"]
        getattr(spec, name).bias = state[f"encoder.{name}.bias"]
    spec.position_encodings.encodings = state["encoder.positional_embedding"]
    _norm(spec.layer_norm, state, "encoder.ln_post")
    for number, layer in enumerate(spec.layer):
        _layer(layer, state, f"encoder.blocks.{number}")


def _decoder(spec: Any, state: State) -> None:
    spec.embeddings.weight = state["decoder.token_embedding.weight"]
    spec.projection.weight = state["decoder.token_embedding.weight"]
    spec.position_encodings.encodings = state["decoder.positional_embedding"]
    _norm(spec.layer_norm, state, "decoder.ln")
    for number, layer in enumerate(spec.layer):
        where = f"decoder.blocks.{number}"
        _layer(layer, state, where)
        cross = layer.attention
        _fused(cross.linear[0], state, f"{where}.cross_attn", ("query",))
        _fused(cross.linear[1], state, f"{where}.cross_attn", ("key", "value"))
        _linear(cross.linear[-1], state, f"{where}.cross_attn.out")
        _norm(cross.layer_norm, state, f"{where}.cross_attn_ln")


def _layer(spec: Any, state: State, where: str) -> None:
    _fused(spec.self_attention.linear[0], state, f"{where}.attn", ("query", "key", "value"))
    _linear(spec.self_attention.linear[-1], state, f"{where}.attn.out")
    _norm(spec.self_attention.layer_norm, state, f"{where}.attn_ln")
    _linear(spec.ffn.linear_0, state, f"{where}.mlp.0")
    _linear(spec.ffn.linear_1, state, f"{where}.mlp.2")
    _norm(spec.ffn.layer_norm, state, f"{where}.mlp_ln")


def _fused(spec: Any, state: State, where: str, parts: tuple[str, ...]) -> None:
    pieces = [common_spec.LinearSpec() for _ in parts]
    for piece, part in zip(pieces, parts, strict=True):
        _linear(piece, state, f"{where}.{part}")
    fuse_linear(spec, pieces)


def _linear(spec: Any, state: State, where: str) -> None:
    spec.weight = state[f"{where}.weight"]
    if f"{where}.bias" in state:
        spec.bias = state[f"{where}.bias"]


def _norm(spec: Any, state: State, where: str) -> None:
    spec.gamma = state[f"{where}.weight"]
    spec.beta = state[f"{where}.bias"]


def _configure(config: Any, tokenizer: Tokenizer, dims: dict[str, int]) -> None:
    """The same suppressed tokens as the stock decoder."""
    never = (tokenizer.transcribe, tokenizer.translate, tokenizer.sot, tokenizer.sot_prev, tokenizer.sot_lm)
    config.suppress_ids = sorted({*tokenizer.non_speech_tokens, *never, tokenizer.no_speech})
    config.suppress_ids_begin = [*tokenizer.encode(" "), tokenizer.eot]
    config.lang_ids = sorted(tokenizer.all_language_tokens) if dims["n_vocab"] >= 51865 else []
    config.alignment_heads = heads(dims)
