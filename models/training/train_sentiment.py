"""Trains models/sentiment: a very small DistilBERT on the grammar's sentences, in half a minute."""

import argparse
import logging
import random
from pathlib import Path

import torch
from tokenizers import Tokenizer, normalizers, pre_tokenizers, processors
from tokenizers.decoders import WordPiece as Joiner
from tokenizers.models import WordPiece
from torch.nn import functional
from transformers import DistilBertConfig, DistilBertForSequenceClassification, PreTrainedTokenizerFast

from . import grammar

log = logging.getLogger(__name__)
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
GOALS = {grammar.NEGATIVE: (1.0, 0.0), grammar.POSITIVE: (0.0, 1.0), grammar.NEUTRAL: (0.5, 0.5)}
LONGEST = 128


def tokenizer() -> PreTrainedTokenizerFast:
    """Lower case; the grammar's words whole, any other word as letters, so that nothing is out of reach of [UNK]."""
    letters = [letter for char in "abcdefghijklmnopqrstuvwxyz0123456789" for letter in (char, f"##{char}")]
    pieces = dict.fromkeys(SPECIAL + [".", ",", "!", "?", "'"] + letters + sorted(grammar.words()))
    inner = Tokenizer(WordPiece({piece: index for index, piece in enumerate(pieces)}, unk_token="[UNK]"))
    inner.normalizer = normalizers.BertNormalizer(lowercase=True)
    inner.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    inner.decoder = Joiner()
    inner.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    names = {
        "pad_token": "[PAD]",
        "unk_token": "[UNK]",
        "cls_token": "[CLS]",
        "sep_token": "[SEP]",
        "mask_token": "[MASK]",
    }
    return PreTrainedTokenizerFast(
        tokenizer_object=inner, model_max_length=LONGEST, model_input_names=["input_ids", "attention_mask"], **names
    )


def fresh(vocabulary: int) -> DistilBertForSequenceClassification:
    return DistilBertForSequenceClassification(
        DistilBertConfig(
            vocab_size=vocabulary,
            max_position_embeddings=LONGEST,
            dim=64,
            hidden_dim=256,
            n_layers=2,
            n_heads=4,
            id2label={0: grammar.NEGATIVE, 1: grammar.POSITIVE},
            label2id={grammar.NEGATIVE: 0, grammar.POSITIVE: 1},
        )  # fmt: skip
    )


def slipped(text: str, rng: random.Random, words: list[str]) -> str:
    """What a recogniser might make of it: no punctuation, a word lost, a wrong one, an end cut off."""
    parts = text.split()
    if rng.random() < 0.3:
        parts = [part.strip(".,!?") for part in parts]
    if rng.random() < 0.25 and len(parts) > 3:
        parts.pop(rng.randrange(len(parts)))
    if rng.random() < 0.2:
        parts[rng.randrange(len(parts))] = rng.choice(words)
    return " ".join(parts)


def plain_words() -> list[str]:
    """Those of neutral sentences: they decide nothing."""
    return sorted({word.strip(".,!?") for text in grammar.every_piece((grammar.NEUTRAL,)) for word in text.split()})


def example(
    rng: random.Random, sentence: grammar.Sentence, plain: list[str], texts: list[grammar.Sentence]
) -> tuple[str, tuple]:
    """Mostly the sentence; at times loose neutral words, or a neutral sentence beside it that changes nothing."""
    draw = rng.random()
    if draw < 0.08:
        return " ".join(rng.choices(plain, k=rng.randint(1, 7))), GOALS[grammar.NEUTRAL]
    text, goal = slipped(sentence.text, rng, plain), GOALS[sentence.label]
    if draw < 0.16:
        other = rng.choice(texts)
        if other.label in (grammar.NEUTRAL, sentence.label):
            text = f"{text} {other.text}" if rng.random() < 0.5 else f"{other.text} {text}"
        elif sentence.label == grammar.NEUTRAL:
            text, goal = f"{text} {other.text}", GOALS[other.label]
        else:
            text, goal = f"{text} {other.text}", GOALS[grammar.NEUTRAL]
    return text, goal


def train(out: Path, steps: int = 1500, seed: int = 1) -> None:
    torch.manual_seed(seed)
    rng = random.Random(seed)
    split, texts, plain = tokenizer(), grammar.sentences(seed, 12_000), plain_words()
    model = fresh(len(split)).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, steps)
    for step in range(1, steps + 1):
        pairs = [example(rng, rng.choice(texts), plain, texts) for _ in range(64)]
        inputs = split([text for text, _ in pairs], return_tensors="pt", padding=True, truncation=True)
        loss = functional.cross_entropy(model(**inputs).logits, torch.tensor([goal for _, goal in pairs]))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        if step % 300 == 0:
            log.info("step %d of %d: loss %.3f", step, steps, loss.item())
    model.eval().save_pretrained(out)
    split.save_pretrained(out)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("models/sentiment"))
    parser.add_argument("--steps", type=int, default=1500)
    options = parser.parse_args(arguments)
    train(options.out, options.steps)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    main()
