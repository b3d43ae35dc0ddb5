"""faster-whisper: CTranslate2 driven directly, so that one encoding serves everything.

`faster_whisper.WhisperModel.transcribe` encodes twice for an unknown language and always pads to
30 s; CTranslate2 itself needs neither. From the package come the model names, the download and
the log-mel transform.
"""

import hashlib
import json
import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import ctranslate2
import numpy as np
from faster_whisper.feature_extractor import FeatureExtractor
from faster_whisper.tokenizer import _LANGUAGE_CODES
from faster_whisper.utils import available_models, download_model
from huggingface_hub import constants

from contracts.audio import Samples
from stt_worker.checkpoint import first_line
from stt_worker.engines import byte_text, guards, loudness
from stt_worker.engines.loudness import Loud
from stt_worker.engines.protocol import Alignment, Attempt, Decode, Engine, Piece
from stt_worker.loading import Machine, ModelError, Source
from stt_worker.models import unreachable

log = logging.getLogger(__name__)

PADDING_SAMPLES = 800
CONVERSION = 2
"""Raised when what `convert` makes changes: then checkpoints are converted again."""
COMPUTE = {
    ("cpu", "exact"): "float32",
    ("cpu", "fast"): "int8",
    ("cuda", "exact"): "float16",
    ("cuda", "fast"): "int8_float16",
}


class FasterWhisper:
    """One CTranslate2 model; see `protocol.Engine`."""

    name = "faster-whisper"
    full_positions = 1500

    def __init__(self, model: ctranslate2.models.Whisper, label: str, device: str, special: dict[str, int]) -> None:
        """`special` tokens and their numbers."""
        self.model = label
        self.device = device
        self.languages = frozenset(_LANGUAGE_CODES if model.is_multilingual else ("en",))
        if model.n_mels == 80:
            self.languages -= {"yue"}
        self.whisper = model
        self.special = special
        self.features = FeatureExtractor(feature_size=model.n_mels)

    def encode(self, samples: Samples, positions: int) -> ctranslate2.StorageView:
        heard = self.features(samples, padding=PADDING_SAMPLES)[:, : 2 * positions]
        mel = np.full((1, heard.shape[0], 2 * positions), heard.min(), dtype=np.float32)
        mel[0, :, : heard.shape[1]] = heard
        return self.whisper.encode(ctranslate2.StorageView.from_array(mel))

    def detect_language(self, encoding: ctranslate2.StorageView) -> tuple[str, float]:
        token, probability = self.whisper.detect_language(encoding)[0][0]
        return token.strip("<|>"), float(probability)

    def decode(self, encoding: ctranslate2.StorageView, how: Decode) -> Attempt:
        prompt = [*self._opening(how), "<|notimestamps|>"]
        sampling: dict[str, Any] = {}
        if how.temperature > 0:
            ctranslate2.set_random_seed(0)
            sampling = {"sampling_topk": 0, "sampling_temperature": how.temperature}
        result = self.whisper.generate(
            encoding,
            [prompt],
            beam_size=1,
            max_length=2 * how.token_cap,  # CTranslate2 generates at most half of this
            return_scores=True,
            return_no_speech_prob=True,
            **sampling,
        )[0]
        ids = result.sequences_ids[0]
        end = guards.loop_end(ids)
        kept = result.sequences[0][:end]
        return Attempt(
            text=byte_text.join(kept),
            avg_logprob=result.scores[0] * len(ids) / (len(ids) + 1),
            no_speech_prob=result.no_speech_prob,
            temperature=how.temperature,
            tokens=len(ids),
            stopped=len(ids) >= how.token_cap or end is not None,
            pieces=tuple(
                Piece(number, byte_text.to_bytes(token))
                for number, token in zip(ids, kept, strict=False)  # those after a loop are not kept
                if not byte_text.SPECIAL.fullmatch(token)
            ),
        )

    def align(
        self, encoding: ctranslate2.StorageView, how: Decode, pieces: Sequence[Piece], loud: Loud
    ) -> Alignment:
        first, end = loudness.extent(loud, len(pieces) + 1)
        features = np.array(encoding.to_device(ctranslate2.Device.cpu))[:, first:end]
        result = self.whisper.align(
            ctranslate2.StorageView.from_array(np.ascontiguousarray(features)),
            [self.special[token] for token in self._opening(how)],
            [[piece.id for piece in pieces]],
            2 * (end - first),
        )[0]
        starts: dict[int, int] = {}
        for token, position in result.alignments:
            starts.setdefault(token, first + position)
        return Alignment(tuple(starts[token] for token in range(len(pieces) + 1)), tuple(result.text_token_probs))

    def _opening(self, how: Decode) -> list[str]:
        options = [f"<|{how.language}|>", f"<|{how.task}|>"] if len(self.languages) > 1 else []
        return ["<|startoftranscript|>", *options]


@dataclass(frozen=True)
class Loader:
    name: str = "faster-whisper"

    def known(self) -> list[str]:
        return list(available_models())

    def obstacle(self, name: str, directory: str) -> str | None:
        try:
            download_model(name, local_files_only=True, cache_dir=directory or None)
        except (OSError, ValueError):
            return "HF_HUB_OFFLINE is set" if constants.HF_HUB_OFFLINE else unreachable(constants.ENDPOINT)
        return None

    def load(self, source: Source, machine: Machine) -> Engine:
        cuda = ctranslate2.get_cuda_device_count() > 0
        if machine.device == "cuda" and not cuda:
            raise ModelError("STT_DEVICE=cuda, but CTranslate2 sees no CUDA device; use STT_DEVICE=cpu or auto")
        device = "cuda" if cuda and machine.device != "cpu" else "cpu"
        path = model_directory(source.location, machine.directory)
        try:
            model = ctranslate2.models.Whisper(
                str(path),
                device=device,
                compute_type=COMPUTE[device, machine.precision],
                intra_threads=machine.threads,
                inter_threads=1,
            )
        except (RuntimeError, ValueError) as error:
            raise ModelError(f"{path} cannot be loaded by CTranslate2: {first_line(error)}") from error
        return FasterWhisper(model, source.label, device, _special_tokens(path))


LOADER = Loader()


def model_directory(location: str, cache: str) -> Path:
    """A directory that CTranslate2 can read: given, downloaded, or converted from a checkpoint."""
    path = Path(location)
    if path.is_dir():
        if not (path / "model.bin").is_file():
            raise ModelError(f"{path} is no CTranslate2 model: it holds no model.bin")
        return path
    if path.is_file():
        return _converted(path, Path(cache) if cache else _own_cache())
    try:
        return Path(download_model(location, cache_dir=cache or None))
    except Exception as error:  # huggingface_hub raises its own, httpx's and the system's
        raise ModelError(f"model {location} cannot be downloaded: {first_line(error)}") from error


def _special_tokens(directory: Path) -> dict[str, int]:
    """From the vocabulary without which CTranslate2 would not have loaded the model."""
    path = directory / "vocabulary.json"
    if path.is_file():
        tokens = json.loads(path.read_text("utf-8"))
    else:
        tokens = (directory / "vocabulary.txt").read_text("utf-8").split("\n")
    return {token: number for number, token in enumerate(tokens) if byte_text.SPECIAL.fullmatch(token)}


def _converted(path: Path, cache: Path) -> Path:
    """The CTranslate2 form of an openai-whisper checkpoint, made once per content."""
    if find_spec("whisper") is None or find_spec("torch") is None:
        raise ModelError(f"{path} must be converted for faster-whisper first; for that: pip install openai-whisper")
    from stt_worker.engines.convert import convert

    with path.open("rb") as file:
        mark = hashlib.file_digest(file, "sha256").hexdigest()[:16]
    directory = cache / f"converted-{path.stem}-{mark}-{CONVERSION}"
    if not (directory / "model.bin").is_file():
        log.info("converting checkpoint for CTranslate2", extra={"checkpoint": path, "directory": directory})
        convert(path, directory)
    return directory


def _own_cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "live-sentiment"
