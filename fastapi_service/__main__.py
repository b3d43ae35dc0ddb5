"""`python -m fastapi_service`: read the settings, take the port, serve."""

import gc
import os
import sys

from contracts import connect, env, logs
from fastapi_service.main import create_app
from fastapi_service.server import PortTaken, listen, server
from fastapi_service.settings import Settings


def main() -> int:
    """The exit status: 1 when a setting or the port cannot be used."""
    try:
        settings = env.read(Settings, os.environ)
        logs.setup("fastapi_service", settings.log_level)
        connect.refuse_cluster(settings.redis_url)
        app = create_app(settings)
        listener = listen(settings)
    except (env.SettingError, PortTaken) as error:
        sys.stderr.write(f"fastapi_service: {error}\n")
        return 1
    running = server(app, settings)
    gc.freeze()  # looking through all that is loaded takes 60 ms, in which no socket is served
    running.run(sockets=[listener])
    return 0 if running.started else 1


if __name__ == "__main__":
    sys.exit(main())
