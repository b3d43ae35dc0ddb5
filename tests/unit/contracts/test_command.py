import os
import subprocess
import sys

import pytest

from contracts import command, env
from scripts.procfile import ROOT
from tests.eventually import PATIENCE

MUCH = """
import sys
from contracts.command import on_redis, say
sys.exit(on_redis("much", lambda: "redis://localhost/0", lambda _: say("x" * 1_000_000) or 0))
"""


def test_columns_are_as_wide_as_what_is_in_them_and_the_last_has_no_end() -> None:
    rows = [("id", "at", "why"), ("1", "2026", "a long story")]
    assert command.table(rows) == "id  at    why\n1   2026  a long story"


def test_times_are_in_utc() -> None:
    assert command.moment(0.9) == "1970-01-01T00:00:00Z"


def test_a_setting_that_will_not_do_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    def address() -> str:
        raise env.SettingError("REDIS_URL='x': no")

    assert command.on_redis("dead_letters", address, lambda _: 0) == 2
    assert capsys.readouterr().err == "dead_letters: REDIS_URL='x': no\n"


def test_who_does_not_read_to_the_end_sees_no_error() -> None:
    """Redis is not asked: a client connects when it sends."""
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing) as nobody:
        ended = subprocess.run(
            [sys.executable, "-c", MUCH], cwd=ROOT, stdout=nobody, stderr=subprocess.PIPE, timeout=PATIENCE
        )
    assert (ended.returncode, ended.stderr) == (141, b"")
