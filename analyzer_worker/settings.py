"""Settings of the analyzer, read once in `app.py`."""

import re
from dataclasses import dataclass

from contracts.env import SettingError, setting

_LANGUAGE = re.compile(r"[a-z]{2,3}")


@dataclass(frozen=True)
class Settings:
    redis_url: str = setting(
        "REDIS_URL", "redis://localhost:6379/0", "The one Redis of the system.", schemes=("redis", "rediss", "sentinel")
    )
    broker_url: str = setting(
        "BROKER_URL",
        "",
        "Where the queues are: empty for that Redis, or sqs://PREFIX (docs/broker.md).",
        schemes=("sqs",),
    )
    log_level: str = setting(
        "LOG_LEVEL", "INFO", "How much to log.", choices=("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
    )
    sentiment_model: str = setting(
        "SENTIMENT_MODEL",
        "distilbert-base-uncased-finetuned-sst-2-english",
        "Text-classification model: a name on the Hugging Face hub, or a directory.",
    )
    sentiment_languages: str = setting(
        "SENTIMENT_LANGUAGES", "en", "Languages that SENTIMENT_MODEL knows, as codes with commas; * for all."
    )
    demo_models: str = setting(
        "DEMO_MODELS",
        "never",
        "When the small shipped models stand in: never, auto (model not here and no hub in reach), always.",
        choices=("never", "auto", "always"),
    )
    model_dir: str = setting("MODEL_DIR", "", "Where downloaded models are kept; empty: the library's own cache.")
    task_deadline_seconds: float = setting(
        "ANALYZER_DEADLINE_SECONDS",
        60.0,
        "A worker that has had one text for so long ends itself; another one gets it.",
        minimum=5,
    )
    heartbeat_file: str = setting("HEARTBEAT_FILE", "", "File renewed every 2 s for health checks; empty: none.")


def languages(text: str) -> frozenset[str] | None:
    """`"en, de"` -> {"en", "de"}; None for `*`, which stands for every language. Raises SettingError."""
    codes = [code.strip().lower() for code in text.split(",") if code.strip()]
    if codes == ["*"]:
        return None
    wrong = [code for code in codes if not _LANGUAGE.fullmatch(code)]
    if wrong or not codes:
        raise SettingError(f"SENTIMENT_LANGUAGES={text!r}: use language codes with commas, like en,de, or * for all")
    return frozenset(codes)
