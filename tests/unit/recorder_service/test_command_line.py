"""Options and addresses."""

import pytest

from recorder_service.__main__ import parse, socket_url


@pytest.mark.parametrize(
    ("address", "url"),
    [
        ("ws://localhost:8000/ws", "ws://localhost:8000/ws"),
        ("http://localhost:8000", "ws://localhost:8000/ws"),
        ("https://captions.example/", "wss://captions.example/ws"),
        ("localhost:8001", "ws://localhost:8001/ws"),
        ("wss://host/other", "wss://host/other"),
    ],
)
def test_the_page_address_does_as_well(address: str, url: str) -> None:
    assert socket_url(address) == url


def test_mic_needs_no_command() -> None:
    assert parse(["--mic"]).mic
    assert parse(["--url", "localhost:1", "--mic"]).url == ["ws://localhost:1/ws"]


def test_several_addresses_are_given_by_repeating_the_option_or_with_commas() -> None:
    chosen = parse(["stream", "a.wav", "--url", "a,wss://b", "--url", "http://c:1"])
    assert chosen.url == ["ws://a/ws", "wss://b/ws", "ws://c:1/ws"]


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["stream"],
        ["stream", "a.wav", "--mic"],
        ["stream", "a", "--task", "sing"],
        ["stream", "a", "--url", "ftp://b"],
        ["stream", "a", "--url", "b,"],
    ],
)
def test_options_that_will_not_do_are_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as refusal:
        parse(arguments)
    assert refusal.value.code == 2
    assert "usage:" in capsys.readouterr().err
