"""Tells from its first bytes what a model file is, so that a wrong one gets a sentence, not a
traceback. torch is imported only to read one."""

import pickle
from pathlib import Path
from typing import Any

from stt_worker.loading import ModelError

KEYS = ("dims", "model_state_dict")


def kind(head: bytes) -> str:
    """`head` is the start of a file, some 64 bytes."""
    if not head:
        return "empty"
    if head.startswith(b"PK\x03\x04"):
        return "torch"
    if head.startswith(b"\x80\x02"):
        return "torch"
    if head.startswith(b"version https://git-lfs"):
        return "git-lfs"
    if head[:4] in (b"GGUF", b"lmgg", b"ggml", b"tjgg"):
        return "ggml"
    if len(head) > 9 and head[8:9] == b"{" and int.from_bytes(head[:8], "little") < 100_000_000:
        return "safetensors"
    if head.lstrip()[:1] in (b"<", b"{"):
        return "text"
    return "unknown"


WRONG_KIND = {
    "empty": "the file is empty; download it again",
    "git-lfs": "it is a Git LFS pointer, not the model; run: git lfs pull",
    "ggml": "it is a whisper.cpp model; use the .pt checkpoint of openai-whisper",
    "safetensors": "it is a safetensors file (Hugging Face format); use the .pt checkpoint of openai-whisper",
    "text": "it is a text file; perhaps the download saved an error page",
    "unknown": "it is no checkpoint, or it is damaged; download it again",
}


def check_file(path: Path) -> None:
    """Raise ModelError unless `path` looks like an openai-whisper checkpoint."""
    if path.is_dir():
        raise ModelError(
            f"{path} is a directory; openai-whisper takes one .pt file (a CTranslate2 directory is for faster-whisper)"
        )
    try:
        with path.open("rb") as file:
            head = file.read(64)
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}") from None
    found = kind(head)
    if found != "torch":
        raise ModelError(f"{path} is not a Whisper checkpoint: {WRONG_KIND[found]}")


def check_content(path: Path, content: object) -> None:
    """Raise ModelError unless the loaded file is a dict with the keys of a Whisper checkpoint."""
    missing = [key for key in KEYS if not (isinstance(content, dict) and key in content)]
    if missing:
        raise ModelError(
            f"{path} is a torch file of another kind: it holds no {' and no '.join(missing)}, "
            "as an openai-whisper checkpoint does"
        )


def read(path: Path) -> dict[str, Any]:
    """The content of an openai-whisper checkpoint. Raises ModelError."""
    import torch

    check_file(path)
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except (RuntimeError, OSError, EOFError, pickle.UnpicklingError, ValueError, KeyError, AttributeError) as error:
        raise ModelError(f"{path} is damaged ({first_line(error)}); download it again") from None
    check_content(path, content)
    return content  # type: ignore[no-any-return]  # checked above


def first_line(error: BaseException) -> str:
    """A library's error without its pages of advice."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
