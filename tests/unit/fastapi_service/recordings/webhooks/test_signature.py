import base64
import secrets
import time

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from contracts import env
from contracts.env import SettingError
from fastapi_service.recordings.webhooks import offer, signature
from fastapi_service.recordings.webhooks.target import Refused
from fastapi_service.settings import Settings, Webhooks

ONE, OTHER = (f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}" for _ in range(2))
BODY = '{"id":"evt-1","text":"정말"}'.encode()


def headers(text: str, at: int) -> dict[str, str]:
    signed = signature.read(text).sign("evt-1", at, BODY)
    return {"webhook-id": "evt-1", "webhook-timestamp": str(at), "webhook-signature": signed}


def test_verified_by_the_packages_of_the_specification() -> None:
    now = int(time.time())
    assert Webhook(ONE).verify(BODY, headers(ONE, now)) == {"id": "evt-1", "text": "정말"}
    for secret in (ONE, OTHER):
        Webhook(secret).verify(BODY, headers(f"{ONE}, {OTHER}", now))
    for secret, body, at in ((OTHER, BODY, now), (ONE, BODY + b" ", now), (ONE, BODY, now - 3600)):
        with pytest.raises(WebhookVerificationError):
            Webhook(secret).verify(body, headers(ONE, at))


def test_the_example_of_the_specification() -> None:
    secret, body = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", b'{"test": 2432232314}'
    signed = signature.read(secret).sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body)
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


SHORT, LONG = (f"whsec_{base64.b64encode(bytes(length)).decode()}" for length in (23, 65))


@pytest.mark.parametrize("text", ["secret", "whsec_not base64", "d2hzZWM=", SHORT, LONG])
def test_what_will_not_do_is_told_without_showing_it(text: str) -> None:
    with pytest.raises(SettingError, match="WEBHOOK_SECRET.*openssl rand") as refused:
        signature.read(text)
    assert text not in str(refused.value)


def test_no_secret_is_in_what_might_be_logged() -> None:
    settings = env.read(Settings, {"WEBHOOK_HOSTS": "a.example", "WEBHOOK_SECRET": ONE})
    assert settings.webhook_secret == ONE
    for thing in (settings, offer.read(settings), signature.read(ONE)):
        assert ONE not in repr(thing) and str(base64.b64decode(ONE[6:])) not in repr(thing)


def test_offered_with_hosts_and_a_secret() -> None:
    with pytest.raises(SettingError, match="WEBHOOK_SECRET.*is not"):
        offer.read(Webhooks("a.example", ""))
    with pytest.raises(Refused, match="not offered"):
        offer.read(Webhooks("", ONE)).target("no address at all")
    assert offer.read(Webhooks("a.example", ONE)).target("https://a.example/").port == 443
