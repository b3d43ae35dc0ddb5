"""Redis as others run it: behind TLS and a password, watched by sentinels, a node of a cluster; and
the pipeline on one of them. Each server is redis-server, valkey-server or whatever behaves like one.
"""

import contextlib
import shlex
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import quote

import redis

from contracts.connect import connect
from tests.eventually import eventually
from tests.ports import free_port
from tests.processes import Pipeline, Process, clean_environ

PASSWORD = "hidden/w@rd:?"
MASTER = "themaster"
PORT = object()
"""The value of an option that is the server's own port."""

EC_KEY = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
CERTIFICATES = f"""
openssl req -x509 {EC_KEY} -days 2 -subj /CN=ca -keyout ca.key -out ca.pem
openssl req {EC_KEY} -subj /CN=redis -keyout server.key -out server.csr
printf 'subjectAltName=IP:127.0.0.1' > names
openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names -out server.pem
"""


class Server(Process):
    """One server with these options on a port of its own; `start` waits until it listens."""

    def __init__(self, directory: Path, program: str, name: str, options: Mapping[str, object]) -> None:
        self.port = free_port()
        self.folder = directory / name
        self.folder.mkdir()
        given = {"port": self.port, "bind": "127.0.0.1", "dir": self.folder, "save": "", "repl-diskless-sync-delay": 0}
        given |= {name: self.port if value is PORT else value for name, value in options.items()}
        words = [word for option, value in given.items() for word in (f"--{option}", str(value))]
        super().__init__(name, shlex.join([program, *words]), directory, clean_environ())

    def start(self) -> None:
        super().start()
        self.wait_for("Ready to accept connections")


def cluster_node(directory: Path, program: str) -> Server:
    return Server(directory, program, "node", {"cluster-enabled": "yes", "cluster-port": free_port()})


def tls(directory: Path) -> dict[str, object]:
    """Options for a server that speaks nothing else, with a certificate of a CA of its own."""
    ca = directory / "ca"
    if not ca.exists():
        ca.mkdir()
        subprocess.run(["sh", "-ec", CERTIFICATES], cwd=ca, check=True, capture_output=True)
    files = {"tls-cert-file": ca / "server.pem", "tls-key-file": ca / "server.key", "tls-ca-cert-file": ca / "ca.pem"}
    return {"port": 0, "tls-port": PORT, "tls-auth-clients": "no", "tls-replication": "yes", **files}


def authority(directory: Path) -> str:
    """The part of a URL that names the CA."""
    return f"ssl_ca_certs={quote(str(directory / 'ca' / 'ca.pem'))}"


class Sentinels:
    """A master, perhaps a replica, and sentinels; all with the password. The first sentinel of `url`
    is one that is not there."""

    def __init__(
        self, directory: Path, program: str, replicas: int = 1, sentinels: int = 3, secure: bool = False
    ) -> None:
        options = {"requirepass": PASSWORD, "masterauth": PASSWORD} | (tls(directory) if secure else {})
        self.master = Server(directory, program, "master", options)
        follow = options | {"replicaof": f"127.0.0.1 {self.master.port}"}
        self.replicas = [Server(directory, program, f"replica{n}", follow) for n in range(replicas)]
        self.sentinels = [Process(f"sentinel{n}", "", directory, clean_environ()) for n in range(sentinels)]
        self.ports = [free_port() for _ in self.sentinels]
        for sentinel, port in zip(self.sentinels, self.ports, strict=True):
            path = directory / f"{sentinel.name}.conf"
            path.write_text(self._configuration(port, len(self.sentinels) // 2 + 1, tls(directory) if secure else {}))
            sentinel.command = shlex.join([program, str(path), "--sentinel"])
        secret = quote(PASSWORD, safe="")
        hosts = ",".join(f"127.0.0.1:{port}" for port in (free_port(), *self.ports))
        more = f"&{authority(directory)}" if secure else ""
        self.url = f"sentinel://:{secret}@{hosts}/0?master={MASTER}&sentinel_password={secret}{more}"

    def _configuration(self, port: int, quorum: int, secure: Mapping[str, object]) -> str:
        served = {"port": port, "bind": "127.0.0.1", "requirepass": f'"{PASSWORD}"', **secure}
        lines = [f"{name} {port if value is PORT else value}" for name, value in served.items()]
        watched = {
            "monitor": f"127.0.0.1 {self.master.port} {quorum}",
            "auth-pass": f'"{PASSWORD}"',
            "down-after-milliseconds": 700,
            "failover-timeout": 1500,
        }
        lines += [f"sentinel {name} {MASTER} {value}" for name, value in watched.items()]
        return "\n".join(lines) + "\n"

    @contextlib.contextmanager
    def asked(self) -> Iterator["redis.Redis"]:
        """One of the sentinels."""
        with redis.Redis(port=self.ports[-1], password=PASSWORD) as client:
            yield client

    @property
    def master_port(self) -> int:
        with self.asked() as client:
            return int(client.sentinel_get_master_addr_by_name(MASTER)[1])

    def switch(self) -> None:
        """In good order: the old master becomes a replica. Waits until sentinels know the replica and
        each other; without that there is no failover."""

        def complete() -> bool:
            state = client.sentinel_master(MASTER)
            return (state["num-slaves"], state["num-other-sentinels"]) == (len(self.replicas), len(self.ports) - 1)

        with self.asked() as client:
            eventually(complete)
            client.sentinel_failover(MASTER)

    @contextlib.contextmanager
    def running(self) -> Iterator["Sentinels"]:
        with contextlib.ExitStack() as started:
            started.enter_context(self.master)
            for replica in self.replicas:
                started.enter_context(replica).wait_for("Finished with success")
            for sentinel in self.sentinels:
                started.enter_context(sentinel).wait_for("+monitor master")
            yield self


class PipelineOn(Pipeline):
    """The Procfile's processes on a Redis that is there already."""

    def __init__(self, directory: Path, url: str) -> None:
        super().__init__(directory, {"REDIS_URL": url})
        del self.processes["redis"]

    def disturb(self) -> None:
        """Put what is no task where the speech worker takes its tasks."""
        with connect(self.processes["fastapi_service"].environ["REDIS_URL"], tries=5) as client:
            client.lpush("stt_queue", "no task")
