"""When statistics are due."""

from listener_service import line
from listener_service.line import Line
from listener_service.report import MOST_SESSIONS_SHOWN, Report
from listener_service.statistics import Statistics


def result(session: str) -> Line:
    return Line("2026-01-31T09:00:00.123Z", "POSITIVE", 0.9, "good", {"session": session})


def test_due_once_an_interval_and_only_with_news() -> None:
    report = Report(interval=60, now=1000)
    assert report.due(2000) == []
    report.add(result("a"), 2001)
    lines = report.due(2001)
    assert [one.fields["scope"] for one in lines] == ["all", "session"]
    assert lines[0].fields | {"sessions": "1", "active_sessions": "1", "utterances": "1"} == lines[0].fields
    assert lines[0].fields["since"] == "1970-01-01T00:16:40.000Z"
    report.add(result("b"), 2002)
    assert report.due(2060) == []
    assert [one.fields.get("session") for one in report.due(2061)] == [None, "b"]


def test_interval_zero_means_only_at_exit() -> None:
    report = Report(interval=0, now=0)
    report.add(result("a"), 1)
    assert report.due(10_000) == []
    assert len(report.final(10)) == 2


def test_an_unreadable_entry_is_an_error() -> None:
    report = Report(interval=1, now=0)
    report.add(line.unreadable("1-1", "not a result"), 1)
    assert report.due(5)[0].fields["errors"] == "1"


def test_many_sessions_do_not_flood_the_log() -> None:
    report = Report(interval=1, now=0)
    for number in range(200):
        report.add(result(f"s{number}"), 1)
    lines = report.due(5)
    assert len(lines) == 1 + MOST_SESSIONS_SHOWN
    assert lines[0].fields["active_sessions"] == "200"


def test_it_goes_on_from_what_an_earlier_process_counted() -> None:
    earlier = Statistics()
    earlier.add(result("a"), 90)
    report = Report(interval=1, now=100)
    report.restore(earlier, began=50)
    assert report.due(200) == [], "that is no news"
    report.add(result("a"), 200)
    everything, session = report.due(201)
    assert everything.fields["since"] == line.at(50)
    assert everything.fields["utterances"] == session.fields["utterances"] == "2"
