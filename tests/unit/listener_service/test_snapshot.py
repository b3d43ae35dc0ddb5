from pathlib import Path

import pytest

from listener_service.line import Line
from listener_service.place import Place
from listener_service.snapshot import Damaged, Snapshot, SnapshotFile, loads
from listener_service.statistics import Statistics


def snapshot() -> Snapshot:
    statistics = Statistics()
    statistics.add(Line("t", "POSITIVE", 0.5, "좋아요", {"session": "s", "latency_ms": "400"}), 7.0)
    return Snapshot("id=5-0", Place("6-0", 12), 1.5, statistics)


def test_it_is_read_as_it_was_written(tmp_path: Path) -> None:
    file = SnapshotFile(tmp_path / "statistics.json")
    assert file.read() is None
    file.write(snapshot())
    file.write(snapshot())
    found = file.read()
    assert found is not None
    assert (found.mark, found.place, found.began) == ("id=5-0", Place("6-0", 12), 1.5)
    assert found.statistics.plain() == snapshot().statistics.plain()
    assert [path.name for path in tmp_path.iterdir()] == ["statistics.json"]


def test_cut_off_anywhere_it_is_damaged() -> None:
    whole = snapshot().dumps()
    for length in range(len(whole)):
        with pytest.raises(Damaged):
            loads(whole[:length])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"version": 1', '"version": 2'),
        ('"id=5-0"', '"id=five"'),
        ('"id=5-0"', "5"),
        ('"n": 12', '"n": "12"'),
        ('"6-0"', "null"),
        ('"utterances": 1', '"utterances": [1]'),
        ('"utterances": 1', '"utterances": 1e999'),
        ('"sessions": [', '"sessions": [7, '),
        ('"latency": {', '"latency": {"x": 1, '),
    ],
)
def test_what_it_is_not(old: str, new: str) -> None:
    whole = snapshot().dumps()
    assert old in whole
    with pytest.raises(Damaged):
        loads(whole.replace(old, new))


def test_what_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    file = SnapshotFile(tmp_path / "statistics.json")
    file.write(snapshot())
    (tmp_path / "statistics.json.new").mkdir()
    with pytest.raises(OSError):
        file.write(Snapshot(None, Place(), 0.0, Statistics()))
    assert file.read() is not None and file.read().mark == "id=5-0"
