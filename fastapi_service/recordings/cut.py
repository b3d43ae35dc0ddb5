"""Where the speech of a recording is: cut by the same detector and the same rules as live speech, so that the
same samples give the same pieces. Holds no audio but one frame.
"""

from collections.abc import Iterable, Iterator

import numpy as np

from contracts.audio import Samples
from fastapi_service.live.conversation import VoiceDetector
from fastapi_service.live.rules import DEFAULT, FRAME, Rules
from fastapi_service.live.segmenter import Cut, Segmenter
from fastapi_service.live.stretch import Frame
from fastapi_service.recordings.job import Chunk


def cut(blocks: Iterable[Samples], detector: VoiceDetector, rules: Rules = DEFAULT) -> Iterator[Chunk]:
    """`blocks` are float32[n] at 16 kHz, any n, taken one at a time; a chunk comes as soon as its end is
    known. They are in order and do not overlap; what lies between them is silence."""
    segmenter = Segmenter(rules)
    for frame in _frames(blocks, detector):
        yield from _chunk(segmenter.push(frame))
    yield from _chunk(segmenter.flush())


def _frames(blocks: Iterable[Samples], detector: VoiceDetector) -> Iterator[Frame]:
    """As `Conversation.hear` and `stop` judge them: clipped, the last one padded with zeros."""
    heard = 0
    filled = 0
    buffer = np.zeros(FRAME, np.float32)
    for block in blocks:
        for part in _parts(block, FRAME - filled):
            np.clip(part, -1.0, 1.0, out=buffer[filled : filled + len(part)])
            filled = (filled + len(part)) % FRAME
            heard += len(part)
            if not filled:
                yield _judged(buffer, heard - FRAME, heard, detector)
    if filled:
        buffer[filled:] = 0.0
        yield _judged(buffer, heard - filled, heard, detector)


def _parts(block: Samples, first: int) -> Iterator[Samples]:
    """What completes a frame begun, whole frames, and the rest."""
    if len(block):
        yield block[:first]
    for start in range(first, len(block), FRAME):
        yield block[start : start + FRAME]


def _judged(samples: Samples, start: int, end: int, detector: VoiceDetector) -> Frame:
    return Frame(start, end, detector.probability(samples), float(np.dot(samples, samples)))


def _chunk(found: Cut | None) -> Iterator[Chunk]:
    """A cut that is not kept is too short or too quiet to be speech."""
    if found is not None and found.kept:
        yield Chunk(found.start, found.end, found.voiced)
