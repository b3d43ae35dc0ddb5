"""The dead letters: utterances that were given up, kept for a day with all that is known of them.

`replay` puts one back where it was given up, as if it had just been accepted; the sweeper sends it.
Its result then comes after its error, with a `seq` of its own, in the page and in the log.
"""

from dataclasses import dataclass
from typing import Any

import redis

from contracts import codec, keys, ledger
from contracts.job_messages import PrepareTask
from contracts.messages import TranscribeTask, Transcript
from contracts.names import ANALYZER_STAGE, DEAD_LETTERS_STREAM, PREPARE_STAGE, STT_STAGE
from contracts.routing import is_recording

BYTES_PER_SECOND = 2 * 16_000
"""Of s16le mono 16 kHz. (`contracts.audio` says so too, but needs numpy.)"""

REPLAYED, UNKNOWN, OPEN, NO_AUDIO, UNREADABLE = "replayed", "unknown", "open", "no audio", "unreadable"
ERASED = "erased"

REFUSED = {
    UNKNOWN: "there is no dead letter with this id (any more)",
    OPEN: "its utterance is being worked on at this moment",
    NO_AUDIO: f"its audio is gone: it is kept for {keys.DEAD_TTL_SECONDS // 3600} hours",
    ERASED: "its recording has expired or was erased; upload it again",
    UNREADABLE: "what was kept of it cannot be read by this version of the program",
}
"""Why one is not replayed."""

_REPLAY = (
    ledger.NOW
    + """
local letters, dead_audio, audio, segment, open, pending, mark, session, events, jobs = unpack(KEYS)
local id, member, number, stage, request, transcript, needs_audio, audio_ttl, ttl = unpack(ARGV)
local job = ARGV[10]
if redis.call('XLEN', letters) == 0 or #redis.call('XRANGE', letters, id, id) == 0 then return 'unknown' end
if job ~= '' and redis.call('EXISTS', session) == 0 then return 'erased' end
if redis.call('EXISTS', segment) == 1 or redis.call('ZSCORE', pending, member) then return 'open' end
local kept = redis.call('EXISTS', dead_audio) == 1
if needs_audio == '1' and not kept then return 'no audio' end
redis.call('XDEL', letters, id)
if kept then
  redis.call('RENAME', dead_audio, audio)
  redis.call('EXPIRE', audio, audio_ttl)
end
redis.call('HSET', segment, 'request', request, 'stage', stage, 'starts', 0, 'sends', 0, 'holder', '')
if transcript ~= '' then redis.call('HSET', segment, 'transcript', transcript) end
redis.call('EXPIRE', segment, audio_ttl)
redis.call('SADD', open, number)
redis.call('EXPIRE', open, ttl)
redis.call('EXPIRE', session, ttl)
redis.call('EXPIRE', events, ttl)
redis.call('DEL', mark)
redis.call('ZADD', pending, now, member)
if job ~= '' then
  redis.call('HINCRBY', session, 'failed', -1)
  redis.call('ZADD', jobs, 'XX', now, job)
end
return 'replayed'
"""
)


@dataclass(frozen=True)
class Letter:
    """`id` of its stream entry, which begins with the time in ms; `request` and `transcript` are JSON,
    empty when they were not known."""

    id: str
    session: str
    utterance: int
    stage: str
    starts: int
    reason: str
    request: bytes
    transcript: bytes

    @property
    def at(self) -> float:
        """When it was given up, in unix seconds."""
        return int(self.id.partition("-")[0]) / 1000


@dataclass(frozen=True)
class KeptAudio:
    """What is kept of a letter's audio and for how long still."""

    seconds: float
    expires_in_seconds: int


class Letters:
    """Every method raises what the redis client raises."""

    def __init__(self, client: "redis.Redis") -> None:
        self._redis = client

    def all(self) -> list[Letter]:
        """The oldest first; there are at most some DEAD_LETTERS_MAXLEN."""
        return self._between("-", "+")

    def one(self, letter_id: str) -> Letter | None:
        """Also None for an id that can be none."""
        try:
            found = self._between(letter_id, letter_id)
        except redis.ResponseError:
            return None
        return found[0] if found and found[0].id == letter_id else None

    def audio(self, letter: Letter) -> KeptAudio | None:
        key = keys.dead_audio(letter.session, letter.utterance)
        size: Any = self._redis.strlen(key)
        left: Any = self._redis.ttl(key)
        return KeptAudio(size / BYTES_PER_SECOND, left) if size else None

    def replay(self, letter: Letter) -> str:
        """REPLAYED, or what REFUSED explains."""
        stage = letter.stage or STT_STAGE
        try:
            codec.loads(letter.request, PrepareTask if stage == PREPARE_STAGE else TranscribeTask)
            if stage == ANALYZER_STAGE:
                codec.loads(letter.transcript, Transcript)
        except codec.DecodeError:
            return UNREADABLE
        session, number = letter.session, letter.utterance
        names = (
            DEAD_LETTERS_STREAM,
            keys.dead_audio(session, number),
            keys.audio(session, number),
            keys.segment(session, number),
            keys.open_utterances(session),
            keys.PENDING,
            keys.done(session, number, "result"),
            keys.session(session),
            keys.events(session),
            keys.JOBS,
        )
        arguments = (
            letter.id,
            keys.member(session, number),
            number,
            stage,
            letter.request,
            letter.transcript,
            int(stage == STT_STAGE),
            keys.AUDIO_TTL_SECONDS,
            keys.SESSION_TTL_SECONDS,
            session if is_recording(session) else "",
        )
        outcome: Any = self._redis.eval(_REPLAY, len(names), *names, *arguments)
        return str(outcome.decode() if isinstance(outcome, bytes) else outcome)

    def _between(self, first: str, last: str) -> list[Letter]:
        entries: Any = self._redis.xrange(DEAD_LETTERS_STREAM, first, last)
        return [_letter(entry_id.decode(), fields) for entry_id, fields in entries or ()]


def _letter(entry_id: str, fields: dict[bytes, bytes]) -> Letter:
    session, _, number = fields.get(b"member", b"").decode(errors="replace").rpartition(":")
    return Letter(
        entry_id,
        session,
        int(number) if number.isdecimal() else 0,
        fields.get(b"stage", b"").decode(errors="replace"),
        int(fields.get(b"starts") or 0),
        fields.get(b"reason", b"").decode(errors="replace"),
        fields.get(b"request", b""),
        fields.get(b"transcript", b""),
    )
