from contracts import codec
from contracts.messages import Error
from listener_service import line
from listener_service.entries import Entry, items
from listener_service.place import Place


def entry(n: int | None, entry_id: str | None = None, session: str = "s") -> Entry:
    body = codec.dumps(Error(session, "x", f"number {n}", utterance=n or 0)).encode()
    return Entry(entry_id or f"{n}-0", body, n)


def test_lines_in_order_and_the_place_behind_them() -> None:
    found, place = items([entry(1), entry(2)], Place(), ())
    assert [(item.entry_id, item.line.fields["n"], item.place) for item in found] == [
        ("1-0", "1", Place("1-0", 1)),
        ("2-0", "2", Place("2-0", 2)),
    ]
    assert place == Place("2-0", 2)


def test_what_is_known_or_a_probe_has_no_line_but_its_number_counts() -> None:
    found, place = items([entry(1), entry(2, session="probe-1"), entry(3)], Place("0-1", 0), {"1-0"})
    assert [item.entry_id for item in found] == ["3-0"]
    assert place == Place("3-0", 3)
    assert items([entry(1), entry(2, session="probe-1")], Place("0-1", 0), {"1-0"}) == ([], Place("2-0", 2))


def test_what_comes_again_after_its_lines_were_moved_away_has_no_second_one() -> None:
    found, place = items([entry(1), entry(2), entry(3)], Place("2-0", 2), ())
    assert [item.entry_id for item in found] == ["3-0"] and place == Place("3-0", 3)
    found, _ = items([entry(None, "1-0")], Place("2-0", 2), ())
    assert [item.entry_id for item in found] == ["1-0"], "without a number nobody knows"


def test_a_gap_is_told_before_the_entry_behind_it() -> None:
    found, place = items([entry(2), entry(6)], Place("1-0", 1), ())
    assert [item.line.fields.get("code") for item in found] == ["x", line.LOST, "x"]
    assert found[1].line == line.lost(range(3, 6), "6-0")
    assert (found[1].entry_id, found[1].place) == (None, Place("2-0", 5))
    assert place == Place("6-0", 6)


def test_a_counter_that_began_again_is_told_and_goes_on() -> None:
    found, place = items([entry(1, "900-0"), entry(2, "901-0")], Place("800-0", 50), ())
    assert [item.line.fields.get("code") for item in found] == [line.RESTARTED, "x", "x"]
    assert place == Place("901-0", 2)


def test_entries_that_are_no_events_have_a_line() -> None:
    bodies = [None, b"\xff", b"[]", b'{"type":"ready"}']
    found, _ = items([Entry(f"{n}-0", body) for n, body in enumerate(bodies, 1)], Place(), ())
    assert [item.line.fields["code"] for item in found] == ["unreadable_entry"] * 4
    assert "trimmed" in found[0].line.text
