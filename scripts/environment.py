"""The environment of the pipeline's processes: .env, the shell (which wins) and free ports.

`plan` decides everything before a process starts, so that a taken port or a wrong setting is a
sentence and not a traceback of one of six processes.
"""

import errno
import os
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from honcho.environ import parse  # type: ignore[import-untyped]  # ships no type information

from analyzer_worker.settings import Settings as Analyzer
from analyzer_worker.settings import languages
from contracts import env
from fastapi_service.recordings.storage import open_storage
from fastapi_service.settings import Settings as Gateway
from listener_service.settings import Settings as Listener
from scripts import redis_server
from stt_worker.settings import Settings as Speech

FILLED = ("PORT", "HOST", "RESULT_LOG")
"""Settings that count as not set when they are empty, because this file needs their values."""


class Trouble(Exception):
    """The pipeline cannot start; the message says why and what to do."""


@dataclass(frozen=True)
class Plan:
    """What to start: names to shell lines, their environment, and where the page will be."""

    lines: Mapping[str, str]
    environ: Mapping[str, str]
    url: str
    health_url: str
    result_log: str


def plan(
    environ: Mapping[str, str], env_file: Path, lines: Mapping[str, str], defaults: Mapping[str, str] | None = None
) -> Plan:
    """Raises Trouble for a setting, a port or a log file that cannot be used, and when there is no Redis to start."""
    chosen = {**(defaults or {}), **read_env_file(env_file), **environ}
    chosen = {name: value for name, value in chosen.items() if value.strip() or name not in FILLED}
    chosen["PATH"] = os.path.dirname(sys.executable) + os.pathsep + chosen.get("PATH", "")
    chosen["PYTHONUNBUFFERED"] = "1"
    chosen.setdefault("DEMO_MODELS", "auto")
    result_log = chosen.setdefault("RESULT_LOG", "logs/result_listener.log")
    check_log(env_file.parent / result_log)

    host = chosen.setdefault("HOST", "127.0.0.1")
    port = port_number("PORT", chosen.setdefault("PORT", "8000"))
    check_port(host, port, "PORT")

    wanted = dict(lines)
    if chosen.get("REDIS_URL"):
        wanted.pop("redis", None)
    elif redis_server.binary() is None:
        raise Trouble(redis_server.MISSING)
    else:
        chosen["REDIS_PORT"] = str(redis_port(chosen.get("REDIS_PORT", "")))
        chosen["REDIS_URL"] = f"redis://127.0.0.1:{chosen['REDIS_PORT']}/0"
    check_settings(chosen)
    shown = "localhost" if host in ("127.0.0.1", "0.0.0.0", "::", "localhost") else host
    local = "127.0.0.1" if shown == "localhost" else host
    return Plan(wanted, chosen, f"http://{shown}:{port}", f"http://{local}:{port}/health/ready", result_log)


def read_env_file(path: Path) -> dict[str, str]:
    return dict(parse(path.read_text())) if path.exists() else {}


def check_settings(environ: Mapping[str, str]) -> None:
    """Raises Trouble for the first value that a service would refuse."""
    try:
        for settings in (Gateway, Speech, Listener):
            env.read(settings, environ)
        languages(env.read(Analyzer, environ).sentiment_languages)
        open_storage(env.read(Gateway, environ).storage_url)
    except env.SettingError as error:
        raise Trouble(str(error)) from None


def check_log(path: Path) -> None:
    """Raises Trouble when results cannot be written there."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_fifo() or path.is_char_device():  # opening it may wait for a reader
            return
        path.open("a").close()
    except OSError as error:
        raise Trouble(
            f"RESULT_LOG={path}: results cannot be written there ({error.strerror}). Use a path that you may write: "
            "RESULT_LOG=logs/result_listener.log make run"
        ) from None


def port_number(name: str, text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise Trouble(f"{name}={text!r} is not a port: use a number from 1 to 65535")
    return int(text)


def check_port(host: str, port: int, setting: str) -> None:
    """Raises Trouble when nothing can listen there."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise Trouble(_why(error, host, port, setting)) from None


def _why(error: OSError, host: str, port: int, setting: str) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"Port {port} is taken by another program. Stop that program, or use another port: "
            f"{setting}={port + 1} make run"
        )
    if error.errno == errno.EACCES:
        return f"Port {port} may only be used by root. Use one above 1023: {setting}=8000 make run"
    return f"Nothing can listen on {host}:{port} ({error.strerror}). HOST must be an address of this machine."


def redis_port(wanted: str) -> int:
    """The one that was asked for, else the usual one, else any free one."""
    if wanted:
        port = port_number("REDIS_PORT", wanted)
        check_port("127.0.0.1", port, "REDIS_PORT")
        return port
    try:
        check_port("127.0.0.1", redis_server.DEFAULT_PORT, "REDIS_PORT")
        return redis_server.DEFAULT_PORT
    except Trouble:
        return any_free_port()


def any_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
