"""Composition root of the sweeper: `python -m listener_service.sweeper` until SIGTERM or SIGINT.

A process of its own, so that a full disk under the result log does not keep it from its work. Any
number may run, on any machine; one acts, another takes over when that one is gone.
"""

import os
import secrets
import signal
import sys
import threading

from celery import Celery

from contracts import connect, env, logs
from contracts.broker import celery_settings
from contracts.heartbeat import Pulse
from listener_service.again import Sender
from listener_service.overdue import Overdue
from listener_service.settings import Sweeper
from listener_service.sweep import Sweep
from listener_service.turns import Turns
from listener_service.underway import InRedis, Unseen

SERVICE = "sweeper"
HANGS = "the sweeper hangs: what is lost on the way is not sent again until it is restarted"


def main() -> int:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        settings = env.read(Sweeper, os.environ)
        connect.refuse_cluster(settings.redis_url)
    except env.SettingError as error:
        sys.exit(f"{SERVICE}: {error}")
    logs.setup(SERVICE, settings.log_level)
    client = connect.connect(settings.redis_url)
    pulse = Pulse(client, SERVICE, settings.heartbeat_file, [lambda: turns.watch()])
    turns = Turns(pulse.say, HANGS)

    def turned() -> None:
        if turns.come():
            pulse.say(state="ready", reason=None)

    celery = Celery(SERVICE, set_as_current=False)
    celery.conf.update(celery_settings(settings.redis_url, settings.broker_url))
    pulse.start()
    turns.come()
    pulse.say(state="ready")
    own = f"{pulse.worker}-{secrets.token_hex(4)}"  # each container has its own pid 7
    sight = Unseen() if settings.broker_url else InRedis(client)
    Sweep(client, Overdue(client, own), Sender(celery), sight, stop).run(turned)
    pulse.stop()
    celery.close()
    client.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
