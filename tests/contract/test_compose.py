"""compose, the Dockerfiles, nginx, the Procfile and the services' settings say the same things."""

import importlib
import json
import re
import shlex
from pathlib import Path

import pytest
import yaml

from contracts import env, names
from scripts import procfile
from scripts.procfile import ROOT
from tests.images import COMPOSE, SERVICES, dockerfile, instruction

GPU = yaml.safe_load((ROOT / "docker-compose.gpu.yml").read_text())
PROCESSES = procfile.lines()
OURS = [name for name in PROCESSES if name != "redis"]
BUILT = [name for name in OURS if (ROOT / name).is_dir()]
"""Services with a folder and a Dockerfile of their own."""
LODGERS = {
    "sweeper": ("listener_service", "listener_service.settings:Sweeper"),
    "recordings_worker": ("fastapi_service", "fastapi_service.recordings.settings:Settings"),
    "conductor": ("fastapi_service", "fastapi_service.recordings.settings:Conducting"),
}
"""Services that run in another one's image, and their settings."""
MONITORING = ("exporter", "prometheus", "grafana", "flower")
PROFILES = {"certbot": "letsencrypt", "minio": "minio", **dict.fromkeys(MONITORING, "monitoring")}
"""Services that start only when they are asked for."""
WORKERS = ["stt_worker", "analyzer_worker"]
BEATING = [*WORKERS, "listener_service", *LODGERS]
SET_BY_COMPOSE = {"REDIS_URL", "HOST", "PORT", "RESULT_LOG", "MODEL_DIR", "HEARTBEAT_FILE"}
"""Fixed inside the containers; a value in .env, which is for a start without them, must not count."""


def variables(text: str) -> dict[str, str]:
    """`${NAME:-default}` -> {NAME: default}."""
    return dict(re.findall(r"(?<!\$)\$\{(\w+):-([^}]*)\}", text))


def documented() -> dict[str, str]:
    """NAME -> value in .env.example, commented out or not."""
    text = (ROOT / ".env.example").read_text()
    return dict(re.findall(r"^#?\s*([A-Z][A-Z0-9_]+)=(.*)$", text, re.MULTILINE))


def test_every_process_of_the_procfile_is_a_service_and_nothing_else_but_nginx_and_what_is_asked_for() -> None:
    assert set(SERVICES) == set(PROCESSES) | {"nginx"} | set(PROFILES)
    profiles = {name: settings["profiles"] for name, settings in SERVICES.items() if "profiles" in settings}
    assert profiles == {name: [profile] for name, profile in PROFILES.items()}


@pytest.mark.parametrize("service", BUILT)
def test_an_image_runs_its_line_of_the_procfile(service: str) -> None:
    assert [json.loads(command) for command in instruction(service, "CMD")] == [shlex.split(PROCESSES[service])]
    assert not {"command", "entrypoint"} & set(SERVICES[service])


@pytest.mark.parametrize("service", LODGERS)
def test_a_lodger_runs_its_line_in_anothers_image(service: str) -> None:
    assert SERVICES[service]["build"] == SERVICES[LODGERS[service][0]]["build"]
    assert SERVICES[service]["entrypoint"] == shlex.split(PROCESSES[service]) and "command" not in SERVICES[service]


def test_the_sweeper_has_nothing_of_the_log() -> None:
    assert SERVICES["sweeper"]["user"] == "app" and not {"volumes", "cap_add"} & set(SERVICES["sweeper"])


def test_all_that_handle_recordings_share_them() -> None:
    for service in ("fastapi_service", "recordings_worker", "conductor"):
        assert SERVICES[service]["volumes"] == ["recordings:/recordings"]
        assert SERVICES[service]["environment"]["STORAGE_URL"] == "${STORAGE_URL:-/recordings}"


def test_minio_is_where_the_recordings_are_looked_for_and_takes_the_same_keys() -> None:
    minio, environment = SERVICES["minio"], SERVICES["conductor"]["environment"]
    assert variables(environment["AWS_ENDPOINT_URL_S3"]) == {"AWS_ENDPOINT_URL_S3": "http://minio:9000"}
    assert minio["environment"]["MINIO_ROOT_USER"] == environment["AWS_ACCESS_KEY_ID"]
    assert minio["environment"]["MINIO_ROOT_PASSWORD"] == environment["AWS_SECRET_ACCESS_KEY"]
    assert minio["networks"] == ["backend"] and re.search(r":RELEASE\.\S+Z$", minio["image"])
    assert (ROOT / "docker" / "minio.sh").is_file()


@pytest.mark.parametrize(
    ("service", "queues"),
    [
        ("stt_worker", [names.STT_QUEUE, names.STT_PARTIAL_QUEUE, names.STT_JOB_QUEUE]),
        ("analyzer_worker", [names.ANALYZER_QUEUE, names.ANALYZER_JOB_QUEUE]),
    ],
)
def test_workers_take_the_queues_of_the_contract(service: str, queues: list[str]) -> None:
    command = json.loads(instruction(service, "CMD")[0])
    assert f"--queues={','.join(queues)}" in command
    assert {"--pool=solo", "--concurrency=1"} <= set(command)


@pytest.mark.parametrize("service", [*BUILT, "nginx"])
def test_an_image_is_built_from_the_root_without_a_syntax_line(service: str) -> None:
    build = SERVICES[service]["build"]
    assert (build["context"], build["dockerfile"]) == (".", f"{service}/Dockerfile")
    assert not re.search(r"^#\s*syntax", (ROOT / service / "Dockerfile").read_text(), re.IGNORECASE | re.MULTILINE)


@pytest.mark.parametrize("service", BUILT)
def test_an_image_holds_requirements_before_code_and_only_its_own_code(service: str) -> None:
    steps = dockerfile(service)
    installed = max(n for n, (name, rest) in enumerate(steps) if name == "RUN" and "pip install" in rest)
    copied = [(n, rest.split()[0]) for n, (name, rest) in enumerate(steps) if name == "COPY"]
    assert [source for n, source in copied if n < installed] == [f"{service}/requirements.txt"]
    code = {source.rstrip("/") for n, source in copied if n > installed}
    assert {service, "contracts"} <= code <= {service, "contracts", "models", "docker", "web"}
    allowed = re.findall(r"^!(\S+)$", (ROOT / ".dockerignore").read_text(), re.MULTILINE)
    assert code <= set(allowed), "left out by .dockerignore"
    requirements = (ROOT / service / "requirements.txt").read_text()
    assert re.search(r"^kombu\[redis\]==", requirements, re.MULTILINE), "kombu alone lacks what its Redis part imports"


@pytest.mark.parametrize("service", WORKERS)
def test_torch_has_one_version(service: str) -> None:
    pinned = re.findall(r"^torch==(.+)$", (ROOT / service / "requirements.txt").read_text(), re.MULTILINE)
    args = dict(arg.split("=") for arg in instruction(service, "ARG"))
    assert [args["TORCH_VERSION"]] == pinned
    assert args["TORCH_INDEX_URL"] == '""'
    assert variables(SERVICES[service]["build"]["args"]["TORCH_VERSION"])["TORCH_VERSION"] == pinned[0]


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_is_watched_restarted_limited_and_has_no_name_of_its_own(service: str) -> None:
    settings = SERVICES[service]
    assert settings["restart"] == "unless-stopped"
    assert settings["healthcheck"]["test"]
    assert settings["init"] is True
    assert settings["read_only"] is True
    assert settings["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in settings["security_opt"]
    assert {"max-size", "max-file"} <= set(settings["logging"]["options"])
    assert "container_name" not in settings, "a second one could not be started"


@pytest.mark.parametrize("service", BEATING)
def test_what_has_no_port_is_healthy_by_its_heartbeat_file(service: str) -> None:
    settings = SERVICES[service]
    assert settings["healthcheck"]["test"] == ["CMD", "python", "-m", "docker.service_health"]
    folder = Path(settings["environment"]["HEARTBEAT_FILE"]).parent
    assert str(folder) in settings["tmpfs"], "the rest of the container cannot be written"


def test_only_nginx_is_published_and_redis_sits_where_nothing_gets_in_or_out() -> None:
    published = {name for name, settings in SERVICES.items() if "ports" in settings and name not in PROFILES}
    assert published == {"nginx"}
    for name in PROFILES:
        assert all(port.startswith("127.0.0.1:") for port in SERVICES[name].get("ports", [])), name
    assert SERVICES["nginx"]["ports"] == ["${HTTP_PORT:-80}:80", "${HTTPS_PORT:-443}:443"]
    assert SERVICES["redis"]["networks"] == ["backend"]
    assert COMPOSE["networks"]["backend"]["internal"] is True


def test_nothing_runs_as_root() -> None:
    for service in ("fastapi_service", *WORKERS, "nginx"):
        assert instruction(service, "USER")[-1] in ("app", "nginx"), service
    for service in ("redis", "certbot"):
        assert not SERVICES[service]["user"].startswith(("root", "0")), service
    assert json.loads(instruction("listener_service", "ENTRYPOINT")[0]) == ["/app/docker/log_owner.sh"]
    assert "exec setpriv --reuid" in (ROOT / "docker" / "log_owner.sh").read_text()
    # init stays root there: without KILL it may not hand SIGTERM on, and the container ends at once instead
    assert SERVICES["listener_service"]["cap_add"] == ["CHOWN", "SETUID", "SETGID", "KILL"]


def test_redis_keeps_what_it_is_given() -> None:
    command = SERVICES["redis"]["command"]
    given = dict(zip(command[1::2], command[2::2], strict=True))
    assert command[0] == "redis-server"
    assert (given["--appendonly"], given["--appendfsync"], given["--save"]) == ("yes", "everysec", "")
    assert given["--maxmemory-policy"] == "noeviction", "eviction would be silent loss"
    assert given["--maxmemory"]
    assert SERVICES["redis"]["volumes"] == ["redis-data:/data"]


def test_services_start_when_what_they_need_is_healthy() -> None:
    for service in OURS:
        assert SERVICES[service]["depends_on"] == {"redis": {"condition": "service_healthy"}}, service
    assert SERVICES["nginx"]["depends_on"] == {"fastapi_service": {"condition": "service_healthy"}}


def test_a_worker_is_given_time_to_finish_what_it_has() -> None:
    for service in WORKERS:
        assert int(SERVICES[service]["stop_grace_period"].removesuffix("s")) >= 60, service


@pytest.mark.parametrize("service", OURS)
def test_compose_hands_on_every_setting_of_a_service_with_the_services_default(service: str) -> None:
    name = LODGERS[service][1] if service in LODGERS else f"{service}.settings:Settings"
    module, _, class_name = name.partition(":")
    settings_class = getattr(importlib.import_module(module), class_name)
    declared = {setting.name: setting for setting in env.declared(settings_class)}
    environment: dict[str, str] = SERVICES[service]["environment"]
    assert set(declared) <= set(environment)
    for name in set(declared) - SET_BY_COMPOSE - {"DEMO_MODELS", "STORAGE_URL"}:
        assert environment[name] == f"${{{name}:-}}", "the default is the service's own"
    for name in set(declared) & SET_BY_COMPOSE:
        assert "$" not in environment[name]


def test_a_deployment_does_not_fall_back_to_demonstration_models_by_itself() -> None:
    for service in WORKERS:
        assert SERVICES[service]["environment"]["DEMO_MODELS"] == "${DEMO_MODELS:-never}"


def test_what_compose_asks_for_is_in_the_example() -> None:
    asked = variables((ROOT / "docker-compose.yml").read_text())
    assert set(asked) <= set(documented())


def test_the_gpu_file_changes_only_the_speech_worker() -> None:
    assert list(GPU["services"]) == ["stt_worker"]
    worker = GPU["services"]["stt_worker"]
    assert worker["environment"]["STT_DEVICE"] == "cuda"
    assert worker["deploy"]["resources"]["reservations"]["devices"][0]["capabilities"] == ["gpu"]


def test_the_nginx_template_asks_only_for_what_the_entrypoint_fills_in() -> None:
    nginx = ROOT / "nginx"
    asked = set(re.findall(r"\$\{(\w+)\}", (nginx / "templates" / "nginx.conf.template").read_text()))
    filled = set(re.findall(r"export (NGX_\w+)", (nginx / "entrypoint" / "10-settings.envsh").read_text()))
    fixed = set(re.findall(r"(NGX_\w+)=", (nginx / "Dockerfile").read_text()))
    assert asked <= filled | fixed
    assert set(re.findall(r"NGX_\w+", " ".join(SERVICES["nginx"]["environment"]))) <= filled


def test_everything_named_in_a_dockerfile_exists() -> None:
    for service in (*BUILT, "nginx"):
        for rest in instruction(service, "COPY"):
            source = [word for word in rest.split() if not word.startswith("--")][0]
            assert (ROOT / source).exists(), f"{service}: {source}"
    assert Path(ROOT / "nginx" / "certbot.sh").is_file()
