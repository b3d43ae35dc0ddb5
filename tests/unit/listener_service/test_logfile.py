"""The log file on a real disk, and on one that is full (/dev/full)."""

import errno
import fcntl
import os
from pathlib import Path

import pytest

from listener_service.logfile import LogFile


def lines(path: Path) -> list[str]:
    return path.read_text().splitlines()


def test_appends_and_reopens(tmp_path: Path) -> None:
    path = tmp_path / "logs" / "result_listener.log"
    file = LogFile(path, 0, 0)
    assert file.append(["one", "two"]) == 2
    path.rename(tmp_path / "moved")
    assert file.append(["three"]) == 1
    assert (lines(tmp_path / "moved"), lines(path)) == (["one", "two"], ["three"])
    path.unlink()
    file.append(["four"])
    path.parent.rename(tmp_path / "elsewhere")
    file.append(["five"])
    assert lines(path) == ["five"]
    file.close()


def test_copytruncate_is_followed(tmp_path: Path) -> None:
    path = tmp_path / "log"
    file = LogFile(path, 0, 0)
    file.append(["one"])
    path.write_bytes(b"")
    file.append(["two"])
    assert lines(path) == ["two"]
    file.close()


def test_rotates_by_size_and_keeps_the_backups(tmp_path: Path) -> None:
    path = tmp_path / "log"
    file = LogFile(path, max_bytes=20, backups=2)
    left = [f"line {n:02} abc" for n in range(8)]  # 12 bytes with the newline: one per file
    while left:
        left = left[file.append(left) :]
    assert lines(path) == ["line 07 abc"]
    assert lines(tmp_path / "log.1") == ["line 06 abc"]
    assert lines(tmp_path / "log.2") == ["line 05 abc"]
    assert not (tmp_path / "log.3").exists()
    file.close()


def test_a_batch_fills_one_file_and_goes_on_in_the_next(tmp_path: Path) -> None:
    file = LogFile(tmp_path / "log", max_bytes=10, backups=1)
    assert file.append(["abcd", "efgh", "ijkl"]) == 2
    assert file.append(["ijkl"]) == 1
    assert lines(tmp_path / "log.1") == ["abcd", "efgh"]
    assert file.append(["a line longer than any file may be"]) == 1
    file.close()


def test_without_backups_it_begins_anew(tmp_path: Path) -> None:
    file = LogFile(tmp_path / "log", max_bytes=8, backups=0)
    file.append(["abcd"])
    file.append(["efgh"])
    assert [path.name for path in tmp_path.iterdir()] == ["log"]
    assert lines(tmp_path / "log") == ["efgh"]
    file.close()


def test_a_torn_last_line_is_ended(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"whole id=1-0\ntorn in the mid")
    file = LogFile(path, 0, 0)
    file.append(["next id=2-0"])
    assert lines(path) == ["whole id=1-0", "torn in the mid (torn)", "next id=2-0"]
    file.close()


def test_recent_ids_go_back_into_the_newest_rotated_file(tmp_path: Path) -> None:
    (tmp_path / "log.1").write_text('t POSITIVE "said id=9-9" id=1-0\nt STATISTICS scope=all\nt ERROR id=2-0\n')
    (tmp_path / "log").write_text("t POSITIVE id=3-0\nt POSITIVE id=4-")
    file = LogFile(tmp_path / "log", 0, 1)
    assert file.recent_ids(10) == ["1-0", "2-0", "3-0"]
    assert file.recent_ids(2) == ["2-0", "3-0"]


def test_recent_ids_without_a_file(tmp_path: Path) -> None:
    assert LogFile(tmp_path / "none" / "log", 0, 1).recent_ids(10) == []


def test_a_full_disk_raises_and_later_it_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.symlink_to("/dev/full")
    file = LogFile(path, max_bytes=100, backups=1)
    with pytest.raises(OSError) as caught:
        file.append(["lost?"])
    assert caught.value.errno == errno.ENOSPC
    path.unlink()
    assert file.append(["not lost"]) == 1
    assert lines(path) == ["not lost"]
    file.close()


def test_a_file_that_others_wrote_moved_or_cut_has_changed(tmp_path: Path) -> None:
    path = tmp_path / "log"
    file = LogFile(path, 0, 0)
    assert file.changed, "nothing is known yet"
    file.seen()
    file.append(["one"])
    assert not file.changed
    for change in (lambda: path.write_text("one\ntwo\n"), lambda: path.write_text(""), path.unlink):
        change()
        assert file.changed
        file.seen()
        assert not file.changed
    file.close()


def test_what_was_torn_by_another_process_is_mended_before_the_next_line(tmp_path: Path) -> None:
    path = tmp_path / "log"
    file = LogFile(path, 0, 0)
    file.append(["one"])
    with path.open("a") as other:
        other.write("two id=1-0")
    file.seen()
    file.append(["three"])
    assert lines(path) == ["one", "two id=1-0 (torn)", "three"]
    file.close()


def test_it_is_full_when_the_next_line_goes_into_a_new_file(tmp_path: Path) -> None:
    file = LogFile(tmp_path / "log", max_bytes=10, backups=1)
    assert not file.is_full("a line longer than that"), "there is nothing to rotate"
    file.append(["abcd"])
    assert not file.is_full("efgh")
    assert file.is_full("efghi")
    file.close()


def test_only_one_process_at_a_time(tmp_path: Path) -> None:
    file = LogFile(tmp_path / "new" / "log", 0, 0)
    with file.locked():
        folder = os.open(tmp_path / "new", os.O_RDONLY)
        with pytest.raises(BlockingIOError):
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    with pytest.raises(BlockingIOError, match="another process"), file.locked():
        pass
    os.close(folder)
    with file.locked():
        pass
