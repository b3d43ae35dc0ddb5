"""A real nginx with the shipped template, certificate script and snippets, on free ports, as an
ordinary process: what the container does, without a container."""

import os
import re
import shutil
import socket
import ssl
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from tests.eventually import PATIENCE, eventually
from tests.ports import free_port
from tests.processes import Process, clean_environ

ROOT = Path(__file__).resolve().parents[1]
NGINX = ROOT / "nginx"
TEMPLATE = NGINX / "templates" / "nginx.conf.template"


def missing() -> str | None:
    """Why nginx cannot run here, or None."""
    absent = [name for name in ("nginx", "openssl") if not shutil.which(name)]
    return f"not installed: {', '.join(absent)}" if absent else None


class FrontDoor(Process):
    """nginx in front of `gateway` (host:port); `settings` are the variables of the container."""

    def __init__(self, directory: Path, gateway: str, settings: Mapping[str, str] | None = None) -> None:
        self.directory = directory
        self.http_port, self.https_port = free_port(), free_port()
        self.certs = directory / "certs"
        self.run = directory / "run"
        self.run.mkdir()
        wanted = {
            "NGX_RUN": str(self.run),
            "NGX_CERTS": str(self.certs),
            "NGX_SNIPPETS": str(NGINX / "snippets"),
            "NGX_GATEWAY": gateway,
            "NGX_HTTP_LISTEN": f"127.0.0.1:{self.http_port}",
            "NGX_HTTPS_LISTEN": f"127.0.0.1:{self.https_port}",
            "HTTPS_PORT": str(self.https_port),
            "PATH": "/usr/local/sbin:/usr/sbin:/sbin:" + os.environ["PATH"],
        }
        environ = clean_environ(**(wanted | dict(settings or {})))
        self.environ = self._prepared(environ)
        # workers of a nginx that root starts would be "nobody", who may not enter a test's folder
        user = " user root;" if os.geteuid() == 0 else ""
        super().__init__("nginx", f"nginx -c {self.run}/nginx.conf -g 'daemon off;{user}'", directory, self.environ)

    def watcher(self) -> Process:
        """The loop that looks for a new certificate, here five times a second."""
        environ = self.environ | {"CERT_CHECK_SECONDS": "0.2"}
        return Process("watcher", f'"{NGINX}/entrypoint/40-watch-certificate.sh" wait', self.directory, environ)

    def _prepared(self, environ: Mapping[str, str]) -> dict[str, str]:
        """What the image's entrypoint does: source the settings, render the template, make a
        certificate. Returns the environment that the settings left."""
        line = f'. "{NGINX}/entrypoint/10-settings.envsh" && "{NGINX}/entrypoint/30-certificate.sh" && env -0'
        done = subprocess.run(["sh", "-ec", line], env=environ, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        after = dict(item.split("=", 1) for item in done.stdout.split("\0") if "=" in item)
        (self.run / "nginx.conf").write_text(render(TEMPLATE.read_text(), after))
        return after

    def start(self) -> None:
        super().start()
        eventually(lambda: socket.create_connection(("127.0.0.1", self.https_port), PATIENCE).close() or True)

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.https_port}"

    def __enter__(self) -> Self:
        self.start()
        return self


def render(template: str, environ: Mapping[str, str]) -> str:
    """envsubst with the image's filter: only `${NGX_...}`, and every one of them must be known."""
    return re.sub(r"\$\{(NGX_\w+)\}", lambda found: environ[found[1]], template)


def unverified() -> ssl.SSLContext:
    """TLS towards the self-signed certificate."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
