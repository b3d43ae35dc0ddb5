"""A file's kind from its first bytes, and the sentence for each wrong one."""

from pathlib import Path

import pytest

from stt_worker import checkpoint
from stt_worker.loading import ModelError


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"PK\x03\x04rest", "torch"),
        (b"\x80\x02}q", "torch"),
        (b"", "empty"),
        (b"version https://git-lfs.github.com/spec/v1\noid", "git-lfs"),
        (b"lmgg\x01\x00", "ggml"),
        ((200).to_bytes(8, "little") + b'{"__metadata__":', "safetensors"),
        (b"<!doctype html>", "text"),
        (b"\x00" * 64, "unknown"),
    ],
)
def test_kind(head: bytes, kind: str) -> None:
    assert checkpoint.kind(head) == kind


@pytest.mark.parametrize("head", [b"", b"<html>", b"\x00" * 64, (9).to_bytes(8, "little") + b'{"a":1}  '])
def test_a_wrong_file_gets_a_sentence(tmp_path: Path, head: bytes) -> None:
    path = tmp_path / "model.pt"
    path.write_bytes(head)
    with pytest.raises(ModelError, match="model.pt is not a Whisper checkpoint: "):
        checkpoint.check_file(path)


def test_a_directory_gets_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="is a directory; openai-whisper takes one .pt file"):
        checkpoint.check_file(tmp_path)


def test_content_of_another_kind(tmp_path: Path) -> None:
    checkpoint.check_content(tmp_path, {"dims": {}, "model_state_dict": {}})
    with pytest.raises(ModelError, match="holds no dims and no model_state_dict"):
        checkpoint.check_content(tmp_path, {"weights": {}})
    with pytest.raises(ModelError, match="of another kind"):
        checkpoint.check_content(tmp_path, [1, 2])
