from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder_service.recordings.event_stream import LONGEST_EVENT, Event, EventStream, Overlong

SPOKEN = "é\u2028ü\u0085 \x0b.\x1e ok 한국"
SEGMENT = f'id: 3\nevent: segment\ndata: {{"text": "{SPOKEN}"}}\n\n'
TEXT = f": follow\nretry: 2000\n\n{SEGMENT}: ping\n\nid:4\ndata:a\ndata: b\n\n"
EVENTS = [Event("segment", f'{{"text": "{SPOKEN}"}}', "3"), Event("message", "a\nb", "4")]


def read(pieces: Sequence[bytes]) -> list[Event]:
    stream = EventStream()
    return [event for piece in pieces for event in stream.feed(piece)]


@given(st.sampled_from(["\n", "\r\n", "\r"]), st.lists(st.integers(0, 200), max_size=8))
def test_any_pieces_and_any_line_ends_give_the_same_events(end: str, cuts: list[int]) -> None:
    data = TEXT.replace("\n", end).encode() + b":"  # a lone CR at the very end may be the half of a CR LF
    places = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    assert read([data[a:b] for a, b in zip(places, places[1:], strict=False)]) == EVENTS


def test_a_byte_order_mark_is_no_part_of_the_first_field() -> None:
    assert read([b"\xef\xbb", b"\xbfdata: x\n\n"]) == [Event("message", "x", "")]


def test_half_an_event_is_forgotten_with_its_connection_and_the_last_id_is_not() -> None:
    stream = EventStream()
    assert stream.feed(b"id: 7\ndata: whole\n\nid: 8\nevent: x\ndata: ha") == [Event("message", "whole", "7")]
    stream.reset()
    assert stream.last_id == "7"
    assert stream.feed(b"data: next\n\n") == [Event("message", "next", "7")]


def test_what_to_wait_before_coming_back_is_kept_and_nonsense_is_not() -> None:
    stream = EventStream()
    stream.feed(b"retry: 2000\n\nretry: soon\n\nid: 5\x00\ndata: x\n\n")
    assert (stream.retry_ms, stream.last_id) == (2000, "")


def test_what_never_ends_is_no_event() -> None:
    with pytest.raises(Overlong):
        read([b"data: " + b"x" * LONGEST_EVENT + b"\n", b"data: more"])
    with pytest.raises(Overlong):
        read([b"x" * (LONGEST_EVENT + 1)])
