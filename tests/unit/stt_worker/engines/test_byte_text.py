"""Byte-level tokens as text and back."""

from stt_worker.engines import byte_text


def test_every_byte_survives() -> None:
    every = bytes(range(256))
    text = byte_text.to_text(every)
    assert len(set(text)) == 256 and " " not in text and "\n" not in text


def test_join_leaves_out_special_tokens_and_puts_bytes_together() -> None:
    korean = " 안녕".encode()
    tokens = ["<|0.00|>", byte_text.to_text(korean[:2]), byte_text.to_text(korean[2:]), "<|1.00|>"]
    assert byte_text.join(tokens) == "안녕"


def test_join_shows_what_was_cut_short() -> None:
    assert byte_text.join([byte_text.to_text("안".encode()[:2])]) == "\N{REPLACEMENT CHARACTER}"
