import threading

import pytest

from fastapi_service.recordings.storage import Writing
from fastapi_service.recordings.storage_errors import StorageAway


class Slow:
    """A sink whose `write` lasts until it is told to go on."""

    def __init__(self) -> None:
        self.begun, self.go_on = threading.Event(), threading.Event()
        self.calls: list[str] = []

    def write(self, data: object) -> None:
        self.begun.set()
        self.go_on.wait()
        self.calls.append("written")

    def finish(self) -> None:
        raise StorageAway("the last part is refused")

    def abort(self) -> None:
        self.calls.append("aborted")
        raise StorageAway("and so is this")


def test_an_abort_waits_for_the_write_of_another_thread() -> None:
    slow = Slow()
    file = Writing(slow)
    threads = [threading.Thread(target=file.write, args=(b"x",)), threading.Thread(target=file.abort)]
    threads[0].start()
    slow.begun.wait()
    threads[1].start()
    slow.go_on.set()
    for thread in threads:
        thread.join()
    assert slow.calls == ["written", "aborted"]


def test_what_fails_at_the_end_is_aborted_and_told_as_it_was(caplog: pytest.LogCaptureFixture) -> None:
    slow = Slow()
    with pytest.raises(StorageAway, match="the last part is refused"), Writing(slow):
        pass
    assert slow.calls == ["aborted"]
    assert [record.message for record in caplog.records] == ["what was written of an unfinished file stays for now"]


def test_nothing_is_written_after_the_end() -> None:
    file = Writing(Slow())
    file.abort()
    file.abort()
    with pytest.raises(ValueError, match="finished or given up"):
        file.write(b"x")
    with pytest.raises(ValueError, match="finished or given up"):
        file.finish()
