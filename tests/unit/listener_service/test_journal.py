"""What is known of the log, after restarts and after others have written it."""

from pathlib import Path

from listener_service import line
from listener_service.entries import Item
from listener_service.journal import REMEMBERED_IDS, Journal, Remembered
from listener_service.line import Line
from listener_service.logfile import LogFile
from listener_service.place import Place
from listener_service.report import Report
from listener_service.snapshot import SnapshotFile


class Desk:
    """A journal of its own for the log in `folder`, as another process would have it."""

    def __init__(self, folder: Path, now: float = 1000.0, backups: int = 1, max_bytes: int = 0) -> None:
        self.report = Report(0, now)
        self.shown: list[str] = []
        snapshots = SnapshotFile(folder / "statistics.json")
        self.journal = Journal(LogFile(folder / "log", max_bytes, backups), snapshots, self.report, self.shown.append)

    def write(self, *numbers: int) -> None:
        with self.journal.open():
            for n in numbers:
                self.journal.write([item(n)])

    def look(self) -> int:
        """How many utterances it has counted."""
        with self.journal.open():
            return self.report.statistics.all.utterances


def item(n: int) -> Item:
    fields = {"session": "s", "utterance": str(n), "n": str(n), "id": f"{n}-0"}
    return Item(Line(line.at(n), "NEUTRAL", 0.0, "good day", fields), f"{n}-0", Place(f"{n}-0", n))


def test_what_another_process_wrote_is_known_before_anything_is_written(tmp_path: Path) -> None:
    one, other = Desk(tmp_path), Desk(tmp_path)
    one.write(1, 2)
    assert other.look() == 2
    other.write(3)
    assert "3-0" not in one.journal.written
    assert one.look() == 3
    assert "3-0" in one.journal.written
    assert one.journal.place == Place("3-0", 3)
    assert len(one.shown) == 2, "on the console is what it wrote itself"


def test_a_snapshot_and_the_lines_behind_it_are_the_whole(tmp_path: Path) -> None:
    first = Desk(tmp_path)
    first.write(1, 2)
    with first.journal.open():
        first.journal.save()
    first.write(3)  # and killed
    second = Desk(tmp_path, now=2000.0)
    assert second.look() == 3
    assert second.report.began == 1000.0
    assert second.journal.place == Place("3-0", 3)


def test_the_newest_snapshot_counts_when_others_wrote_and_rotated(tmp_path: Path) -> None:
    one, other = Desk(tmp_path, backups=0), Desk(tmp_path, backups=0, max_bytes=300)
    one.write(1, 2)
    other.write(*range(3, 21))
    assert len((tmp_path / "log").read_text().splitlines()) < 10
    assert one.look() == 20


def test_an_older_snapshot_is_no_reason_to_forget(tmp_path: Path) -> None:
    one, other = Desk(tmp_path), Desk(tmp_path)
    one.write(1)
    with one.journal.open():
        one.journal.save()
    one.write(2)
    (tmp_path / "log").rename(tmp_path / "elsewhere")
    assert one.look() == 2
    assert other.look() == 2, "it was kept when the log was found to be gone"


def test_without_a_snapshot_counting_began_when_the_log_says(tmp_path: Path) -> None:
    first = Desk(tmp_path)
    first.write(1, 2)
    first.journal.close()
    (tmp_path / "statistics.json").unlink()
    assert line.STATISTICS in (tmp_path / "log").read_text()
    second = Desk(tmp_path, now=2000.0)
    assert second.look() == 2
    assert second.report.began == 1000.0
    (tmp_path / "log").write_text(f"{item(5).line}\n")
    third = Desk(tmp_path, now=2000.0)
    assert third.look() == 1
    assert third.report.began == 5.0


def test_lines_about_the_stream_set_the_number(tmp_path: Path) -> None:
    first = Desk(tmp_path)
    first.write(1)
    with first.journal.open():
        first.journal.write([Item(line.lost(range(2, 5), "5-0"), None, Place("1-0", 4))])  # and killed
    second = Desk(tmp_path)
    second.look()
    assert second.journal.place == Place("1-0", 4)
    assert "5-0" not in second.journal.written


def test_a_log_edited_by_hand_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "log").write_text(f"hello\n\nnot a line id=1-0\n{item(2).line}\nid=9\n")
    desk = Desk(tmp_path)
    assert desk.look() == 1
    assert "1-0" in desk.journal.written and "2-0" in desk.journal.written


def test_ids_are_remembered_up_to_a_bound() -> None:
    remembered = Remembered()
    for number in range(REMEMBERED_IDS + 1):
        remembered.add(f"{number}-0")
        remembered.add(f"{number}-0")
    assert "0-0" not in remembered
    assert "1-0" in remembered and f"{REMEMBERED_IDS}-0" in remembered


def test_last_statistics_count_what_others_wrote_meanwhile(tmp_path: Path) -> None:
    one, other = Desk(tmp_path), Desk(tmp_path)
    one.write(1)
    other.write(2, 3)
    one.journal.close()
    assert [text for text in one.shown if " scope=all " in text and " utterances=3 " in text]


def test_statistics_are_shown_where_the_log_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "log").symlink_to("/dev/full")
    desk = Desk(tmp_path)
    desk.journal.close()
    assert [text.split()[1] for text in desk.shown] == [line.STATISTICS]
    (tmp_path / "log").unlink()
    (tmp_path / "log").mkdir()
    desk.journal.close()
    assert len(desk.shown) == 2
