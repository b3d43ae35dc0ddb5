import io

import numpy as np
import pytest

from contracts.audio import SAMPLE_RATE
from fastapi_service.recordings.decode import Sound, decode
from fastapi_service.recordings.formats import CONTAINERS, DECODERS
from fastapi_service.recordings.refusal import BadRecording, Reason
from fastapi_service.resample import Resampler
from tests.unit.fastapi_service.recordings.files import (
    MADE,
    SECONDS,
    at,
    decoded,
    encode,
    likeness,
    made,
    notes,
    sound_file,
    speech,
    video,
)

EXACT = ("wav, 16 bit", "wav, 24 bit", "wav, 24 bit extensible", "wav, 32 bit", "wav, float32", "wav, float64")
UNMARKED = {"mp3, without tags": 65, "m4a": 45, "m4a, index in front": 45, "mp4, in fragments": 45, "aac": 45}
UNMARKED |= {"mpeg-ts": 45, "video": 50, "amr": 25, "ac3, 5.1": 20, "wav, ADPCM": 45}
"""Milliseconds of padding that the encoder put around the sound without saying so."""
ROUGH = {"amr": 0.75}


@pytest.mark.parametrize("kind", MADE)
def test_every_format_gives_what_was_said_and_nothing_else(kind: str) -> None:
    heard = decoded(made(kind))
    assert heard.dtype == np.float32
    longer_ms = (len(heard) / SAMPLE_RATE - SECONDS) * 1000
    assert -0.1 <= longer_ms <= UNMARKED.get(kind, 0.1)
    later_ms, same = likeness(heard, speech())
    assert 0 <= later_ms <= UNMARKED.get(kind, 0)
    assert same > ROUGH.get(kind, 0.96)
    assert notes(made(kind)) == []


@pytest.mark.parametrize("kind", EXACT)
def test_16_khz_is_not_touched(kind: str) -> None:
    original = speech() if "float" in kind else np.round(speech() * 32768) / 32768
    assert np.abs(decoded(made(kind)) - original).max() <= 1 / 65536


@pytest.mark.parametrize("rate", [8_000, 44_100, 48_000])
def test_a_file_sounds_as_the_same_samples_do_live(rate: int) -> None:
    live = Resampler(rate)
    expected = np.concatenate([live.feed(at(rate)), live.finish()])
    heard = decoded(encode("wav", "pcm_f32le", at(rate), rate))
    assert len(heard) == len(expected)
    assert np.abs(heard - expected).max() < 1e-4


@pytest.mark.parametrize(
    "kind, sound",
    [
        ("wav, mu-law telephone", Sound("WAV", "pcm_mulaw", 2.0, 8_000, 1)),
        ("flac", Sound("FLAC", "flac", 2.0, 44_100, 2)),
        ("mp3", Sound("MP3", "mp3", 2.0, 44_100, 1)),
        ("ac3, 5.1", Sound("AC-3", "ac3", 2.016, 48_000, 6)),
        ("webm, of a browser", Sound("WebM", "opus", None, 48_000, 1)),
        ("video", Sound("MP4", "aac", 2.048, 16_000, 1)),
    ],
)
def test_the_beginning_tells_what_it_is(kind: str, sound: Sound) -> None:
    assert decode(io.BytesIO(made(kind))).sound == sound


def test_it_comes_a_second_at_a_time_and_tells_how_far_it_is() -> None:
    samples = np.tile(speech(), 4)
    decoding = decode(io.BytesIO(encode("flac", "flac", samples, 16_000)))
    reached = [(len(block), decoding.position) for block in decoding]
    assert reached == [(SAMPLE_RATE, float(second)) for second in range(1, 9)]


def test_only_what_is_decoded_next_is_read() -> None:
    """Of an hour (115 MB) the first seconds read the first pieces: memory does not grow with the file."""
    second = np.zeros(SAMPLE_RATE, "<i2").tobytes()
    hour = encode("wav", "pcm_s16le", speech(), 16_000, pipe=True)[:78] + second * 3600
    file = io.BytesIO(hour)
    blocks = iter(decode(file))
    for _ in range(3):
        next(blocks)
    assert file.tell() < 1_000_000


@pytest.mark.parametrize("kind", ["wav, 16 bit", "mp3", "ogg, Opus"])
def test_the_storage_may_give_less_than_was_asked_for(kind: str) -> None:
    class Slow(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            return super().read(min(size or 0, 777))

    assert np.array_equal(np.concatenate(list(decode(Slow(made(kind))))), decoded(made(kind)))


def test_sound_that_begins_after_the_picture_stays_in_its_place() -> None:
    heard = decoded(video(sound=True, begins=1.5))
    assert likeness(heard, speech())[0] == pytest.approx(1500, abs=1)
    assert not heard[: SAMPLE_RATE + 4000].any()


def test_what_cannot_be_decoded_in_the_middle_leaves_a_pause_of_its_length() -> None:
    """FLAC frames say their time, so that what follows stays in its place."""
    whole = encode("flac", "flac", np.tile(speech(), 3), 16_000)
    spoilt = bytearray(whole)
    spoilt[len(whole) * 4 // 10 : len(whole) * 5 // 10] = bytes(len(whole) // 10)
    ((code, second),) = notes(bytes(spoilt))
    assert code == "gap" and 2.0 < second < 3.0
    heard = decoded(bytes(spoilt))
    assert len(heard) == 6 * SAMPLE_RATE
    assert np.array_equal(heard[-2 * SAMPLE_RATE :], decoded(whole)[-2 * SAMPLE_RATE :])


def test_of_several_sounds_the_default_one_is_heard() -> None:
    """Both are in the file from its beginning; the second is marked."""
    import av
    from av.stream import Disposition

    target = io.BytesIO()
    with av.open(target, "w", format="matroska") as file:
        for loud, disposition in ((0.0, Disposition(0)), (0.5, Disposition.default)):
            stream = file.add_stream("pcm_s16le", rate=16_000, layout="mono")
            stream.disposition = disposition
            stream.metadata["title"] = str(loud)
        for stream, loud in zip(file.streams.audio, (0.0, 0.5), strict=True):
            frame = av.AudioFrame.from_ndarray(np.full((1, 16_000), round(loud * 32768), np.int16), layout="mono")
            frame.sample_rate = 16_000
            file.mux(stream.encode(frame))
            file.mux(stream.encode(None))
    assert decoded(target.getvalue()).mean() == pytest.approx(0.5, abs=1e-3)


def test_a_wrong_name_does_not_matter() -> None:
    class Named(io.BytesIO):
        name = "speech.wav"

    heard = np.concatenate(list(decode(Named(made("mp3")))))
    assert np.array_equal(heard, decoded(made("mp3")))


def test_what_the_storage_raises_is_not_blamed_on_the_recording() -> None:
    class Away(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if self.tell() > 30_000:
                raise ConnectionError("the bucket is away")
            return super().read(min(size or 0, 10_000))

    for kind in ("wav, 16 bit", "flac", "m4a", "ogg, Opus"):
        with pytest.raises(ConnectionError, match="the bucket is away"):
            list(decode(Away(made(kind) * 2)))


def test_every_name_is_one_that_this_ffmpeg_knows() -> None:
    import av

    assert set(DECODERS) <= av.codecs_available
    known = {name for name in av.formats_available if av.ContainerFormat(name).is_input}
    assert set(CONTAINERS) - {"matroska,webm", "mov,mp4,m4a,3gp,3g2,mj2"} <= known


def test_a_refusal_is_filled_in() -> None:
    error = BadRecording(Reason("too_much", "No more than {most}."), most=3)
    assert (error.code, str(error)) == ("too_much", "No more than 3.")
    assert sound_file and encode
