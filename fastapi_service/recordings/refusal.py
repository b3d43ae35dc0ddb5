"""Every way in which a recording cannot be read, in one table: its code and what is said about it.

`docs/recordings-formats.md` quotes this table. What is wrong but leaves something to hear is a
`Note`, not a refusal.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Reason:
    """`message` says what is wrong and what to do; its fields in braces are filled in."""

    code: str
    message: str


@dataclass(frozen=True)
class Note:
    """Something was wrong at `second`, yet the rest was read: `truncated`, `damaged` or `gap`."""

    code: str
    message: str
    second: float


class BadRecording(Exception):
    """The recording cannot be read; trying again would not help. `str()` is the message for whoever sent it."""

    def __init__(self, reason: Reason, **facts: object) -> None:
        self.code = reason.code
        super().__init__(reason.message.format(**facts))


EMPTY = Reason("empty", "The file is empty (0 bytes). Choose the recording again, or record it anew.")
NOT_AUDIO = Reason(
    "not_audio",
    "The file is not a recording in a known format. Send WAV, FLAC, MP3, M4A/MP4, OGG, WebM or another common "
    "sound or video file.",
)
NO_AUDIO = Reason(
    "no_audio", "The file has no sound in it, only {found}. Send the recording with its sound, or the sound alone."
)
UNSUPPORTED_CODEC = Reason(
    "unsupported_codec",
    "The sound is coded as {codec}, which cannot be read here. Convert it to WAV, FLAC, MP3, AAC or Opus.",
)
UNSUPPORTED_SOUND = Reason(
    "unsupported_sound",
    "The file says that its sound has {channels} channels at {rate} Hz. Convert it to at most {most} "
    "channels at {least_rate} to {most_rate} Hz.",
)
INCOMPLETE = Reason(
    "incomplete",
    "The file is an MP4 or M4A without its index, which is written last: recording or copying it ended early. "
    "Send the whole file, or repair this one.",
)
CORRUPT = Reason(
    "corrupt",
    "The file looks like a recording, but nothing in it can be decoded: it is damaged or protected against "
    "copying. Send another copy, or convert it to WAV, FLAC or MP3.",
)
NO_SAMPLES = Reason("no_samples", "The recording is 0 seconds long: there is no sound in it. Record it anew.")
TOO_LONG = Reason(
    "too_long",
    "The recording is longer than the {hours} hours that are allowed. "
    "Cut it into shorter parts and send them one by one.",
)

REASONS = (
    EMPTY,
    NOT_AUDIO,
    NO_AUDIO,
    UNSUPPORTED_CODEC,
    UNSUPPORTED_SOUND,
    INCOMPLETE,
    CORRUPT,
    NO_SAMPLES,
    TOO_LONG,
)


def truncated(second: float, promised: float | None) -> Note:
    of = "" if promised is None else f" of {promised:.1f} s"
    message = f"The file was cut off: its sound ends at {second:.1f} s{of}. What is there was read."
    return Note("truncated", message, second)


def damaged(second: float, places: int) -> Note:
    return Note("damaged", f"The file is damaged {_where(second, places)}; the rest was read.", second)


def gap(second: float, places: int) -> Note:
    return Note("gap", f"Sound is missing {_where(second, places)}; silence was put there.", second)


def _where(second: float, places: int) -> str:
    return f"at {second:.1f} s" if places == 1 else f"at {places} places, first at {second:.1f} s"
