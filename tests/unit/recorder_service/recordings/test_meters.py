import io

from recorder_service.recordings.meters import LARGE, Bar, Lines


def test_lines_are_few_and_begin_anew_when_an_upload_does() -> None:
    err = io.StringIO()
    lines = Lines(err)
    for done in [*range(0, 60), *range(0, 101)]:
        lines.sent("a.mp3", done * LARGE // 100, LARGE)
    lines.clear()
    for percent in (0, 3, 10, 12, 50, 99):
        lines.worked("a.mp3", percent, "2 of 8 parts")
    told = err.getvalue().splitlines()
    assert told[:6] == [f"a.mp3: {percent} % of 10.0 MB sent" for percent in (10, 20, 30, 40, 50, 10)]
    assert told[-3:] == [f"a.mp3: {percent} %, 2 of 8 parts" for percent in (10, 50, 99)]


def test_a_small_upload_is_not_worth_a_line() -> None:
    err = io.StringIO()
    Lines(err).sent("a.mp3", LARGE - 1, LARGE - 1)
    assert err.getvalue() == ""


def test_a_bar_makes_room_for_what_is_written_and_leaves_nothing() -> None:
    err, out = io.StringIO(), io.StringIO()
    bar = Bar(err)
    bar.sent("a.mp3", 5, 10)
    bar.sent("a.mp3", 1, 10)
    bar.clear()
    bar.worked("a.mp3", 40, "2 of 8 parts")
    bar.write("words\n", out)
    bar.clear()
    assert out.getvalue() == "words\n"
    assert " 40 %" in err.getvalue() and "2 of 8 parts" in err.getvalue()
    assert err.getvalue().rpartition("\r")[2].strip() == ""
