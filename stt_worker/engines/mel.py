"""The log-mel spectrogram of the audio alone, continued with what silence looks like.

Stock `transcribe` appends 30 s of zeros and transforms them all; the columns of zeros are one
constant, so it is enough to know it. The values are those of the stock function.
"""

import torch
from torch import Tensor
from whisper.audio import HOP_LENGTH, N_FFT, log_mel_spectrogram


def log_mel(samples: Tensor, n_mels: int, frames: int) -> Tensor:
    """float32[n] -> float32[n_mels, frames], where `frames` (10 ms each) reach past the audio.

    The padding is long enough that the last column heard is one of nothing but zeros."""
    samples = samples[: frames * HOP_LENGTH]
    heard = log_mel_spectrogram(samples, n_mels, padding=2 * N_FFT)[:, :frames]
    quiet = torch.full((n_mels, frames - heard.shape[1]), float(heard.min()), device=heard.device)
    return torch.cat([heard, quiet], dim=1)
