"""Which settings the processes get, and sentences for ports that will not do."""

import socket
from pathlib import Path

import pytest

from scripts.environment import Plan, Trouble, any_free_port, plan, redis_port

LINES = {"redis": "redis", "web": "web"}


def planned(tmp_path: Path, text: str = "", **environ: str) -> Plan:
    (tmp_path / ".env").write_text(text)
    return plan({"PATH": "/bin", "PORT": str(any_free_port())} | environ, tmp_path / ".env", LINES)


def test_the_shell_wins_over_the_file_and_the_file_over_the_defaults(tmp_path: Path) -> None:
    chosen = planned(tmp_path, "WHISPER_MODEL=small\nDEMO_MODELS=never\n", WHISPER_MODEL="tiny")
    assert chosen.environ["WHISPER_MODEL"] == "tiny"
    assert chosen.environ["DEMO_MODELS"] == "never"
    assert planned(tmp_path).environ["DEMO_MODELS"] == "auto"
    assert chosen.result_log == "logs/result_listener.log"


def test_what_make_run_sets_itself_gives_way_to_the_file(tmp_path: Path) -> None:
    for text, url in (("", "own"), ("STORAGE_URL=s3://speech", "s3://speech")):
        (tmp_path / ".env").write_text(text)
        environ = {"PATH": "/bin", "PORT": str(any_free_port())}
        chosen = plan(environ, tmp_path / ".env", LINES, {"STORAGE_URL": "own"})
        assert chosen.environ["STORAGE_URL"] == url


def test_redis_is_started_unless_there_is_an_address(tmp_path: Path) -> None:
    own = planned(tmp_path)
    assert list(own.lines) == ["redis", "web"]
    assert own.environ["REDIS_URL"] == f"redis://127.0.0.1:{own.environ['REDIS_PORT']}/0"
    foreign = planned(tmp_path, "REDIS_URL=redis://other:6379/1")
    assert list(foreign.lines) == ["web"]
    assert foreign.environ["REDIS_URL"] == "redis://other:6379/1"


def test_the_address_is_one_that_browsers_give_a_microphone(tmp_path: Path) -> None:
    chosen = planned(tmp_path, HOST="0.0.0.0")
    assert chosen.url == f"http://localhost:{chosen.environ['PORT']}"
    assert chosen.health_url == f"http://127.0.0.1:{chosen.environ['PORT']}/health/ready"


def test_a_taken_port_says_how_to_use_another(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(Trouble, match=rf"Port {port} is taken .* PORT={port + 1} make run"):
            planned(tmp_path, PORT=str(port))
        with pytest.raises(Trouble, match=rf"REDIS_PORT={port + 1} make run"):
            redis_port(str(port))


@pytest.mark.parametrize("port", ["eighty", "0", "65536", "-1"])
def test_a_port_that_is_none_is_named(tmp_path: Path, port: str) -> None:
    with pytest.raises(Trouble, match=f"PORT='{port}' is not a port"):
        planned(tmp_path, PORT=port)


def test_a_foreign_host_is_named(tmp_path: Path) -> None:
    with pytest.raises(Trouble, match="HOST must be an address of this machine"):
        planned(tmp_path, HOST="192.0.2.1")


@pytest.mark.parametrize(
    ("name", "value"),
    [("STT_ENGINE", "none"), ("PARTIALS", "maybe"), ("MAX_SESSIONS", "0"), ("SENTIMENT_LANGUAGES", "english")]
    + [("STORAGE_URL", "ftp://host/folder")],
)
def test_a_setting_that_a_service_would_refuse_is_named_before_anything_starts(
    tmp_path: Path, name: str, value: str
) -> None:
    with pytest.raises(Trouble, match=f"{name}='{value}': use "):
        planned(tmp_path, **{name: value})


def test_a_log_that_cannot_be_written_is_named_before_anything_starts(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("")
    for log in ("folder", "file/result.log"):
        with pytest.raises(Trouble, match=f"RESULT_LOG={tmp_path}/{log}: results cannot be written there"):
            planned(tmp_path, RESULT_LOG=log)
    assert planned(tmp_path, RESULT_LOG="").result_log == "logs/result_listener.log"
    planned(tmp_path, RESULT_LOG="new/result.log")
    assert (tmp_path / "new" / "result.log").exists()
