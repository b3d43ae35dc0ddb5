"""Workers whose options would break leases and the watchdog say so and end before they take anything."""

from pathlib import Path

import pytest

from scripts import procfile
from tests.processes import Process, RedisServer, clean_environ

SOLO, ONE = "--pool=solo", "--concurrency=1"


@pytest.mark.parametrize(
    ("service", "replaced", "by", "sentence"),
    [
        ("stt_worker", SOLO, "--pool=threads", "stt_worker: --pool=threads will not do: use --pool=solo"),
        ("analyzer_worker", SOLO, "--pool=prefork", "analyzer_worker: --pool=prefork will not do: use --pool=solo"),
        ("analyzer_worker", ONE, "--concurrency=3", "--concurrency=3 will not do: use --concurrency=1"),
        ("analyzer_worker", ONE, "", "will not do: use --concurrency=1"),
        ("analyzer_worker", ONE, f"{ONE} --autoscale=3,1", "--autoscale will not do"),
        ("analyzer_worker", ONE, f"{ONE} --prefetch-multiplier=4", "--prefetch-multiplier=4 will not do"),
    ],
    ids=["threads", "prefork", "three", "as-many-as-processors", "autoscale", "prefetch"],
)
def test_options_that_will_not_do(
    tmp_path: Path, redis_server: RedisServer, service: str, replaced: str, by: str, sentence: str
) -> None:
    line = procfile.lines()[service]
    assert replaced in line
    environ = clean_environ(REDIS_URL=redis_server.url, DEMO_MODELS="always")
    with Process(service, line.replace(replaced, by), tmp_path, environ) as process:
        assert process.wait(60) == 1
    assert sentence in process.output
    assert "Traceback" not in process.output
