"""PURE: signs webhooks as the Standard Webhooks specification says (github.com/standard-webhooks): HMAC-SHA256 over
`id.timestamp.body`, base64, `v1,` before it. Secrets are in no message and no repr."""

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass, field

from contracts.env import SettingError

PREFIX = "whsec_"
SHORTEST, LONGEST = 24, 64
"""Bytes of a secret, by the specification."""
HOW = 'make one with: echo "whsec_$(openssl rand -base64 32)"'


@dataclass(frozen=True)
class Secrets:
    """Every webhook is signed with each of them: that is how one is replaced by another."""

    values: tuple[bytes, ...] = field(default=(), repr=False)

    def sign(self, event: str, timestamp: int, body: bytes) -> str:
        """The header `webhook-signature`."""
        signed = f"{event}.{timestamp}.".encode() + body
        digests = (hmac.digest(value, signed, hashlib.sha256) for value in self.values)
        return " ".join(f"v1,{base64.b64encode(digest).decode()}" for digest in digests)


def read(text: str) -> Secrets:
    """From WEBHOOK_SECRET: one, or several with commas or spaces. Raises SettingError."""
    return Secrets(tuple(_value(word) for word in text.replace(",", " ").split()))


def _value(word: str) -> bytes:
    try:
        value = base64.b64decode(word.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        raise SettingError(f"WEBHOOK_SECRET is not in base64: {HOW}") from None
    if not SHORTEST <= len(value) <= LONGEST:
        raise SettingError(f"WEBHOOK_SECRET has {len(value)} bytes, not {SHORTEST} to {LONGEST}: {HOW}")
    return value
