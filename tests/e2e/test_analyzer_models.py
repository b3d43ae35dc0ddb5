"""Models that are missing, damaged or of the wrong kind, and a hub that is away: one sentence each.

Loading is tested in this process, which imports the model library once; what a worker does about it
is tested with processes.
"""

import json
import shutil
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from analyzer_worker.models import ModelError, classifier
from analyzer_worker.models.choice import SHIPPED
from contracts import codec, keys
from contracts.messages import Heartbeat
from scripts import procfile
from tests.e2e.small_hub import small_hub
from tests.eventually import eventually
from tests.processes import Process, RedisServer, clean_environ

Start = Callable[..., Process]


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A copy of the shipped model to spoil."""
    return Path(shutil.copytree(SHIPPED, tmp_path / "model"))


@pytest.fixture
def start(redis_server: RedisServer, tmp_path: Path) -> Iterator[Start]:
    running: list[Process] = []

    def start_analyzer(**settings: str) -> Process:
        hub = {"HF_HOME": str(tmp_path / "hf"), "HF_HUB_OFFLINE": "0"}
        environ = clean_environ(**({"REDIS_URL": redis_server.url} | hub | settings))
        process = Process("analyzer_worker", procfile.lines()["analyzer_worker"], tmp_path, environ)
        process.start()
        running.append(process)
        return process

    yield start_analyzer
    for process in running:
        if process.running:
            process.terminate()


def configure(model: Path, **changes: Any) -> None:
    path = model / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def refusal(model: Path) -> str:
    with pytest.raises(ModelError) as caught:
        classifier.load(model, "m")
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_the_shipped_model_fits_its_window_and_no_more() -> None:
    model = classifier.load(SHIPPED, "m")
    word = "good "
    full = word * (model.window // model.length(word))
    assert model.length(full) <= model.window
    ((first, second),) = model.probabilities([full])
    assert first + second == pytest.approx(1, abs=1e-5)
    together = model.probabilities(["I love this.", "no", full])
    alone = [model.probabilities([text])[0] for text in ("I love this.", "no", full)]
    assert [row[0] for row in together] == pytest.approx([row[0] for row in alone], abs=1e-4)


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ("config.json", "has no config.json"),
        ("model.safetensors", "has no weights"),
        ("tokenizer.json", "no tokenizer"),
    ],
)
def test_a_file_is_missing(model: Path, file: str, words: str) -> None:
    (model / file).unlink()
    for name in ("vocab.txt", "vocab.json"):
        (model / name).unlink(missing_ok=True)
    assert words in refusal(model)


def test_the_config_is_damaged(model: Path) -> None:
    (model / "config.json").write_text('{"model_type": "distil')
    assert "its config.json cannot be loaded" in refusal(model)


def test_the_weights_are_cut_off(model: Path) -> None:
    weights = model / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[: weights.stat().st_size // 2])
    assert "its weights cannot be loaded" in refusal(model)


def test_the_weights_are_of_another_size(model: Path) -> None:
    configure(model, vocab_size=17)
    assert "its weights cannot be loaded" in refusal(model)


def test_the_tokenizer_is_damaged(model: Path) -> None:
    (model / "tokenizer.json").write_text("{}")
    assert "its tokenizer cannot be loaded" in refusal(model)


def test_a_model_of_another_kind_is_not_filled_up_with_random_numbers(model: Path) -> None:
    configure(model, architectures=["DistilBertForMaskedLM"])
    assert "is a DistilBertForMaskedLM; the analyzer needs a text-classification model" in refusal(model)


def test_weights_without_a_classifier_are_incomplete(model: Path) -> None:
    from safetensors.torch import load_file, save_file

    weights = model / "model.safetensors"
    kept = {name: tensor for name, tensor in load_file(weights).items() if not name.startswith("classifier")}
    save_file(kept, weights, metadata={"format": "pt"})
    assert "the weights are incomplete, without classifier.bias" in refusal(model)


def test_one_class_is_no_sentiment(model: Path) -> None:
    configure(model, id2label={"0": "score"}, label2id={"score": 0})
    assert "has 1 class" in refusal(model)


def failed(client: "redis.Redis") -> Heartbeat | None:
    beats = [codec.loads(client.get(key) or b"{}", Heartbeat) for key in client.keys(keys.heartbeat("*"))]
    return next((beat for beat in beats if beat.state == "failed"), None)


def test_a_worker_without_a_model_says_why_and_ends(model: Path, redis_server: RedisServer, start: Start) -> None:
    configure(model, id2label={"0": "ham", "1": "spam"}, label2id={"ham": 0, "spam": 1})
    worker = start(SENTIMENT_MODEL=str(model))
    assert worker.wait() == 1
    assert "no sentiment model" in worker.output and "Traceback" not in worker.output
    with redis.Redis.from_url(redis_server.url) as client:
        beat = eventually(lambda: failed(client))
        assert beat and "its classes ('ham', 'spam') cannot be read as positive and negative" in (beat.reason or "")


def test_what_no_library_should_raise_ends_it_too(redis_server: RedisServer, start: Start) -> None:
    """Celery would log it and consume without a model."""
    worker = start(SENTIMENT_MODEL="x" * 300)
    assert worker.wait() == 1
    with redis.Redis.from_url(redis_server.url) as client:
        beat = eventually(lambda: failed(client))
        assert beat and "the sentiment model cannot be loaded: OSError" in (beat.reason or "")


def test_a_hub_that_swallows_everything_does_not_hold_up_the_start(start: Start) -> None:
    with socket.socket() as hole:
        hole.bind(("127.0.0.1", 0))
        hole.listen()
        address = f"http://127.0.0.1:{hole.getsockname()[1]}"
        worker = start(SENTIMENT_MODEL="owner/model", DEMO_MODELS="auto", HF_ENDPOINT=address)
        output = worker.wait_for("sentiment model ready")
        assert "the small shipped model stands in" in output and f"the hub {address} does not answer" in output


def test_a_model_comes_from_the_hub_once(tmp_path: Path, start: Start) -> None:
    wanted = {"SENTIMENT_MODEL": "owner/model", "MODEL_DIR": str(tmp_path / "models")}
    with small_hub("owner/model", SHIPPED) as address:
        worker = start(HF_ENDPOINT=address, **wanted)
        output = worker.wait_for("sentiment model ready")
        assert "fetching the model" in output and "demo=False" in output
        worker.terminate()
        wrong = start(HF_ENDPOINT=address, **(wanted | {"SENTIMENT_MODEL": "owner/typo", "DEMO_MODELS": "auto"}))
        assert wrong.wait() == 1
        assert "SENTIMENT_MODEL=owner/typo: no such directory, and the hub knows no such model" in wrong.output
    before = len(wrong.output)
    start(HF_ENDPOINT=address, **wanted)
    eventually(lambda: "sentiment model ready model=owner/model" in worker.output[before:])


def test_a_wrong_setting_is_a_sentence(start: Start) -> None:
    for name, value, sentence in (
        ("SENTIMENT_LANGUAGES", "english", "use language codes with commas"),
        ("REDIS_URL", "localhost:6379", "use redis://"),
    ):
        worker = start(**{name: value})
        assert worker.wait() == 1
        assert f"{name}={value!r}: {sentence}" in worker.output
    assert "Traceback" not in worker.output
