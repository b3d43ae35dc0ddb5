"""Files that mean harm, or were mangled: refused in words or decoded, always within bounds."""

import io
import random
import re
import struct

import av
import numpy as np
import pytest

from fastapi_service.recordings import formats
from fastapi_service.recordings.decode import decode
from fastapi_service.recordings.refusal import REASONS, BadRecording
from fastapi_service.recordings.rules import DecodeRules
from tests.unit.fastapi_service.recordings.files import at, encode, made, refusal

MANGLED = [
    *("wav, 16 bit", "wav, 24 bit extensible", "wav, mu-law telephone", "wav, ADPCM", "aiff", "flac", "mp3"),
    *("mp3, without tags", "m4a", "m4a, index in front", "mp4, in fragments", "aac", "ogg, Opus", "ogg, Vorbis"),
    *("webm, of a browser", "video", "ac3, 5.1", "amr", "mpeg-ts"),
]
WAYS = 8
TIGHT = DecodeRules(most_hours=60 / 3600)


def mangle(data: bytes, chance: random.Random) -> bytes:
    spoilt, length = bytearray(data), len(data)
    way = chance.choice(["bits", "header", "numbers", "cut", "insert", "repeat", "zeros", "part"])
    place, size = chance.randrange(length), chance.randrange(1, 3000)
    if way == "bits":
        for _ in range(chance.choice([1, 10, 200])):
            spoilt[chance.randrange(length)] ^= 1 << chance.randrange(8)
    elif way == "header":
        for _ in range(chance.choice([1, 5, 30])):
            spoilt[chance.randrange(min(length, 1000))] = chance.randrange(256)
    elif way == "numbers":
        for _ in range(5):
            place = chance.randrange(length - 4)
            spoilt[place : place + 4] = chance.choice(
                [b"\xff\xff\xff\xff", bytes(4), b"\x7f\xff\xff\xff", b"\x80\0\0\0"]
            )
    elif way == "cut":
        del spoilt[place : place + size]
    elif way == "insert":
        spoilt[place:place] = chance.randbytes(size)
    elif way == "repeat":
        spoilt[place:place] = spoilt[place : place + size]
    elif way == "zeros":
        spoilt[place : place + size] = bytes(len(spoilt[place : place + size]))
    else:
        spoilt = spoilt[chance.randrange(min(length, 300)) : place]
    return bytes(spoilt)


@pytest.mark.parametrize("kind", MANGLED)
def test_a_mangled_file_is_refused_or_decoded(kind: str) -> None:
    for seed in range(WAYS):
        spoilt = mangle(made(kind), random.Random(f"{kind} {seed}"))
        try:
            for block in decode(io.BytesIO(spoilt), TIGHT):
                assert 0 < len(block) <= 17_000
                assert np.abs(block).max() < 2.0
        except BadRecording as refused:
            assert refused.code in {reason.code for reason in REASONS}
            assert "{" not in str(refused)


@pytest.mark.parametrize("samples", [10**7, 2**31 - 1])
def test_an_index_that_claims_millions_of_samples_is_not_believed(samples: int) -> None:
    """20 bytes would else cost gigabytes."""
    data = bytearray(made("m4a"))
    sizes, chunks = data.index(b"stsz"), data.index(b"stsc")
    struct.pack_into(">II", data, sizes + 8, 1, samples)
    struct.pack_into(">IIII", data, chunks + 8, 1, 1, samples, 1)
    try:
        heard = sum(len(block) for block in decode(io.BytesIO(bytes(data)), TIGHT))
    except BadRecording:
        heard = 0
    assert heard <= 60 * 16_000


def test_a_time_beyond_the_end_does_not_become_silence() -> None:
    """Each cluster of a WebM says its time; the last one's is moved to 65 s."""
    data = bytearray(encode("webm", "libopus", at(48_000), 48_000, cluster_time_limit="500"))
    *_, last = (match.start() for match in re.finditer(rb"\x1f\x43\xb6\x75", data))
    time = data.index(b"\xe7\x82", last)
    data[time + 2 : time + 4] = b"\xff\xff"
    file = io.BytesIO(bytes(data))
    with av.open(file) as container:
        assert max(frame.time for frame in container.decode(audio=0)) > 60
    assert sum(len(block) for block in decode(io.BytesIO(bytes(data)))) == 32_000


@pytest.mark.parametrize("inner", ["file:/etc/hostname", "http://127.0.0.1:9/speech.wav", "speech.wav"])
def test_no_file_leads_to_another(inner: str) -> None:
    lists = [
        f"#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n{inner}\n#EXT-X-ENDLIST\n",
        f"ffconcat version 1.0\nfile '{inner}'\n",
        f'<?xml version="1.0"?><smil><body><audio src="{inner}"/></body></smil>',
        f"[playlist]\nFile1={inner}\nNumberOfEntries=1\n",
        f"rtsptext\nrtsp://{inner}\n",
    ]
    assert {refusal(text.encode())[0] for text in lists} == {"not_audio"}


def test_nothing_that_opens_files_by_name_or_draws_pictures_is_let_in() -> None:
    opening = {
        "hls",
        "dash",
        "concat",
        "concatf",
        "sdp",
        "rtsp",
        "rtp",
        "image2",
        "imf",
        "vobsub",
        "lavfi",
        "tty",
        "webm_dash_manifest",
    }
    assert not opening & {name for container in formats.CONTAINERS for name in container.split(",")}
    assert formats.OPTIONS["protocol_whitelist"] == "none"
    assert not {"h264", "hevc", "vp8", "vp9", "av1", "mjpeg", "png", "gif"} & formats.DECODERS
