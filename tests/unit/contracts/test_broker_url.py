import pytest

from contracts import broker_url
from contracts.broker import celery_settings, in_redis
from contracts.env import SettingError, read
from stt_worker.settings import Settings

REDIS = "redis://h:6379/0"


@pytest.mark.parametrize(
    ("text", "prefix"), [("", None), ("sqs://", ""), ("sqs://live-", "live-"), ("sqs://a_B-1/", "a_B-1")]
)
def test_an_address_names_what_queues_begin_with(text: str, prefix: str | None) -> None:
    assert broker_url.prefix(text) == prefix


@pytest.mark.parametrize(
    "text",
    ["redis://h/0", "amqp://h", "sqs", "sqs:/", "sqs://key:secret@", "sqs://h:4566", "sqs://a/b", "sqs://a.b"]
    + ["sqs://" + 51 * "a", "sqs://ü", "sqs://a\n"],
)
def test_any_other_is_refused_with_what_would_do_and_without_secrets(text: str) -> None:
    with pytest.raises(SettingError, match=r"BROKER_URL=.*leave it empty.*sqs://PREFIX") as refused:
        read(Settings, {"BROKER_URL": text if text.strip() == text else text + "b"})
    assert "secret" not in str(refused.value)


def test_without_one_nothing_is_changed() -> None:
    assert celery_settings(REDIS, "") == celery_settings(REDIS)
    assert celery_settings(REDIS)["broker_url"] == REDIS and celery_settings(REDIS)["worker_send_task_events"] is True
    assert "worker_enable_remote_control" not in celery_settings(REDIS)
    assert in_redis(["a"], "") == ["a"]


def test_sqs_has_neither_events_nor_remote_control() -> None:
    settings = celery_settings(REDIS, "sqs://live-", 120)
    assert (settings["broker_url"], settings["broker_transport"]) == ("sqs://", "contracts.sqs:Transport")
    assert not settings["worker_send_task_events"] and not settings["task_send_sent_event"]
    assert settings["worker_enable_remote_control"] is False and settings["task_acks_late"] is True
    assert settings["broker_transport_options"]["queue_name_prefix"] == "live-"
    assert in_redis(["a"], "sqs://") == ()


@pytest.mark.parametrize(("longest", "out_of_sight"), [(60, 90), (900.5, 930.5), (10**6, 12 * 3600)])
def test_a_message_is_out_of_sight_for_longer_than_its_task_takes(longest: float, out_of_sight: float) -> None:
    options = celery_settings(REDIS, "sqs://", longest)["broker_transport_options"]
    assert options["visibility_timeout"] == out_of_sight
