"""The gateways of a deployment, one after the other: any of them goes on with any session."""

import ssl

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidHandshake, InvalidURI

from recorder_service.options import Options
from recorder_service.trust import trust


class Unreachable(Exception):
    """No connection, in words."""


class Gateways:
    def __init__(self, options: Options) -> None:
        self._options = options
        self._at = 0
        self._full: set[str] = set()
        self._trust: ssl.SSLContext | None = None
        if any(url.startswith("wss:") for url in options.urls):
            self._trust = trust(options.insecure)

    @property
    def url(self) -> str:
        return self._options.urls[self._at]

    def turn(self) -> None:
        """To the next one, after the last again to the first."""
        self._at = (self._at + 1) % len(self._options.urls)

    def all_refuse(self, refused: bool) -> bool:
        """Note whether the present one takes nobody now; whether that is so of every one, and it is
        no use to try the next one before the time."""
        if not refused:
            self._full.clear()
            return False
        self._full.add(self.url)
        return self._full >= set(self._options.urls)

    async def first(self) -> ClientConnection:
        """A connection to the first one that answers. Raises Unreachable with every reason."""
        reasons = []
        for _ in self._options.urls:
            try:
                return await self.connect()
            except Unreachable as error:
                reasons.append(str(error))
                self.turn()
        raise Unreachable("\n".join(reasons))

    async def connect(self) -> ClientConnection:
        """Raises Unreachable."""
        waits = self._options.waits
        try:
            # No pings of the library: it would cut a server that is behind and reads late. Ours are
            # messages of the protocol, and any message of the server answers them.
            return await connect(
                self.url,
                ssl=self._trust if self.url.startswith("wss:") else None,
                compression=None,
                max_size=2**22,
                ping_interval=None,
                open_timeout=waits.dead,
                close_timeout=min(2.0, waits.dead),
            )
        except ssl.SSLCertVerificationError as error:
            reason = f"its certificate is not trusted ({error.verify_message}); --insecure accepts it anyway"
        except (InvalidURI, InvalidHandshake, OSError, TimeoutError) as error:
            reason = str(error) or type(error).__name__
        raise Unreachable(f"Cannot connect to {self.url}: {reason}")
