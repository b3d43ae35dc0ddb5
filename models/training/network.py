"""The stock Whisper network very small, with a compact vocabulary; in and out of the stock checkpoint format."""

import math
import zipfile
from dataclasses import asdict
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional
from whisper.model import AudioEncoder, ModelDimensions, Whisper

from .vocabulary import N_VOCAB, Vocabulary

WIDTH, HEADS, AUDIO_LAYERS, TEXT_LAYERS = 96, 3, 3, 2
TEXT_CONTEXT, TRAINED_TEXT = 448, 96


def dimensions(n_vocab: int) -> ModelDimensions:
    return ModelDimensions(80, 1500, WIDTH, HEADS, AUDIO_LAYERS, n_vocab, TEXT_CONTEXT, WIDTH, HEADS, TEXT_LAYERS)


def fresh(vocabulary: Vocabulary, seed: int = 1) -> Whisper:
    """The encoder's heads begin as windows around the position: attention to far places is hard to unlearn."""
    torch.manual_seed(seed)
    model = Whisper(dimensions(vocabulary.size))
    nn.init.normal_(model.decoder.token_embedding.weight, std=0.05)
    nn.init.normal_(model.decoder.positional_embedding, std=0.05)
    shifts = ((-2, 0, 2, 5), (-5, -1, 1, 9), (-9, -3, 3, 0))
    for block, row in zip(model.encoder.blocks, shifts, strict=False):
        look_around(block.attn, row[:HEADS])
    return model


@torch.no_grad()
def look_around(attention: nn.Module, shifts: tuple[int, ...], scale: float = 1.2) -> None:
    """Each head's query is the fastest sinusoids of the position moved by its shift, its key the same unmoved."""
    size = WIDTH // HEADS
    pairs = size // 2
    step = math.log(10_000) / (WIDTH // 2 - 1)
    speeds = torch.exp(-step * torch.arange(pairs))
    for head, shift in enumerate(shifts):
        query, key = torch.zeros(size, WIDTH), torch.zeros(size, WIDTH)
        at = torch.arange(pairs)
        cosine, sine = torch.cos(shift * speeds), torch.sin(shift * speeds)
        query[at, at], query[at, WIDTH // 2 + at] = cosine, sine
        query[pairs + at, at], query[pairs + at, WIDTH // 2 + at] = -sine, cosine
        key[at, at], key[pairs + at, WIDTH // 2 + at] = 1.0, 1.0
        rows = slice(head * size, (head + 1) * size)
        attention.query.weight[rows] = scale * query + 0.02 * torch.randn(size, WIDTH)
        attention.key.weight[rows] = scale * key + 0.02 * torch.randn(size, WIDTH)
    attention.query.bias.zero_()


def encode(encoder: AudioEncoder, mel: Tensor) -> Tensor:
    """As the stock encoder, for windows shorter than 30 s: the first positions are used."""
    x = functional.gelu(encoder.conv1(mel))
    x = functional.gelu(encoder.conv2(x)).permute(0, 2, 1)
    x = x + encoder.positional_embedding[: x.shape[1]]
    for block in encoder.blocks:
        x = block(x)
    return encoder.ln_post(x)


def save(model: Whisper, vocabulary: Vocabulary, path: Path) -> None:
    """A stock checkpoint: unused rows equal the shared one, so the deflated file is small; torch reads it as it is."""
    state = {name: value.detach().half() for name, value in model.state_dict().items()}
    rows = state["decoder.token_embedding.weight"]
    full = rows[-1].expand(N_VOCAB, -1).clone()
    full[torch.from_numpy(vocabulary.used)] = rows[:-1]
    state["decoder.token_embedding.weight"] = full
    state["decoder.positional_embedding"][TRAINED_TEXT:] = 0
    plain, deflated = path.with_suffix(".plain"), path.with_suffix(".part")
    torch.save({"dims": asdict(dimensions(N_VOCAB)), "model_state_dict": state}, plain)
    with zipfile.ZipFile(plain) as source, zipfile.ZipFile(deflated, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as out:
        for entry in source.infolist():
            member = zipfile.ZipInfo(entry.filename, (1980, 1, 1, 0, 0, 0))
            out.writestr(member, source.read(entry), zipfile.ZIP_DEFLATED, 9)
    plain.unlink()
    deflated.rename(path)


def load(path: Path, vocabulary: Vocabulary) -> Whisper:
    """The other way, to train on."""
    checkpoint = torch.load(path, weights_only=True)
    state = {name: value.float() for name, value in checkpoint["model_state_dict"].items()}
    full = state["decoder.token_embedding.weight"]
    spare = next(index for index in range(N_VOCAB) if index not in set(vocabulary.used.tolist()))
    state["decoder.token_embedding.weight"] = torch.cat(
        [full[torch.from_numpy(vocabulary.used)], full[spare : spare + 1]]
    )
    model = Whisper(dimensions(vocabulary.size))
    model.load_state_dict(state)
    return model
