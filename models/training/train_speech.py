"""Trains models/speech.pt on a corpus that `corpus.build` made. The recipe's reasons are in models/README.md."""

import argparse
import logging
import math
import time
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim.swa_utils import AveragedModel
from whisper.model import MultiHeadAttention, Whisper

from . import corpus, network
from .batches import IGNORE, Batch, Rules, batches
from .vocabulary import vocabulary

log = logging.getLogger(__name__)
PHASES = (  # share of the steps, what is drawn
    (0.10, Rules(longest=260, trimmed_share=0.0, noise_share=0.0, pair_share=0.0)),
    (0.15, Rules(longest=400, trimmed_share=0.1, noise_share=0.1, pair_share=0.03)),
    (0.45, Rules(trimmed_share=0.25)),
    (0.30, Rules(trimmed_share=0.4, full_share=0.15)),
)
FINISH = (
    (1.0, Rules(trimmed_share=0.4, full_share=0.2, full_size=6, zeros_share=0.5, new_sound_share=0.2, pair_share=0.15)),
)


class Losses(nn.Module):
    """Words by the decoder, and phones by a throw-away layer on the encoder: alignment need not be discovered."""

    def __init__(self, model: Whisper, phones: int, spare: int) -> None:
        super().__init__()
        self.model = model
        self.phones = nn.Linear(network.WIDTH, phones)
        self.register_buffer("shared", torch.zeros(model.dims.n_vocab))
        self.shared[-1] = math.log(spare)  # the last row stands for so many: the softmax is the full one

    def forward(self, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
        heard = network.encode(self.model.encoder, batch.mel)
        labels = batch.phones.flatten()
        counted = labels != IGNORE
        guesses = self.phones(heard).flatten(0, 1)[counted].float()
        each = functional.cross_entropy(guesses, labels[counted], reduction="none")
        weight = torch.where(labels[counted] == 0, 0.2, 1.0)
        right = (guesses.argmax(-1) == labels[counted])[labels[counted] != 0].float().mean()
        logits = self.model.decoder(batch.tokens, heard) + self.shared
        words = functional.cross_entropy(
            logits.flatten(0, 1), batch.goals.flatten(), ignore_index=IGNORE, reduction="none"
        )
        use = batch.weights.flatten() * (batch.goals.flatten() != IGNORE)
        return (words * use).sum() / use.sum(), (each * weight).sum() / weight.sum().clamp(min=1), right


def train(learner: Losses, data: corpus.Corpus, steps: int, rate: float, phases, out: Path, seed: int = 1) -> None:
    """AdamW under one cosine; the phone loss counts less as the decoder learns.

    Finishing keeps the mean of the weights over its second half and leaves the phones, whose layer is new, alone.
    """
    groups = [
        {"params": [p for p in learner.parameters() if p.dim() > 1], "weight_decay": 0.02},
        {"params": [p for p in learner.parameters() if p.dim() <= 1], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=rate, betas=(0.9, 0.98))
    step, began, finish = 0, time.monotonic(), phases is FINISH
    mean = AveragedModel(learner.model)
    for number, (share, rules) in enumerate(phases):
        source = batches(data, rules, seed * 100 + number)
        for _ in range(round(share * steps)):
            now = step / steps
            for group in optimizer.param_groups:
                group["lr"] = rate * min((step + 1) / 100, 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * now)))
            batch = next(source)
            MultiHeadAttention.use_sdpa = batch.mel.shape[2] > 1200
            with torch.autocast("cpu", torch.bfloat16, enabled=not MultiHeadAttention.use_sdpa):
                words, phones, right = learner(batch)
            loss = words + (0.0 if finish else 1.5 if now < 0.3 else 0.5) * phones
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(learner.parameters(), 1.0)
            optimizer.step()
            step += 1
            if finish and step > steps // 2:
                mean.update_parameters(learner.model)
            if step % 25 == 0:
                log.info(
                    "step %d of %d: words %.3f phones %.3f right %.2f window %d %.0f s",
                    step, steps, words.item(), phones.item(), right.item(), batch.mel.shape[2], time.monotonic() - began
                )  # fmt: skip
            if step % 400 == 0:
                network.save(learner.model, vocabulary(), out)
    MultiHeadAttention.use_sdpa = True
    network.save(mean.module if finish else learner.model, vocabulary(), out)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, default=Path(".run/corpus"))
    parser.add_argument("--out", type=Path, default=Path("models/speech.pt"))
    parser.add_argument(
        "--start", type=Path, help="finish this checkpoint: more windows of 30 s, and their stock padding"
    )
    parser.add_argument("--steps", type=int, default=1800)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args(arguments)
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    data = corpus.load(options.corpus)
    model = network.load(options.start, vocabulary()) if options.start else network.fresh(vocabulary(), options.seed)
    learner = Losses(model, len(data.names), vocabulary().spare)
    phases = FINISH if options.start else PHASES
    train(learner, data, options.steps, options.rate, phases, options.out, options.seed)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    main()
