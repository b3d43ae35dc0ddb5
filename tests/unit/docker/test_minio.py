"""The MinIO container's entrypoint, with stand-ins for the two programs of its image."""

import os
import subprocess
from pathlib import Path

import pytest

from scripts.procfile import ROOT
from tests.eventually import PATIENCE

KEYS = {"MINIO_ROOT_USER": "recordings", "MINIO_ROOT_PASSWORD": "secret-enough"}
SERVER = """#!/bin/sh
echo "server: $*"
while ! grep -q "mb" "$MC_CALLS" 2>/dev/null; do sleep 0.05; done
"""
CLIENT = """#!/bin/sh
echo "$*" >> "$MC_CALLS"
[ "$1" != mb ] || [ "$(grep -c mb "$MC_CALLS")" -gt 1 ]
"""


def run(folder: Path, **settings: str) -> "subprocess.CompletedProcess[str]":
    for name, text in (("minio", SERVER), ("mc", CLIENT)):
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    own = {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}", "MC_CALLS": str(folder / "calls"), "HOME": str(folder)}
    command = ["sh", str(ROOT / "docker" / "minio.sh")]
    return subprocess.run(command, env=own | settings, capture_output=True, text=True, check=False, timeout=PATIENCE)


@pytest.mark.parametrize("url", ["s3://speech", "s3://speech/", "s3://speech/of/many"])
def test_it_serves_and_makes_the_bucket_of_the_storage(tmp_path: Path, url: str) -> None:
    done = run(tmp_path, STORAGE_URL=url, **KEYS)
    assert done.stdout.splitlines()[0] == "server: server /data"
    calls = (tmp_path / "calls").read_text().splitlines()
    assert calls[:2] == [
        "alias set here http://127.0.0.1:9000 recordings secret-enough",
        "mb --ignore-existing here/speech",
    ]
    assert len(calls) == 4 and (tmp_path / "bucket").exists(), "the first try came too early"


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({**KEYS}, "STORAGE_URL names no bucket"),
        ({**KEYS, "STORAGE_URL": "/recordings"}, "STORAGE_URL names no bucket"),
        ({"STORAGE_URL": "s3://speech"}, "write AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"),
        ({**KEYS, "STORAGE_URL": "s3://speech", "MINIO_ROOT_PASSWORD": "short"}, "8 characters or more"),
    ],
)
def test_it_says_what_is_missing_instead_of_taking_known_keys(
    tmp_path: Path, settings: dict[str, str], words: str
) -> None:
    done = run(tmp_path, **settings)
    assert done.returncode == 1 and words in done.stderr and done.stdout == ""
