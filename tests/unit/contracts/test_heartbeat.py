import json
from pathlib import Path
from typing import Any

from contracts.heartbeat import Pulse


class Shelf:
    def __init__(self) -> None:
        self.away = False
        self.strings: dict[str, str] = {}

    def eval(self, script: str, numkeys: int, *keys_and_args: Any) -> Any:
        if self.away:
            raise ConnectionError
        at = keys_and_args.index("SET")
        name, value, *_ = keys_and_args[at + 1 :]
        self.strings[name] = value


def test_a_heartbeat_stands_in_redis_and_in_its_file(tmp_path: Path) -> None:
    shelf, path = Shelf(), tmp_path / "heartbeat"
    pulse = Pulse(shelf, "stt_worker", str(path))
    pulse.say(state="ready", model="base")
    assert shelf.strings == {f"hb:{pulse.worker}": path.read_text()}
    assert json.loads(path.read_text())["state"] == "ready"
    assert list(tmp_path.iterdir()) == [path]


def test_the_file_is_renewed_while_redis_is_away(tmp_path: Path) -> None:
    shelf, path = Shelf(), tmp_path / "heartbeat"
    shelf.away = True
    Pulse(shelf, "stt_worker", str(path)).say(state="ready")
    assert json.loads(path.read_text())["state"] == "ready"


def test_a_file_that_cannot_be_written_is_said_once_and_stops_nothing(tmp_path: Path, caplog: Any) -> None:
    shelf = Shelf()
    pulse = Pulse(shelf, "stt_worker", str(tmp_path / "gone" / "heartbeat"))
    pulse.say(state="loading")
    pulse.say(state="ready")
    assert caplog.text.count("heartbeat file not written") == 1 and len(shelf.strings) == 1
