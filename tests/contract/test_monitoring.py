"""The monitoring profile: what the alerts and the board ask for is what the exporter tells, and what compose
starts is what docs/monitoring.md says."""

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import promql_parser
import pytest
import yaml
from prometheus_client import CollectorRegistry

from contracts import env
from contracts.messages import Error
from docker.monitoring import flower_page
from listener_service import gauges, settings
from listener_service.gauges import EXPECTED, Gauges
from listener_service.reading import QUEUES, Queue, Reading
from listener_service.traffic import Traffic
from scripts import procfile
from scripts.procfile import ROOT

FOLDER = ROOT / "docker" / "monitoring"
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
MONITORING = [name for name, service in SERVICES.items() if service.get("profiles") == ["monitoring"]]
RULES = [rule for group in yaml.safe_load((FOLDER / "alerts.yml").read_text())["groups"] for rule in group["rules"]]
BOARD = json.loads((FOLDER / "grafana" / "boards" / "live-sentiment.json").read_text())
PANELS = [panel for panel in BOARD["panels"] if panel["type"] != "row"]
DOCUMENT = (ROOT / "docs" / "monitoring.md").read_text()
PROMETHEUS_OWN = {"up": {"job"}, "ALERTS": {"alertname", "alertstate", "severity"}}


def exported() -> dict[str, dict[str, set[str]]]:
    """Every series that an exporter has of whose Redis everything can be told -> its labels and their values."""
    registry = CollectorRegistry()
    full = Reading(dict.fromkeys(QUEUES, Queue(1, 1.0)), 1, 1.0, 1, 1, 1.0, memory=(1, 2))
    registry.register(Gauges(lambda: full))
    Traffic(registry).error(Error("s", "gave_up", "…", utterance=1))
    found: dict[str, dict[str, set[str]]] = {}
    for sample in (sample for metric in registry.collect() for sample in metric.samples):
        values = found.setdefault(sample.name, defaultdict(set))
        for label, value in sample.labels.items():
            values[label].add(value)
    return {name: values for name, values in found.items() if not name.endswith("_created")}


EXPORTED = exported()


def asked() -> Iterator[tuple[str, str]]:
    """Where an expression stands, and it."""
    for rule in RULES:
        yield rule["alert"], rule["expr"]
    for panel in PANELS:
        for target in panel["targets"]:
            expression = target["expr"].replace("$__rate_interval", "1m").replace("$source", "live")
            yield f"{panel['title']} {target['refId']}", expression


def selectors(expression: str) -> list[promql_parser.VectorSelector]:
    found = []

    def visit(part: promql_parser.Expr) -> None:
        if isinstance(part, promql_parser.VectorSelector):
            found.append(part)

    promql_parser.walk(promql_parser.parse(expression), visit)
    return found


@pytest.mark.parametrize("expression", [pytest.param(expression, id=where) for where, expression in asked()])
def test_what_is_asked_for_is_told(expression: str) -> None:
    labels: set[str] = set()
    for selector in selectors(expression):
        if selector.name in PROMETHEUS_OWN:
            labels |= PROMETHEUS_OWN[selector.name]
            continue
        assert selector.name in EXPORTED, "the exporter has no such metric"
        known = EXPORTED[selector.name]
        labels |= set(known)
        for matcher in selector.matchers.matchers:
            assert set(matcher.value.split("|")) <= known.get(matcher.name, set()), f"{selector.name} {matcher.name}"
    for grouped in re.findall(r"by \(([^)]*)\)", expression):
        assert {label.strip() for label in grouped.split(",")} <= labels


def test_an_expression_that_cannot_be_read_would_be_found() -> None:
    with pytest.raises(ValueError):
        selectors("sum by (le (rate(live_sentiment_redis_up[5m]))")
    assert [s.name for s in selectors("rate(a[5m]) > 0 and b{c='d'}")] == ["a", "b"]


def test_every_alert_says_how_bad_it_is_what_is_wrong_and_what_to_do() -> None:
    for rule in RULES:
        assert rule["labels"]["severity"] in ("critical", "warning"), rule["alert"]
        assert {"summary", "description"} == set(rule["annotations"])
        asked_for = set(re.findall(r"\$labels\.(\w+)", str(rule["annotations"])))
        assert asked_for <= {label for s in selectors(rule["expr"]) for label in EXPORTED.get(s.name, {})}
    needed = {"QueueOld", "DeadLetters", "HeartbeatMissing", "NoResults", "RedisMemory", "RedisAway"}
    assert needed <= {rule["alert"] for rule in RULES}


def test_panels_do_not_share_a_number_or_a_place() -> None:
    numbers = [panel["id"] for panel in BOARD["panels"]]
    assert sorted(numbers) == sorted(set(numbers))
    cells = [
        (x, y)
        for panel in BOARD["panels"]
        for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    ]
    assert len(cells) == len(set(cells)) and max(x for x, _ in cells) < 24


def test_every_metric_and_every_alert_is_explained() -> None:
    metrics = {re.sub(r"_(bucket|sum|count)$", "", name) for name in EXPORTED}
    assert set(re.findall(r"^\| `(live_sentiment_\w+)", DOCUMENT, re.MULTILINE)) == metrics
    assert set(re.findall(r"^\| `([A-Z]\w+)` \|", DOCUMENT, re.MULTILINE)) == {rule["alert"] for rule in RULES}
    for name, values in EXPORTED.items():
        (row,) = re.findall(rf"^\| `{re.sub('_(bucket|sum|count)$', '', name)}`.*$", DOCUMENT, re.MULTILINE)
        assert all(f"`{label}`" in row for label in values if label != "le"), row


def test_the_services_that_are_expected_are_those_of_the_procfile_that_have_a_heartbeat() -> None:
    assert set(EXPECTED) == set(procfile.lines()) - {"redis", "fastapi_service"}
    assert gauges.PREFIX == f"{COMPOSE['name'].replace('-', '_')}_"


def test_prometheus_asks_the_exporter_where_compose_has_it_serve() -> None:
    config = yaml.safe_load((FOLDER / "prometheus.yml").read_text())
    (job,) = config["scrape_configs"]
    own = SERVICES["exporter"]["environment"]
    assert job["static_configs"] == [{"targets": [f"exporter:{own['METRICS_PORT']}"]}]
    assert own["METRICS_HOST"] == "0.0.0.0" and f":{own['METRICS_PORT']}/" in str(SERVICES["exporter"]["healthcheck"])
    assert f"job=\"{job['job_name']}\"" in RULES[0]["expr"]
    assert config["rule_files"] == [mounted("prometheus", "alerts.yml")]


def mounted(service: str, file: str) -> str:
    """Where a file of docker/monitoring is in a container; it cannot be written there."""
    (found,) = [v for v in SERVICES[service]["volumes"] if v.startswith(f"./docker/monitoring/{file}")]
    source, target, mode = found.split(":")
    assert (ROOT / source).exists() and mode == "ro"
    return str(target)


def test_grafana_finds_its_source_and_its_board() -> None:
    assert mounted("grafana", "grafana/provisioning") == "/etc/grafana/provisioning"
    provisioning = FOLDER / "grafana" / "provisioning"
    (source,) = yaml.safe_load((provisioning / "datasources" / "prometheus.yml").read_text())["datasources"]
    assert {panel["datasource"]["uid"] for panel in PANELS} == {source["uid"]}
    assert source["url"] == "http://prometheus:9090"
    (boards,) = yaml.safe_load((provisioning / "dashboards" / "boards.yml").read_text())["providers"]
    assert boards["options"]["path"] == mounted("grafana", "grafana/boards")


def test_the_exporter_is_in_the_listeners_image_and_has_nothing_of_its_log() -> None:
    exporter = SERVICES["exporter"]
    assert exporter["build"] == SERVICES["listener_service"]["build"]
    assert exporter["entrypoint"] == ["python", "-m", "listener_service.exporter"]
    assert exporter["user"] == "app" and not {"volumes", "cap_add"} & set(exporter)
    assert {setting.name for setting in env.declared(settings.Exporter)} == set(exporter["environment"])


def test_flower_is_built_with_the_listeners_celery_and_gets_its_settings() -> None:
    lines = (FOLDER / "requirements.txt").read_text().split()
    listeners = (ROOT / "listener_service" / "requirements.txt").read_text().split()
    assert set(lines) - set(listeners) == {line for line in lines if line.startswith("flower==")}
    text = (FOLDER / "Dockerfile").read_text()
    assert 'CMD ["python", "-m", "docker.monitoring.flower_page"]' in text and "USER app" in text
    for source in re.findall(r"^COPY (\S+) ", text, re.MULTILINE):
        assert (ROOT / source).exists(), source
    given = SERVICES["flower"]["environment"]
    assert set(given) == {setting.name for setting in env.declared(flower_page.Settings)} - {"FLOWER_PORT"}
    assert SERVICES["flower"]["build"]["dockerfile"] == "docker/monitoring/Dockerfile"


def test_settings_of_the_exporter_and_of_flower_are_in_the_example_at_their_defaults() -> None:
    example = dict(re.findall(r"^#([A-Z_]+)=(.*)$", (ROOT / ".env.example").read_text(), re.MULTILINE))
    for declared in (*env.declared(settings.Exporter), *env.declared(flower_page.Settings)):
        assert example[declared.name] == str(declared.default), declared.name


def test_monitoring_is_pinned_locked_and_seen_from_this_machine_alone() -> None:
    assert sorted(MONITORING) == ["exporter", "flower", "grafana", "prometheus"]
    for name in MONITORING:
        service = SERVICES[name]
        assert "build" in service or re.fullmatch(r"[\w./-]+:v?\d+\.\d+\.\d+", service["image"]), name
        assert all(re.fullmatch(r"127\.0\.0\.1:\$\{\w+:-\d+\}:\d+", port) for port in service.get("ports", [])), name
        assert "monitoring" in service["networks"], "what has no way out cannot be published"
        assert "build" in service or not service["user"].startswith(("root", "0"))
    assert "ports" not in SERVICES["exporter"]
    assert [name for name in MONITORING if "backend" in SERVICES[name]["networks"]] == ["exporter", "flower"]
    assert 'test -n "$$GF_SECURITY_ADMIN_PASSWORD" && exec' in SERVICES["grafana"]["entrypoint"][-1]
