"""On what and of what a benchmark was taken: processor, versions, commit, load."""

import os
import platform
import subprocess
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from scripts.procfile import ROOT

FLAGS = ("avx2", "avx512f", "avx512_vnni", "avx_vnni", "avx512_bf16", "amx_bf16", "amx_int8")
PACKAGES = (
    "torch",
    "openai-whisper",
    "faster-whisper",
    "ctranslate2",
    "transformers",
    "celery",
    "kombu",
    "redis",
    "fastapi",
    "uvicorn",
    "websockets",
    "onnxruntime",
    "numpy",
)


def machine() -> dict[str, Any]:
    cpuinfo = Path("/proc/cpuinfo")
    fields = _cpu_fields(cpuinfo.read_text()) if cpuinfo.exists() else {}
    present = set(fields.get("flags", "").split())
    return {
        "cpu": fields.get("model name", platform.processor() or platform.machine()),
        "cores": os.cpu_count(),
        "flags": [flag for flag in FLAGS if flag in present],
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        "system": f"{platform.system()} {platform.machine()}",
    }


def versions() -> dict[str, str]:
    found = {"python": platform.python_version(), "redis-server": _said("redis-server", "--version")}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found


def commit() -> str:
    """Of the checkout; with a `+` when files differ from it."""
    head = _said("git", "rev-parse", "--short=10", "HEAD")
    changed = _said("git", "status", "--porcelain", "--untracked-files=no")
    return head + ("+" if changed and changed != "unknown" else "")


def load() -> float:
    """How many processes wanted a core over the last minute."""
    return round(os.getloadavg()[0], 1)


def now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def _cpu_fields(text: str) -> dict[str, str]:
    """Of the first processor."""
    lines = (line.partition(":") for line in text.split("\n\n")[0].splitlines())
    return {name.strip(): value.strip() for name, _, value in lines}


def _said(*command: str) -> str:
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return done.stdout.strip()
