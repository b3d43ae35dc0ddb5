"""The exporter as a process, and what it tells to whoever scrapes it."""

import urllib.request
from pathlib import Path
from typing import Self

from prometheus_client.parser import text_string_to_metric_families

from tests.eventually import PATIENCE
from tests.ports import free_port
from tests.processes import Process, clean_environ

COMMAND = "python -m listener_service.exporter"


class Exporter:
    """Use as a context manager; results are counted from its beginning on."""

    def __init__(self, redis_url: str, directory: Path) -> None:
        port = free_port()
        environ = clean_environ(REDIS_URL=redis_url, METRICS_PORT=str(port))
        self.url = f"http://127.0.0.1:{port}/metrics"
        self.process = Process("exporter", COMMAND, directory, environ)

    def scrape(self) -> dict[str, float]:
        """By `name{label=value,...}`, without the prefix of our names. OSError while nothing answers."""
        with urllib.request.urlopen(self.url, timeout=PATIENCE) as response:
            text = response.read().decode()
        samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
        return {sample_name(sample.name, sample.labels): sample.value for sample in samples}

    def __enter__(self) -> Self:
        self.process.start()
        self.process.wait_for("results are counted from now on")
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.running:
            self.process.terminate()


def sample_name(name: str, labels: dict[str, str]) -> str:
    shown = ",".join(f"{label}={value}" for label, value in sorted(labels.items()))
    return name.removeprefix("live_sentiment_") + (f"{{{shown}}}" if shown else "")
