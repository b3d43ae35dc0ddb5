"""A recording of any common format -> mono at 16 kHz, about a second at a time, by PyAV (FFmpeg).

The file is hostile until shown otherwise: `formats` says what is opened, `rules` how much is taken. What
cannot be read raises BadRecording; what can be read in part is read, and `notes` says what was wrong.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

import av
from av.audio.stream import AudioStream
from av.packet import Packet

from contracts.audio import SAMPLE_RATE, Samples
from fastapi_service.recordings import refusal
from fastapi_service.recordings.container import AV_ERRORS, open_container, promised_seconds, sound_stream
from fastapi_service.recordings.damage import Damage
from fastapi_service.recordings.formats import CONTAINERS
from fastapi_service.recordings.mono import Mono
from fastapi_service.recordings.refusal import BadRecording, Note
from fastapi_service.recordings.rules import DEFAULT, DecodeRules
from fastapi_service.recordings.source import Source


@dataclass(frozen=True)
class Sound:
    """What a file says of itself. `codec` is FFmpeg's name; `seconds` is about right, None: not known
    before it is decoded."""

    container: str
    codec: str
    seconds: float | None
    sample_rate: int
    channels: int


def decode(file: BinaryIO, rules: DecodeRules = DEFAULT) -> "Decoding":
    """`file` must be seekable and stay open. Raises BadRecording, and whatever reading the file raises."""
    return Decoding(Source(file), rules)


class Decoding:
    """Iterate once: float32[n] at 16 kHz, 0 < n <= about a second; raises as `decode` does. `position` is
    how many seconds came out by now; `notes` is complete at the end."""

    def __init__(self, source: Source, rules: DecodeRules) -> None:
        self._rules = rules
        self._source = source
        self._container = open_container(source)
        self._stream = sound_stream(self._container)
        self._promised = promised_seconds(self._container, self._stream, source)
        self._damage = Damage(rules)
        self._heard = 0.0
        self.sound = self._probe()
        self.position = 0.0
        self.notes: list[Note] = []

    def __iter__(self) -> Iterator[Samples]:
        samples = 0
        try:
            for block in self._blocks():
                samples += len(block)
                self.position = samples / SAMPLE_RATE
                if len(block):
                    yield block
            self.notes = self._judge()
        finally:
            self._container.close()

    def _judge(self) -> list[Note]:
        promised, missing = self._promised, self._source.missing()
        if missing is not None:
            promised = self._heard * (1 + missing / self._source.size)
        if self._source.ends_in_page():
            self._damage.cut_off()
        return self._damage.judge(self._heard, promised)

    def _probe(self) -> Sound:
        context, rules = self._stream.codec_context, self._rules
        rate, channels = context.sample_rate, context.channels
        if not rate or not channels:
            raise BadRecording(refusal.CORRUPT)
        if not self._fits(rate, channels):
            limits = {"most": rules.most_channels, "least_rate": rules.least_rate, "most_rate": rules.most_rate}
            raise BadRecording(refusal.UNSUPPORTED_SOUND, channels=channels, rate=rate, **limits)
        length = self._container.duration
        seconds = length / av.time_base if length else None
        if self._promised is not None and seconds is not None:
            self._check_length(min(self._promised, seconds))
        return Sound(CONTAINERS[self._container.format.name], context.codec.canonical_name, seconds, rate, channels)

    def _fits(self, rate: int, channels: int) -> bool:
        rules = self._rules
        return rules.least_rate <= rate <= rules.most_rate and 1 <= channels <= rules.most_channels

    def _check_length(self, seconds: float) -> None:
        if seconds > self._rules.most_hours * 3600:
            raise BadRecording(refusal.TOO_LONG, hours=f"{self._rules.most_hours:g}")

    def _blocks(self) -> Iterator[Samples]:
        mono = Mono()
        for packet in self._packets():
            for frame in self._frames(packet):
                gap = self._gap(frame)
                if gap:
                    self._damage.missing(self._heard)
                self._heard += gap + frame.samples / frame.sample_rate
                self._check_length(self._heard)
                yield from mono.feed(frame, gap)
        yield from mono.finish()

    def _packets(self) -> "Iterator[Packet[AudioStream]]":
        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets, None)
            except AV_ERRORS:
                self._damage.failed(self._heard)
                packet = None
            except IndexError:  # of PyAV, at the end of a file in which further streams began late
                packet = None
            if self._source.failure is not None:
                raise self._source.failure
            if packet is None:
                return
            yield packet

    def _frames(self, packet: "Packet[AudioStream]") -> list[av.AudioFrame]:
        try:
            decoded = [frame for frame in packet.decode() if frame.samples]
        except AV_ERRORS:
            self._damage.failed(self._heard)
            return []
        if not all(self._fits(frame.sample_rate, frame.layout.nb_channels) for frame in decoded):
            self._damage.failed(self._heard)
            return []
        if decoded:
            self._damage.decoded(whole=not (packet.is_corrupt and packet.size))
        return decoded

    def _gap(self, frame: av.AudioFrame) -> float:
        """Seconds of silence before the frame: so much sound is missing, or the sound began later than the
        picture. A time beyond the file's end is not believed."""
        if frame.pts is None or frame.time_base is None:
            return 0.0
        start = (self._container.start_time or 0) / av.time_base
        end = self._container.duration / av.time_base if self._container.duration else self._rules.most_hours * 3600
        at = float(frame.pts * frame.time_base) - start
        ahead = at - self._heard
        return ahead if self._rules.gap < ahead and at <= end else 0.0
