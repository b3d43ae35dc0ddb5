import io
import random
import struct
import zipfile

import numpy as np
import pytest

from fastapi_service.recordings.decode import decode
from fastapi_service.recordings.refusal import BadRecording
from fastapi_service.recordings.rules import DecodeRules
from tests.unit.fastapi_service.recordings.files import decoded, made, notes, refusal, video


def wav(samples: bytes, tag: int = 1, channels: int = 1, rate: int = 16_000, bits: int = 16) -> bytes:
    """With these numbers in its header, whatever they are worth."""
    align = max(1, channels * bits // 8) & 0xFFFF
    fmt = struct.pack("<HHIIHH", tag, channels, rate, rate * align & 0xFFFFFFFF, align, bits)
    chunks = b"fmt " + struct.pack("<I", len(fmt)) + fmt + b"data" + struct.pack("<I", len(samples)) + samples
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


def promising(size: int) -> bytes:
    """A WAV whose writer put this for the sizes that it could not know."""
    data = bytearray(wav(bytes(64_000)))
    struct.pack_into("<I", data, 4, size)
    struct.pack_into("<I", data, 40, size)
    return bytes(data)


def zipped() -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("speech.wav", made("wav, 16 bit"))
    return target.getvalue()


def picture() -> bytes:
    import av

    encoder = av.CodecContext.create("png", "w")
    encoder.width, encoder.height, encoder.pix_fmt = 64, 48, "rgb24"
    encoder.time_base = 1
    (packet,) = encoder.encode(av.VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8)))
    return bytes(packet)


NOT_AUDIO = {
    "text": b"Dear all, here is what was said.\n" * 100,
    "one byte": b"a",
    "html": b"<!doctype html><html><body><h1>404</h1></body></html>",
    "json": b'{"error": {"code": "not_found"}}',
    "pdf": b"%PDF-1.7\n" + random.Random(1).randbytes(20_000),
    "zip": zipped(),
    "picture": picture(),
    "zeros": bytes(50_000),
    "subtitles": b"1\n00:00:00,000 --> 00:00:02,000\nHello\n",
    "hls playlist": b"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:9,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n",
    "concat list": b"ffconcat version 1.0\nfile /etc/passwd\n",
    "dash manifest": b'<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"></MPD>',
    "sdp": b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 5004 RTP/AVP 0\n",
}


@pytest.mark.parametrize("kind", NOT_AUDIO)
def test_what_is_not_a_recording_is_named_so(kind: str) -> None:
    code, message = refusal(NOT_AUDIO[kind])
    assert code == "not_audio"
    assert "Send WAV, FLAC, MP3" in message


@pytest.mark.parametrize("seed", range(20))
def test_random_bytes_are_not_a_recording(seed: int) -> None:
    noise = random.Random(seed)
    assert refusal(noise.randbytes(noise.choice([100, 5_000, 100_000])))[0] == "not_audio"


def test_an_empty_file() -> None:
    assert refusal(b"") == ("empty", "The file is empty (0 bytes). Choose the recording again, or record it anew.")


def test_a_silent_video() -> None:
    code, message = refusal(video(sound=False))
    assert code == "no_audio" and "no sound in it, only video" in message


@pytest.mark.parametrize("tag, name", [(0x2001, "dca"), (0x1234, "something unknown")])
def test_a_codec_that_is_not_read(tag: int, name: str) -> None:
    code, message = refusal(wav(bytes(64_000), tag))
    assert code == "unsupported_codec" and f"coded as {name}, " in message


@pytest.mark.parametrize(
    "numbers, said", [({"rate": 1}, "1 channels at 1 Hz"), ({"channels": 64}, "64 channels at 16000 Hz")]
)
def test_sound_beyond_all_measure(numbers: dict[str, int], said: str) -> None:
    code, message = refusal(wav(bytes(64_000), **numbers))
    assert code == "unsupported_sound" and said in message and "at most 32 channels at 4000 to 384000 Hz" in message


@pytest.mark.parametrize("length", [0.3, 0.6, 0.97])
def test_an_mp4_without_its_index(length: float) -> None:
    whole = made("m4a")
    code, message = refusal(whole[: int(len(whole) * length)])
    assert code == "incomplete" and "ended early" in message


def protected() -> bytes:
    """An M4A whose sound is anything, as an encrypted one's is."""
    data = bytearray(made("m4a"))
    start = data.index(b"mdat") + 4
    end = data.index(b"moov") - 4
    data[start:end] = random.Random(3).randbytes(end - start)
    return bytes(data)


CORRUPT = {
    "flac without frames": made("flac")[:8192][:42] + random.Random(2).randbytes(5000),
    "wav without a format": made("wav, 16 bit")[:20] + random.Random(2).randbytes(5000),
    "ogg of noise": b"OggS" + random.Random(2).randbytes(5000),
    "webm of noise": made("webm")[:40] + random.Random(2).randbytes(5000),
    "mp4 with a spoilt index": made("m4a").replace(b"trak", b"xxxx"),
    "protected": protected(),
}


@pytest.mark.parametrize("kind", CORRUPT)
def test_nothing_in_it_can_be_decoded(kind: str) -> None:
    code, message = refusal(CORRUPT[kind])
    assert code == "corrupt" and "Send another copy" in message


def empty_flac() -> bytes:
    """A stream information (RFC 9639, section 8.2) that counts 0 samples, and no frame."""
    information = bytearray(made("flac")[8:42])
    information[13] &= 0xF0
    information[14:18] = bytes(4)
    return b"fLaC\x80\x00\x00\x22" + bytes(information)


@pytest.mark.parametrize("data", [wav(b""), empty_flac()], ids=["wav", "flac"])
def test_a_recording_of_0_seconds(data: bytes) -> None:
    code, message = refusal(data)
    assert code == "no_samples" and "0 seconds long" in message


def test_silence_is_no_error() -> None:
    assert not decoded(wav(bytes(64_000))).any()


@pytest.mark.parametrize("kind", ["wav, 16 bit", "flac", "mp3", "m4a", "webm"])
def test_too_long_by_its_header_is_refused_before_it_is_decoded(kind: str) -> None:
    with pytest.raises(BadRecording, match="longer than the 0.0005 hours that are allowed") as refused:
        decode(io.BytesIO(made(kind)), DecodeRules(most_hours=0.0005))
    assert refused.value.code == "too_long"


@pytest.mark.parametrize("kind", ["mp3, without tags", "aac", "ogg, Opus", "webm, of a browser"])
def test_too_long_is_met_on_the_way(kind: str) -> None:
    decoding = decode(io.BytesIO(made(kind)), DecodeRules(most_hours=0.0005))
    with pytest.raises(BadRecording) as refused:
        list(decoding)
    assert refused.value.code == "too_long"
    assert decoding.position <= 1.8


TOLD = [
    *("wav, 8 bit", "wav, 16 bit", "wav, 24 bit", "wav, float32", "wav, mu-law telephone", "wav, ADPCM", "aiff"),
    *("flac", "mp3", "mp3, variable rate", "m4a, index in front", "mp4, in fragments", "aac", "ogg, Opus"),
    *("ogg, Vorbis", "webm", "amr"),
]


@pytest.mark.parametrize("kind", TOLD)
def test_of_a_truncated_file_the_beginning_is_decoded_and_the_end_is_told(kind: str) -> None:
    part = made(kind)[: len(made(kind)) * 7 // 10]
    decoding = decode(io.BytesIO(part))
    heard = np.concatenate(list(decoding))
    (note,) = decoding.notes
    assert note.code == "truncated"
    assert note.second == pytest.approx(len(heard) / 16_000, abs=0.01)
    assert f"its sound ends at {note.second:.1f} s" in note.message
    assert 0.8 < note.second < 1.6
    whole = decoded(made(kind))
    assert np.abs(heard[:8000] - whole[:8000]).max() < 1e-6


@pytest.mark.parametrize("kind", ["mp3, without tags", "webm, of a browser"])
def test_formats_that_do_not_tell_how_long_they_are_end_where_they_end(kind: str) -> None:
    part = made(kind)[: len(made(kind)) * 7 // 10]
    assert notes(part) == []
    assert len(decoded(part)) > 16_000


@pytest.mark.parametrize("size", [0, 0xFFFFFFFF, 0x7FFFFFFF, 0x7FFFF000, 0xFFFFFF00, 0x80000024])
def test_placeholders_in_a_header_are_no_promise(size: int) -> None:
    assert notes(promising(size)) == []
    assert len(decoded(promising(size))) == 32_000


@pytest.mark.parametrize("kind", ["mp3", "aac", "m4a"])
def test_damage_in_the_middle_is_told_and_the_rest_decoded(kind: str) -> None:
    spoilt = bytearray(made(kind))
    middle = len(spoilt) // 2
    noise = random.Random(5)
    for place in range(middle, middle + 1500):
        spoilt[place] = noise.randrange(256)
    told = notes(bytes(spoilt))
    assert told and told[0][0] in ("damaged", "gap")
    assert 0.5 < told[0][1] < 1.6
    assert len(decoded(bytes(spoilt))) == pytest.approx(len(decoded(made(kind))), abs=5000)
