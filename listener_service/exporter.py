"""Composition root of the exporter: `python -m listener_service.exporter` until SIGTERM or SIGINT.

Serves numbers for Prometheus at http://METRICS_HOST:METRICS_PORT/metrics. It only reads; any number may
run, each counts for itself.
"""

import os
import signal
import sys
import threading

from prometheus_client import CollectorRegistry, ProcessCollector, disable_created_metrics, start_http_server

from contracts import connect, env, logs
from listener_service.follower import Follower
from listener_service.gauges import Gauges
from listener_service.reading import read
from listener_service.settings import Exporter
from listener_service.traffic import Traffic

SERVICE = "exporter"
ANSWER_SECONDS = 2.0
"""A scrape may take 10 s, and asks twice."""


def main() -> int:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        settings = env.read(Exporter, os.environ)
        connect.refuse_cluster(settings.redis_url)
    except env.SettingError as error:
        sys.exit(f"{SERVICE}: {error}")
    logs.setup(SERVICE, settings.log_level)
    client = connect.connect(settings.redis_url, seconds=ANSWER_SECONDS)
    disable_created_metrics()  # type: ignore[no-untyped-call]  # it has no types
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    registry.register(Gauges(lambda: read(client, bool(settings.broker_url))))
    traffic = Traffic(registry)
    try:
        server, _ = start_http_server(settings.port, settings.host, registry)
    except OSError as error:
        sys.exit(f"{SERVICE}: METRICS_PORT={settings.port} on METRICS_HOST={settings.host!r} cannot be had: {error}")
    Follower(client, traffic, stop).run()
    server.shutdown()
    server.server_close()
    client.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
