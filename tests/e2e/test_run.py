"""`make run` and `make demo` as a person meets them, on a pipeline of their own."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ports import free_port
from tests.processes import Process, clean_environ
from tests.speech import clips

CLIP = clips()[0]


@pytest.fixture(scope="module")
def environ(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("make")
    return clean_environ(
        DEMO_MODELS="always", PORT=str(free_port()), RUN_DIR=str(folder / "run"), RESULT_LOG=str(folder / "result.log")
    )


@pytest.fixture(scope="module")
def running(environ: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    with Process("make-run", "make --no-print-directory run", tmp_path_factory.mktemp("run"), environ) as run:
        run.wait_for("Ready. Open")
        yield run


def test_it_says_where_the_page_is_and_that_models_are_small_ones(running: Process, environ: dict[str, str]) -> None:
    assert f"Open  http://localhost:{environ['PORT']}  allow the microphone, and speak." in running.output
    assert "DEMONSTRATION MODELS" in running.output
    assert f"tail -F {environ['RESULT_LOG']}" in running.output
    assert "Installing" not in running.output


def test_a_second_one_says_that_it_runs_already(running: Process, environ: dict[str, str], tmp_path: Path) -> None:
    with Process("second", "make --no-print-directory run", tmp_path, environ) as second:
        assert second.wait() == 2  # make's own status for a failed command
    assert f"It runs already: http://localhost:{environ['PORT']}" in second.output


def test_the_demo_uses_it_and_shows_captions_labels_and_log_lines(
    running: Process, environ: dict[str, str], tmp_path: Path
) -> None:
    with Process("demo", f"make --no-print-directory demo FILE={CLIP.path}", tmp_path, environ) as demo:
        assert demo.wait() == 0, demo.output
    captions, log = demo.output.split(f"In {environ['RESULT_LOG']}:")
    assert f"Using the pipeline that runs at http://localhost:{environ['PORT']}" in captions
    assert CLIP.text.lower().rstrip(".") in captions.lower()
    assert CLIP.label in captions
    assert CLIP.label in log
    assert running.running


def test_a_demo_without_a_recording_says_so(tmp_path: Path, environ: dict[str, str]) -> None:
    with Process("demo", "make --no-print-directory demo FILE=nothing.wav", tmp_path, environ) as demo:
        assert demo.wait() == 2
    assert "There is no recording" in demo.output


def test_a_demo_of_no_recording_says_so_and_starts_nothing(tmp_path: Path, environ: dict[str, str]) -> None:
    environ = environ | {"RUN_DIR": str(tmp_path / "run")}
    with Process("demo", "make --no-print-directory demo FILE=README.md", tmp_path, environ) as demo:
        assert demo.wait() == 2
    assert "README.md cannot be read" in demo.output and "Starting" not in demo.output
    assert not (tmp_path / "run").exists()


def test_a_taken_port_is_a_sentence(environ: dict[str, str], tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        environ = environ | {"PORT": str(port), "RUN_DIR": str(tmp_path / "run")}
        with Process("taken", "make --no-print-directory run", tmp_path, environ) as run:
            assert run.wait() == 2
    assert f"Port {port} is taken by another program." in run.output
    assert f"PORT={port + 1} make run" in run.output
    assert "Traceback" not in run.output


def test_ctrl_c_ends_it_cleanly(running: Process) -> None:
    """Last in this file: it ends the pipeline of the others."""
    running.interrupt()
    running.wait()
    assert "Stopping; Ctrl-C again stops at once." in running.output
    assert "Traceback" not in running.output
    assert "redis stopped" in running.output
