"""A recording's container: opened, its sound found, and how long it promises to be."""

from typing import cast

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Discard, Disposition

from fastapi_service.recordings import refusal
from fastapi_service.recordings.formats import BEGINNINGS, DECODERS, MP4, OPTIONS
from fastapi_service.recordings.refusal import BadRecording
from fastapi_service.recordings.source import Source

AV_ERRORS = (av.FFmpegError, ValueError)
"""PyAV has ValueError for what its own types do not know."""
_BUFFER_BYTES = 1 << 16
_GUESSED = {"aac", "ac3", "amr", "asf", "avi", "eac3", "mpeg", "mpegts", "ogg", "w64"}
"""Containers whose length FFmpeg takes from the file's size, or from the last bytes that are there."""


def open_container(source: Source) -> InputContainer:
    """Raises BadRecording, and what reading the file raised."""
    if not source.size:
        raise BadRecording(refusal.EMPTY)
    if MP4.match(source.head) and not source.has_index():
        raise BadRecording(refusal.INCOMPLETE)
    try:
        return av.open(source, "r", container_options=OPTIONS, metadata_errors="ignore", buffer_size=_BUFFER_BYTES)
    except AV_ERRORS as error:
        known = BEGINNINGS.match(source.head)
        raise source.failure or BadRecording(refusal.CORRUPT if known else refusal.NOT_AUDIO) from error


def sound_stream(container: InputContainer) -> AudioStream:
    """The sound that is heard: of the streams that can be decoded the one marked as default, else the first."""
    streams = container.streams.audio
    if not container.streams:
        raise BadRecording(refusal.CORRUPT)
    if not streams:
        raise BadRecording(refusal.NO_AUDIO, found="video" if container.streams.video else "something else")
    readable = [stream for stream in streams if codec(stream) in DECODERS]
    if not readable:
        raise BadRecording(refusal.UNSUPPORTED_CODEC, codec=codec(streams[0]) or "something unknown")
    chosen = next((stream for stream in readable if stream.disposition & Disposition.default), readable[0])
    for stream in container.streams:
        if stream is not chosen:
            stream.discard = Discard.all
    return chosen


def codec(stream: AudioStream) -> str:
    """FFmpeg's name of the decoder, empty if it has none."""
    context = cast(object, stream.codec_context)  # PyAV's types leave out that it may be None
    return stream.codec_context.codec.name if context is not None else ""


def promised_seconds(container: InputContainer, stream: AudioStream, source: Source) -> float | None:
    """How long the sound must be by the container's header; None if that says nothing reliable."""
    name, length = container.format.name, container.duration
    if name in _GUESSED or (name == "mp3" and not source.counts_frames()):
        return None
    if stream.duration and stream.time_base:
        seconds = float(stream.duration * stream.time_base)
        # the sample count in a WAV's header may be a placeholder
        return min(seconds, source.size * 8 / stream.bit_rate) if name == "wav" and stream.bit_rate else seconds
    return length / av.time_base if length and len(container.streams) == 1 else None
