"""The harness's own network: what it does to a connection is what it says."""

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from tests.eventually import PATIENCE, eventually
from tests.faults.links import Link, Links


class Echo:
    """Sends everything back; `connections` are its ends of what is open."""

    def __init__(self) -> None:
        self.connections: list[socket.socket] = []
        self.ended = 0
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()

    def _accept(self) -> None:
        try:
            while True:
                connection, _ = self._server.accept()
                self.connections.append(connection)
                threading.Thread(target=self._echo, args=(connection,), daemon=True).start()
        except OSError:
            return

    def _echo(self, connection: socket.socket) -> None:
        with connection:
            try:
                while data := connection.recv(100):
                    connection.sendall(data)
            except OSError:
                pass
        self.ended += 1


@pytest.fixture
def echo() -> Iterator[Echo]:
    echo = Echo()
    yield echo
    echo.close()


@pytest.fixture
def link(echo: Echo) -> Iterator[Link]:
    with Links() as links:
        yield links.to(echo.port)


def connect(link: Link) -> socket.socket:
    return socket.create_connection(("127.0.0.1", link.port), timeout=PATIENCE)


def test_it_passes_everything_and_the_end(link: Link, echo: Echo) -> None:
    with connect(link) as client:
        client.sendall(b"a" * 300_000)
        received = 0
        while received < 300_000:
            received += len(client.recv(65_536))
    eventually(lambda: echo.ended == 1)


def test_late_is_late_and_in_order(link: Link) -> None:
    with connect(link) as client:
        link.delay = 0.2
        began = time.monotonic()
        client.sendall(b"1")
        assert client.recv(1) == b"1"
        assert time.monotonic() - began >= 0.4  # a bound from below: it cannot fail on a slow machine
        client.sendall(b"2")
        link.delay = 0.0
        client.sendall(b"3")
        assert client.recv(1) + client.recv(1) == b"23"


def test_swallowed_is_half_open_and_new_connections_are_not(link: Link, echo: Echo) -> None:
    with connect(link) as old:
        old.sendall(b"1")
        assert old.recv(1) == b"1"
        link.swallow()
        old.sendall(b"2")
        with connect(link) as new:
            new.sendall(b"3")
            assert new.recv(1) == b"3"
        old.settimeout(0.1)
        with pytest.raises(TimeoutError):
            old.recv(1)
    eventually(lambda: echo.connections[1].fileno() < 0)  # the new one's end has come through
    assert echo.connections[0].fileno() >= 0


def test_a_dark_link_swallows_new_connections(link: Link) -> None:
    link.dark = True
    with connect(link) as client:
        client.sendall(b"1")
        client.settimeout(0.1)
        with pytest.raises(TimeoutError):
            client.recv(1)
    link.dark = False
    with connect(link) as client:
        client.sendall(b"2")
        assert client.recv(1) == b"2"


def test_reset_breaks_both_ends(link: Link, echo: Echo) -> None:
    with connect(link) as client:
        client.sendall(b"1")
        assert client.recv(1) == b"1"
        link.reset()
        try:
            assert client.recv(1) == b""
        except ConnectionError:
            pass
        eventually(lambda: echo.ended == 1)
