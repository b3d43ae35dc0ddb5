"""A Hugging Face sequence-classification model from a directory, run by transformers on the CPU.

Reads only local files (`hub` fetches), never runs code that comes with a model, and refuses a model
whose weights are incomplete: transformers alone would fill the gap with random numbers.
"""

import logging
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from analyzer_worker.models import ModelError
from analyzer_worker.models.hub import WEIGHTS

log = logging.getLogger(__name__)

THREADS = 1
"""An utterance is some 15 tokens: more threads gain nothing and take cores from speech recognition."""
BATCH = 8
WINDOW_WITHOUT_LIMIT = 512
_TOKENIZERS = (
    "tokenizer.json",
    "vocab.txt",
    "vocab.json",
    "spiece.model",
    "tokenizer.model",
    "sentencepiece.bpe.model",
)
_OFFSET_POSITIONS = ("roberta", "xlm-roberta", "camembert", "xlm-roberta-xl", "longformer", "mpnet")
"""Their positions start behind the padding index, so that many of `max_position_embeddings` are lost."""


class Classifier:
    """Implements `SentimentModel`. Build it with `load`."""

    def __init__(self, name: str, tokenizer: Any, network: Any) -> None:
        config = network.config
        self.name = name
        self.classes = tuple(str(config.id2label[i]) for i in sorted(config.id2label))
        self.window = _window(tokenizer, config)
        self._tokenizer = tokenizer
        self._network = network
        self._many = config.problem_type == "multi_label_classification"

    def length(self, text: str) -> int:
        return len(self._tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"])

    def probabilities(self, texts: Sequence[str]) -> list[list[float]]:
        import torch

        rows: list[list[float]] = []
        for first in range(0, len(texts), BATCH):
            batch = self._tokenizer(list(texts[first : first + BATCH]), return_tensors="pt", padding=True)
            with torch.inference_mode():
                logits = self._network(**batch).logits.float()
            rows += (logits.sigmoid() if self._many else logits.softmax(dim=-1)).tolist()
        if not all(math.isfinite(number) for row in rows for number in row):
            raise ModelError(f"{self.name}: the model gives numbers that are not finite: its weights are damaged")
        return rows


def load(directory: Path, name: str) -> Classifier:
    """Load and warm the model that `save_pretrained` left in `directory`. Raises ModelError."""
    _check_files(directory)
    import torch
    from transformers import AutoConfig, AutoModelForSequenceClassification, AutoTokenizer
    from transformers.utils import logging as transformers_logging

    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    torch.set_num_threads(THREADS)
    config = _attempt(directory, "config.json", lambda: AutoConfig.from_pretrained(directory, local_files_only=True))
    _check_kind(directory, config)
    tokenizer = _attempt(
        directory, "tokenizer", lambda: AutoTokenizer.from_pretrained(directory, local_files_only=True)
    )
    network, report = _attempt(
        directory,
        "weights",
        lambda: AutoModelForSequenceClassification.from_pretrained(
            directory, local_files_only=True, output_loading_info=True
        ),
    )
    if report["missing_keys"]:
        missing = ", ".join(sorted(report["missing_keys"])[:3])
        raise ModelError(f"{directory}: the weights are incomplete, without {missing}; fetch the model again")
    model = Classifier(name, tokenizer, network.eval())
    _attempt(directory, "model", lambda: model.probabilities(["ready"]))
    return model


def _check_files(directory: Path) -> None:
    for what, names in (
        ("config.json", ("config.json",)),
        ("weights", sum(WEIGHTS.values(), ())),
        ("tokenizer", _TOKENIZERS),
    ):
        if not any((directory / name).is_file() for name in names):
            raise ModelError(f"{directory} has no {what} ({', '.join(names)}); it needs what save_pretrained writes")


def _check_kind(directory: Path, config: Any) -> None:
    kinds = config.architectures or []
    if kinds and not any(kind.endswith("ForSequenceClassification") for kind in kinds):
        raise ModelError(
            f"{directory} is a {', '.join(kinds)}; the analyzer needs a text-classification model "
            "(...ForSequenceClassification)"
        )
    if config.num_labels < 2:
        raise ModelError(f"{directory} has {config.num_labels} class; a sentiment model has at least two")


def _attempt(directory: Path, part: str, load: Any) -> Any:
    """What transformers raises for a bad file is of any type: make it a sentence, keep the cause."""
    try:
        return load()
    except ModelError:
        raise
    except Exception as error:
        first_line = next(iter(str(error).splitlines()), "")[:200]
        raise ModelError(
            f"{directory}: its {part} cannot be loaded ({type(error).__name__}: {first_line}); "
            "the file is damaged or of another kind: fetch the model again"
        ) from error


def _window(tokenizer: Any, config: Any) -> int:
    """Tokens of text that fit, beside the special ones."""
    positions = getattr(config, "max_position_embeddings", None) or WINDOW_WITHOUT_LIMIT
    if config.model_type in _OFFSET_POSITIONS:
        positions -= (config.pad_token_id or 0) + 1
    return int(min(tokenizer.model_max_length, positions)) - int(tokenizer.num_special_tokens_to_add())
