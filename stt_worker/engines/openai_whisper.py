"""openai-whisper: the stock model and decoding rules, with encodings and caches that are shared.

The package is imported under a name of its own, because `whisper` alone is also another program.
"""

import os
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import whisper as openai_whisper
from torch import Tensor
from whisper.tokenizer import LANGUAGES, get_tokenizer

from contracts.audio import Samples
from stt_worker import checkpoint
from stt_worker.engines import int8, precision, stock_alignment
from stt_worker.engines.attention import CachedDecoder, Memory
from stt_worker.engines.heads import heads
from stt_worker.engines.loudness import Loud
from stt_worker.engines.mel import log_mel
from stt_worker.engines.protocol import Alignment, Attempt, Decode, Engine, Piece
from stt_worker.engines.stock_decoding import decode
from stt_worker.loading import Machine, ModelError, Source
from stt_worker.models import unreachable

DOWNLOAD_STALL_SECONDS = 60


class OpenAIWhisper:
    """One loaded checkpoint; see `protocol.Engine`. Not for several threads at once."""

    name = "openai-whisper"

    def __init__(self, model: openai_whisper.Whisper, label: str, device: str, precision_name: str) -> None:
        self.model = label
        self.device = device
        self.full_positions: int = model.dims.n_audio_ctx
        self.languages = frozenset(list(LANGUAGES)[: model.num_languages] if model.is_multilingual else ("en",))
        self.whisper = model
        self.heads = heads(vars(model.dims))
        self.decoder_dtype = torch.float16 if device == "cuda" else torch.float32
        self.encoder, self.encoder_dtype = model.encoder, self.decoder_dtype
        if device == "cuda":
            precision.lower(model, torch.float16)
        elif precision_name == "fast":
            self.encoder, self.encoder_dtype = precision.quicker_encoder(
                model.encoder, model.dims.n_mels, self.full_positions
            )
            if int8.available():
                int8.shrink(model.decoder)
        first_special = self._tokenizer(None, "transcribe").eot
        weight = model.decoder.token_embedding.weight
        self.decoder = CachedDecoder(model.decoder, precision.vocabulary(weight, first_special, self.decoder_dtype))

    @torch.inference_mode()
    def encode(self, samples: Samples, positions: int) -> Memory:
        mel = log_mel(torch.from_numpy(samples).to(self.device), self.whisper.dims.n_mels, 2 * positions)
        encoder = self.encoder
        embedding = encoder.positional_embedding
        encoder.positional_embedding = embedding[:positions]
        try:
            features: Tensor = encoder(mel[None].to(self.encoder_dtype))
        finally:
            encoder.positional_embedding = embedding
        return self.decoder.remember(features.to(self.decoder_dtype))

    @torch.inference_mode()
    def detect_language(self, encoding: Memory) -> tuple[str, float]:
        tokenizer = self._tokenizer(None, "transcribe")
        logits = self.decoder.at_start(encoding, tokenizer.sot)
        ids = list(tokenizer.all_language_tokens)
        probabilities = logits[ids].softmax(-1)
        best = int(probabilities.argmax())
        return tokenizer.all_language_codes[best], float(probabilities[best])

    @torch.inference_mode()
    def decode(self, encoding: Memory, how: Decode) -> Attempt:
        return decode(self.whisper, self.decoder, encoding, how)

    @torch.inference_mode()
    def align(self, encoding: Memory, how: Decode, pieces: Sequence[Piece], loud: Loud) -> Alignment:
        tokenizer = self._tokenizer(how.language, how.task)
        return stock_alignment.align(self.decoder, encoding, tokenizer, self.heads, pieces, loud)

    def _tokenizer(self, language: str | None, task: str) -> Any:
        return get_tokenizer(
            self.whisper.is_multilingual, num_languages=self.whisper.num_languages, language=language, task=task
        )


@dataclass(frozen=True)
class Loader:
    name: str = "openai-whisper"

    def known(self) -> list[str]:
        return list(openai_whisper.available_models())

    def obstacle(self, name: str, directory: str) -> str | None:
        url = openai_whisper._MODELS[name]
        if (Path(_root(directory)) / os.path.basename(url)).is_file():
            return None
        return unreachable(url)

    def load(self, source: Source, machine: Machine) -> Engine:
        torch.set_num_threads(machine.threads)
        cuda = torch.cuda.is_available()
        if machine.device == "cuda" and not cuda:
            raise ModelError("STT_DEVICE=cuda, but torch sees no CUDA device; use STT_DEVICE=cpu or auto")
        device = "cuda" if cuda and machine.device != "cpu" else "cpu"
        model = _load(source.location, device, machine.directory)
        return OpenAIWhisper(model.eval(), source.label, device, machine.precision)


LOADER = Loader()


def _root(directory: str) -> str:
    cache = os.environ.get("XDG_CACHE_HOME", os.path.join(os.path.expanduser("~"), ".cache"))
    return directory or os.path.join(cache, "whisper")


def _load(location: str, device: str, directory: str) -> openai_whisper.Whisper:
    path = Path(location)
    if path.exists():
        checkpoint.read(path)
    patience = socket.getdefaulttimeout()
    socket.setdefaulttimeout(DOWNLOAD_STALL_SECONDS)
    try:
        return openai_whisper.load_model(location, device=device, download_root=_root(directory))
    except (RuntimeError, OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"model {location} cannot be loaded: {checkpoint.first_line(error)}") from error
    finally:
        socket.setdefaulttimeout(patience)
