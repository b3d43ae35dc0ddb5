"""The text form of byte-level tokens in GPT-2 vocabularies: each byte is one printable character.

Printable Latin-1 characters stand for themselves, the other bytes for the characters from U+0100
on, in order. Pure.
"""

import re

_PRINTABLE = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
_OTHERS = [byte for byte in range(256) if byte not in _PRINTABLE]
_TO_CHARACTER = {byte: chr(byte) for byte in _PRINTABLE} | {byte: chr(0x100 + i) for i, byte in enumerate(_OTHERS)}
_TO_BYTE = {character: byte for byte, character in _TO_CHARACTER.items()}
SPECIAL = re.compile(r"<\|[^|]*\|>")


def to_text(token: bytes) -> str:
    return "".join(_TO_CHARACTER[byte] for byte in token)


def to_bytes(token: str) -> bytes:
    return bytes(_TO_BYTE[character] for character in token)


def join(tokens: list[str]) -> str:
    """Tokens as a vocabulary spells them -> the words, without special tokens. Broken UTF-8 (a text
    that was cut short) shows as U+FFFD, as the stock tokenizer shows it."""
    data = b"".join(to_bytes(token) for token in tokens if not SPECIAL.fullmatch(token))
    return data.decode("utf-8", "replace").strip()
