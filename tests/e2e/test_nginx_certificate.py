"""Which certificate the front door shows, and that it takes a new one while running."""

import socket
import ssl
import subprocess
from pathlib import Path

import httpx
import pytest

from tests import front_door
from tests.eventually import PATIENCE, eventually
from tests.front_door import FrontDoor, unverified

pytestmark = pytest.mark.skipif(bool(front_door.missing()), reason=str(front_door.missing()))

NOBODY = "127.0.0.1:1"
"""A gateway that never answers: the certificate is shown all the same."""


def shown(door: FrontDoor) -> str:
    """The certificate that a client gets, in PEM."""
    with socket.create_connection(("127.0.0.1", door.https_port), PATIENCE) as raw:
        with unverified().wrap_socket(raw, server_hostname="localhost") as tls:
            return ssl.DER_cert_to_PEM_cert(tls.getpeercert(binary_form=True) or b"").strip()


def described(pem: str) -> str:
    line = ["openssl", "x509", "-noout", "-subject", "-ext", "subjectAltName", "-enddate"]
    return subprocess.run(line, input=pem, capture_output=True, text=True, check=True).stdout


def make_certificate(folder: Path, name: str, days: int = 90) -> str:
    """What a certificate authority would have given for `name`; returns it in PEM."""
    folder.mkdir(parents=True, exist_ok=True)
    made = folder / "new.pem"
    line = ["openssl", "req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
    line += ["-days", str(days), "-subj", f"/CN={name}", "-keyout", str(folder / "privkey.pem"), "-out", str(made)]
    subprocess.run(line, capture_output=True, check=True)
    made.rename(folder / "fullchain.pem")
    return (folder / "fullchain.pem").read_text().strip()


def test_the_first_start_makes_a_selfsigned_one_and_the_second_keeps_it(tmp_path: Path) -> None:
    with FrontDoor(tmp_path, NOBODY, {"DOMAIN": "speech.example"}) as door:
        first = shown(door)
    assert all(name in described(first) for name in ("DNS:speech.example", "DNS:localhost", "IP Address:127.0.0.1"))
    assert (door.certs / "selfsigned-speech.example" / "privkey.pem").stat().st_mode & 0o077 == 0
    subprocess.run(["rm", "-r", str(door.run)], check=True)
    with FrontDoor(tmp_path, NOBODY, {"DOMAIN": "speech.example"}) as door:
        assert shown(door) == first


def test_an_address_as_domain_is_named_as_an_address(tmp_path: Path) -> None:
    with FrontDoor(tmp_path, NOBODY, {"DOMAIN": "203.0.113.7"}) as door:
        assert "IP Address:203.0.113.7" in described(shown(door))


def test_a_selfsigned_one_near_its_end_is_made_anew(tmp_path: Path) -> None:
    old = make_certificate(tmp_path / "certs" / "selfsigned-localhost", "localhost", days=20)
    with FrontDoor(tmp_path, NOBODY) as door:
        assert shown(door) != old


def test_a_key_that_does_not_fit_is_refused_in_words(tmp_path: Path) -> None:
    own = tmp_path / "certs" / "own"
    make_certificate(own, "speech.example")
    make_certificate(tmp_path / "other", "speech.example")
    (tmp_path / "other" / "privkey.pem").rename(own / "privkey.pem")
    with FrontDoor(tmp_path, NOBODY) as door:
        assert "O = self-signed" in described(shown(door))
        with door.watcher() as watcher:
            watcher.wait_for("privkey.pem is not the key of")


def test_a_real_one_is_taken_up_while_running_and_brings_hsts(tmp_path: Path) -> None:
    with FrontDoor(tmp_path, NOBODY, {"DOMAIN": "speech.example"}) as door, door.watcher() as watcher:
        assert "strict-transport-security" not in httpx.get(door.url, verify=unverified(), timeout=PATIENCE).headers
        real = make_certificate(door.certs / "letsencrypt" / "live" / "speech.example", "speech.example")
        watcher.wait_for("nginx reloaded")
        assert eventually(lambda: shown(door) == real)

        def hsts() -> str:
            """What the next one is told: for a moment it may still be one of the old nginx workers who answers."""
            headers = httpx.get(door.url, verify=unverified(), timeout=PATIENCE).headers
            return headers.get("strict-transport-security", "")

        assert eventually(lambda: "max-age=" in hsts())
