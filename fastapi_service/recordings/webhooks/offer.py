"""PURE: what the settings say of webhooks: which are taken, and how they are signed."""

from dataclasses import dataclass

from contracts.env import SettingError
from fastapi_service.recordings.webhooks import hosts, signature, target
from fastapi_service.recordings.webhooks.hosts import NOT_OFFERED, Hosts
from fastapi_service.recordings.webhooks.signature import HOW, Secrets
from fastapi_service.recordings.webhooks.target import Refused, Target
from fastapi_service.settings import Webhooks


@dataclass(frozen=True)
class Offer:
    """Without hosts there are no webhooks."""

    hosts: Hosts = Hosts()
    secrets: Secrets = Secrets()

    def target(self, url: str) -> Target:
        """Raises Refused."""
        if not self.hosts.patterns:
            raise Refused(NOT_OFFERED)
        found = target.parse(url)
        self.hosts.check(found)
        return found


def read(settings: Webhooks) -> Offer:
    """Raises SettingError."""
    offer = Offer(hosts.read(settings.webhook_hosts), signature.read(settings.webhook_secret))
    if offer.hosts.patterns and not offer.secrets.values:
        raise SettingError(f"WEBHOOK_HOSTS is set and WEBHOOK_SECRET, which webhooks are signed with, is not: {HOW}")
    return offer
